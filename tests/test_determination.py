import pytest

from flora_core.determination import AnswerKind, GivenName, true_answer
from flora_core.study import IRIS
from tests.builders import make_study

VERSICOLOR, VIRGINICA = "Iris versicolor", "Iris virginica"


@pytest.mark.parametrize(
    ("given", "written", "scientific", "rank", "qualifier", "species"),
    [
        (GivenName(AnswerKind.SPECIES, VERSICOLOR), VERSICOLOR, VERSICOLOR, "species", "", VERSICOLOR),
        (GivenName(AnswerKind.GENUS, "Iris"), "Iris sp.", "Iris", "genus", "", ""),
        (GivenName(AnswerKind.GENUS), "genus only", "", "", "", ""),
        (GivenName(AnswerKind.CF, VERSICOLOR), "Iris cf. versicolor", "Iris", "genus", "cf. versicolor", ""),
        (GivenName(AnswerKind.AFF, VERSICOLOR), "Iris aff. versicolor", "Iris", "genus", "aff. versicolor", ""),
        (GivenName(AnswerKind.CF, "Kama"), "cf. Kama", "", "", "cf. Kama", ""),
        (
            GivenName(AnswerKind.HYBRID, VERSICOLOR, VIRGINICA),
            "Iris versicolor × Iris virginica",
            "Iris versicolor × Iris virginica",
            "species",
            "",
            "",
        ),
        (GivenName(AnswerKind.HYBRID, "Iris ×robusta"), "Iris ×robusta", "Iris ×robusta", "species", "", ""),
        (GivenName(AnswerKind.NONE), "none of these", "", "", "", ""),
    ],
)
def test_a_given_name_is_written_as_slips_and_darwin_core_write_it(
    given, written, scientific, rank, qualifier, species
):
    assert (given.written, given.scientific_name, given.rank) == (written, scientific, rank)
    assert (given.qualifier, given.species) == (qualifier, species)


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (GivenName(AnswerKind.SPECIES, VERSICOLOR), VERSICOLOR),
        (GivenName(AnswerKind.SPECIES, "Iris pseudacorus"), "none of these"),
        (GivenName(AnswerKind.NONE), "none of these"),
        (GivenName(AnswerKind.GENUS, "Rosa"), "none of these"),
        (GivenName(AnswerKind.GENUS, "Iris"), ""),
        (GivenName(AnswerKind.GENUS), ""),
        (GivenName(AnswerKind.CF, VERSICOLOR), ""),
        (GivenName(AnswerKind.HYBRID, VERSICOLOR, VIRGINICA), ""),
    ],
)
def test_what_a_model_should_have_answered_is_told_only_by_an_answer_that_tells_it(given, answer):
    assert true_answer(given, IRIS) == answer


def test_another_genus_tells_nothing_where_the_study_names_no_genus():
    study = make_study().model_copy(
        update={"species": tuple(s.model_copy(update={"name": s.epithet}) for s in IRIS.species)}
    )
    assert true_answer(GivenName(AnswerKind.GENUS, "Rosa"), study) == ""
