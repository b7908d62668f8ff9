import pytest

from flora_core.determination import Answer, GivenName, true_answer
from flora_core.study import IRIS
from tests.builders import make_study

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
        (GivenName(Answer.HYBRID, "Iris ×robusta"), "Iris ×robusta", "Iris ×robusta", "species", "", ""),
        (GivenName(Answer.NONE), "none of these", "", "", "", ""),
    ],
)  # fmt: skip
def test_a_given_name_is_written_as_slips_and_darwin_core_write_it(
    given, written, scientific, rank, qualifier, species
):
    assert (given.written, given.scientific_name, given.rank) == (written, scientific, rank)
    assert (given.qualifier, given.species) == (qualifier, species)


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (GivenName(Answer.SPECIES, VERSICOLOR), VERSICOLOR),
        (GivenName(Answer.SPECIES, "Iris pseudacorus"), "none of these"),
        (GivenName(Answer.NONE), "none of these"),
        (GivenName(Answer.GENUS, "Rosa"), "none of these"),
        (GivenName(Answer.GENUS, "Iris"), ""),
        (GivenName(Answer.GENUS), ""),
        (GivenName(Answer.CF, VERSICOLOR), ""),
        (GivenName(Answer.HYBRID, VERSICOLOR, VIRGINICA), ""),
    ],
)
def test_what_a_model_should_have_answered_is_told_only_by_an_answer_that_tells_it(given, answer):
    assert true_answer(given, IRIS) == answer


def test_another_genus_tells_nothing_where_the_study_names_no_genus():
    study = make_study().model_copy(
        update={"species": tuple(s.model_copy(update={"name": s.epithet}) for s in IRIS.species)}
    )
    assert true_answer(GivenName(Answer.GENUS, "Rosa"), study) == ""
