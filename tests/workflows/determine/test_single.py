import contextlib
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flora_core.determination import AnswerKind
from flora_core.errors import BadValues, Unknown
from flora_core.study import IRIS
from flora_core.workflows.determine import determine
from tests.builders import make_plants, make_study
from tests.workflows.determine.conftest import recorded


def test_a_plant_is_determined_by_identifier_or_catalogue_number(either):
    plant, other = recorded(either, "00042", "42")
    laid = determine(
        either, "iris", plant, "I. versicolor", by=" Asa  Gray ", date="3.VI.2024", level="3", remark="fresh"
    )
    assert laid.added
    (slip,) = laid.slips
    assert (slip.given.species, slip.by, slip.at, slip.level) == ("Iris versicolor", "Asa Gray", "2024-06-03", 3)
    assert (slip.remark, slip.verbatim, slip.entered_by) == ("fresh", "I. versicolor", "Asa  Gray")
    assert determine(either, "iris", "42", "Iris sp.", by="Ada").identifier == other
    assert determine(either, "iris", plant.upper(), "cf. virginica", by="Ada", entered_by="a key").identifier == plant
    assert [s.given.answer for s in either.determinations.of(plant)] == [AnswerKind.SPECIES, AnswerKind.CF]


def test_without_a_day_it_was_today_and_without_a_level_by_a_competent_person(either):
    (plant,) = recorded(either)
    with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC)):
        (slip,) = determine(either, "iris", plant, "Iris setosa", by="Ada").slips
    assert (slip.at, slip.level) == ("2026-06-15", 2)


def test_who_disagrees_lays_another_slip_beside_the_first(either):
    (plant,) = recorded(either)
    determine(either, "iris", plant, "Iris setosa", by="Ada")
    laid = determine(either, "iris", plant, "Iris virginica", by="Grace")
    assert [s.by for s in laid.slips] == ["Ada", "Grace"]


def test_the_same_person_name_and_day_twice_changes_nothing(either):
    (plant,) = recorded(either)
    assert determine(either, "iris", plant, "Iris setosa", by="Ada", date="2024").added
    again = determine(either, "iris", plant, "setosa", by="ada", date="2024")
    assert (again.added, again.outcome.unchanged, len(again.slips)) == (False, 1, 1)
    # Without a day it says the same tomorrow as it said today.
    assert not determine(either, "iris", plant, "Iris setosa L.", by="Ada").added
    assert determine(either, "iris", plant, "Iris setosa", by="Ada", date="2025").added


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plant": ""}, "No plant is named. Give the identifier of its record, or its catalogue number."),
        ({"plant": "k7f3q2mh4p-1"}, "'k7f3q2mh4p-1' is no plant of iris. Give the identifier of its record"),
        ({"plant": "43"}, "'43' is no plant of iris."),
        ({"plant": "twice"}, "2 records bear the catalogue number twice. Name one by its identifier: "),
        ({"name": ""}, "There is no name. Write a species, 'none of these', or the genus with 'sp.'."),
        (
            {"name": "Iris versicolour"},
            "'Iris versicolour' is not a species of this study. Did you mean Iris versicolor?",
        ),
        (
            {"by": " "},
            "Nobody is named. Give the person who determined; a determination without a person can't be asked",
        ),
        (
            {"by": "Flora Classification, iris v1"},
            "This is the program's own identification. A determination is a person's",
        ),
        ({"by": "42"}, "'42' is not a person's name."),
        ({"date": "2126-01-01"}, "The date 2126-01-01 lies in the future. Today is "),
        ({"date": "soon"}, "'soon' is not a date. Write it like 2026-06-03, 2026-06 or 2026."),
        ({"level": "5"}, "'5' is not a verification level. There are: 0 not checked by anybody; 1 compared"),
        ({"remark": "x" * 3000}, "The remark is too long. It may have 2,000 letters."),
        ({"name": "", "by": ""}, "There is no name."),
    ],
)
def test_what_can_t_be_used_is_said_and_nothing_is_added(context, changes, words):
    plant, *_ = recorded(context, "1", "twice", "twice")
    asked = {"plant": plant, "name": "Iris setosa", "by": "Ada", **changes}
    with pytest.raises(BadValues) as refused:
        determine(context, "iris", asked.pop("plant"), asked.pop("name"), **asked)
    assert words in refused.value.message
    assert len(refused.value.issues) == 1
    assert context.determinations.of(plant) == ()


def test_an_unknown_study_is_refused(context):
    with pytest.raises(Unknown, match="There is no study 'rosa'"):
        determine(context, "rosa", "1", "Rosa canina", by="Ada")


def test_an_identifier_tells_its_study_by_itself(context):
    (plant,) = recorded(context)
    context.studies.add(make_study(), make_plants(), "a test")
    laid = determine(context, "made_up", plant, "versicolor", by="Ada")
    assert laid.slips[0].given.species == "Iris versicolor"
    assert laid.outcome.notes == ["1 plant is of the study iris, not made_up."]


def test_another_species_is_kept_by_name_and_what_it_counts_as_is_said(context):
    laid = determine(context, "iris", recorded(context)[0], "Iris pseudacorus L.", by="Ada")
    assert laid.slips[0].given.species == "Iris pseudacorus"
    assert laid.outcome.notes == [
        "Iris pseudacorus is not a species of this study. It counts as “none of these” for the model."
    ]


def test_a_clock_that_went_back_is_said_and_both_slips_are_kept(context):
    (plant,) = recorded(context)
    with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC)):
        determine(context, "iris", plant, "Iris setosa", by="Ada")
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC)):
        laid = determine(context, "iris", plant, "Iris virginica", by="Ada")
    assert laid.added
    assert "has a determination of 2026-06-15, but this machine says that today is 2026-06-01" in laid.outcome.notes[0]
    assert len(laid.slips) == 2


def test_the_document_holds_counts_and_slips(context):
    document = determine(context, "iris", recorded(context)[0], "cf. setosa", by="Ada", date="2024").as_json()
    assert {"rows": 1, "added": 1, "unchanged": 0, "issues": []}.items() <= document.items()
    (slip,) = document["determinations"]
    assert (slip["name"], slip["answer"], slip["species"], slip["date"]) == ("Iris cf. setosa", "cf.", "", "2024")


@given(name=st.text(max_size=30), by=st.text(max_size=30), date=st.text(max_size=12), remark=st.text(max_size=30))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_is_laid_down_or_refused_with_a_sentence(either, name, by, date, remark):
    (plant,) = recorded(either)
    laid = None
    with contextlib.suppress(BadValues):
        laid = determine(either, "iris", plant, name, by=by, date=date, remark=remark)
    assert len(either.determinations.of(plant)) == (laid is not None)
    if laid is not None:
        assert laid.slips[0].given.name in ("", "Iris", *IRIS.species_names) or laid.outcome.notes
