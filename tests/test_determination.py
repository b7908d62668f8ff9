import pytest

from flora_core.determination import Answer, GivenName

VERSICOLOR, VIRGINICA = "Iris versicolor", "Iris virginica"


@pytest.mark.parametrize(
    ("given", "written", "scientific", "rank", "qualifier", "species"),
    [
        (GivenName(Answer.SPECIES, VERSICOLOR), VERSICOLOR, VERSICOLOR, "species", "", VERSICOLOR),
        (GivenName(Answer.GENUS, "Iris"), "Iris sp.", "Iris", "genus", "", ""),
        (GivenName(Answer.GENUS), "genus only", "", "", "", ""),
        (GivenName(Answer.CF, VERSICOLOR), "Iris cf. versicolor", "Iris", "genus", "cf. versicolor", ""),
        (GivenName(Answer.AFF, VERSICOLOR), "Iris aff. versicolor", "Iris", "genus", "aff. versicolor", ""),
        (GivenName(Answer.CF, "Kama"), "cf. Kama", "", "", "cf. Kama", ""),
        (
            GivenName(Answer.HYBRID, VERSICOLOR, VIRGINICA),
            "Iris versicolor × Iris virginica", "Iris versicolor × Iris virginica", "species", "", "",
        ),
        (GivenName(Answer.NONE), "none of these", "", "", "", ""),
    ],
)  # fmt: skip
def test_a_given_name_is_written_as_slips_and_darwin_core_write_it(
    given, written, scientific, rank, qualifier, species
):
    assert (given.written, given.scientific_name, given.rank) == (written, scientific, rank)
    assert (given.qualifier, given.species) == (qualifier, species)
