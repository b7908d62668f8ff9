"""States as they are kept, read from what is typed, and gathered from a column."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from flora_core.errors import Refused
from flora_core.states import State, code_of, places_of
from flora_core.study import IRIS, Measurement, Study
from flora_core.tables.columns.state_columns import (
    StateChoices,
    StateColumn,
    is_counted,
    propose_states,
    state_character,
)
from flora_core.tables.columns.state_options import read_state_options
from flora_core.tables.values.limits import impossible, limits_text
from flora_core.tables.values.states import read_state, read_states, states_text


def colour(**changes: object) -> Measurement:
    states = tuple(State(label=text) for text in ("white", "pink", "red"))
    given = {
        "name": "colour",
        "label": "flower colour",
        "low": 0.0,
        "high": 2.0,
        "positive": False,
        "kind": "unordered",
    }
    return Measurement(**{**given, "states": states, **changes})  # type: ignore[arg-type]


def proposed(
    texts: list[str], header: str = "flower colour", species: list[int] | None = None, **said: object
) -> StateColumn | None:
    kinds = np.array(species if species is not None else [i % 3 for i in range(len(texts))])
    return propose_states(header, 0, pa.array(texts), kinds, StateChoices(**said))  # type: ignore[arg-type]


def labels(found: StateColumn | None) -> list[str]:
    assert found is not None
    return [state.label for state in found.states]


@pytest.mark.parametrize("places", [[0], [3], [0, 1], [0, 2, 47], list(range(48))])
def test_a_cell_holds_its_states(places: list[int]) -> None:
    assert list(places_of(code_of(places))) == places


def test_nothing_is_no_state() -> None:
    assert places_of(math.nan) == ()
    assert places_of(0.5) == ()


def test_a_kind_with_states_has_some_and_a_number_has_none() -> None:
    with pytest.raises(ValidationError):
        colour(states=())
    with pytest.raises(ValidationError):
        colour(kind="measured")


def test_a_study_of_before_reads_as_measured() -> None:
    old = IRIS.model_dump()
    for measurement in old["measurements"]:
        for name in ("kind", "states", "several", "inapplicable"):
            del measurement[name]
    assert Study.model_validate(old) == IRIS


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("white", (0,)),
        ("  Pink ", (1,)),
        ("weiß", (0,)),
        ("rouge", (2,)),
        ("белый", (0,)),
        ("white/pink", (0, 1)),
        ("white or pink", (0, 1)),
        ("weiß oder rosa", (0, 1)),
        ("white, pink & red", (0, 1, 2)),
        ("", ()),
        ("NA", ()),
        ("unknown", ()),
    ],
)
def test_states_are_read_as_they_are_typed(text: str, states: tuple[int, ...]) -> None:
    read = read_state(colour(), text)
    assert not read.problem
    assert places_of(read.code) == states


def test_an_unknown_state_offers_the_nearest() -> None:
    read = read_state(colour(), "whit")
    assert math.isnan(read.code)
    assert read.offers[0] == "white"
    assert "Did you mean white?" in read.suggestion
    assert "white, pink, red" in read_state(colour(), "ultraviolet").suggestion


def test_several_states_only_where_the_character_may_show_them() -> None:
    assert "several states" in read_state(colour(several=False), "white/pink").problem


def test_not_applicable_is_a_state_where_the_character_has_it() -> None:
    with_it = colour(inapplicable=True)
    assert read_state(with_it, "not applicable").code == 3.0
    assert with_it.written(3.0) == "not applicable"
    assert math.isnan(read_state(colour(), "not applicable").code)


def test_what_is_written_is_read_again() -> None:
    odd = colour(states=(State(label="red or white"), State(label="blue"), State(label="a/b")))
    for m in (colour(), odd):
        for places in ([0], [0, 1], [1, 2], [0, 1, 2]):
            assert read_state(m, states_text(m, code_of(places))).code == code_of(places)


def test_a_column_is_read_once_for_each_text() -> None:
    cells = read_states(colour(), pa.array(["white", None, "Rot", "purplish", "white/red"]))
    assert np.array_equal(cells.values, [0.0, math.nan, 2.0, math.nan, -5.0], equal_nan=True)
    assert list(cells.bad) == [3]


def test_words_with_few_states_are_a_character() -> None:
    found = proposed(["White", "white ", "weiss", "pink", "Pink", "red", "RED", "red", "pink"] * 3)
    assert found is not None
    assert found.kind == "unordered"
    assert set(labels(found)) == {"white", "pink", "red"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["0", "1"], ["absent", "present"]),
        (["+", "-"], ["absent", "present"]),
        (["yes", "no"], ["no", "yes"]),
        (["ja", "nein"], ["no", "yes"]),
        (["oui", "non"], ["no", "yes"]),
        (["present", "absent"], ["absent", "present"]),
        (["vorhanden", "fehlend"], ["absent", "present"]),
        (["true", "false"], ["no", "yes"]),
    ],
)
def test_what_is_there_or_not(texts: list[str], expected: list[str]) -> None:
    assert labels(proposed([texts[i % 2] if i % 3 else texts[0] for i in range(24)], "hairs")) == expected


def test_words_of_a_scale_are_in_order() -> None:
    found = proposed(["tomentose", "glabrous", "pubescent"] * 5, species=[0, 1, 2, 2, 1] * 3)
    assert found is not None
    assert found.kind == "ordered"
    assert labels(found) == ["glabrous", "pubescent", "tomentose"]
    assert labels(proposed(["many", "few", "none", "some"] * 5)) == ["none", "few", "some", "many"]


def test_two_states_at_once_are_two_states() -> None:
    found = proposed(["white", "pink", "white/pink", "white or pink", "red", "white", "pink", "red"] * 3)
    assert found is not None
    assert found.several == 6
    assert set(labels(found)) == {"white", "pink", "red"}


def test_states_are_merged_left_out_and_ordered_by_hand() -> None:
    texts = ["serrate", "serate", "entire", "lobed", "serrate", "entire", "odd one"] * 4
    assert set(labels(proposed(texts, merged={"serate": "serrate", "odd one": ""}))) == {"serrate", "entire", "lobed"}
    found = proposed(texts, merged={"serate": "serrate"}, order=("lobed", "entire", "serrate"))
    assert found is not None
    assert found.kind == "ordered"
    assert labels(found)[:2] == ["lobed", "entire"]


@pytest.mark.parametrize("header", ["notes", "Collector", "locality", "family", "date", "specimen no", "population"])
def test_notes_people_and_places_are_no_characters(header: str) -> None:
    assert proposed(["a b", "c d", "e f"] * 8, header) is None


def test_another_name_of_the_species_is_left_out() -> None:
    found = proposed(["flag", "iris", "lily"] * 8, "common word")
    assert found is not None
    assert found.fault == "code"


def test_none_is_a_state_where_it_is_one() -> None:
    assert set(labels(proposed(["none", "almond", "foul", "none"] * 6, "odour"))) == {"none", "almond", "foul"}
    assert set(labels(proposed(["None", "almond", "foul", "foul"] * 6, "odour"))) == {"almond", "foul"}


def test_texts_that_hardly_repeat_are_no_states() -> None:
    assert proposed([f"plant number {i}" for i in range(40)], "remark on it") is None
    with pytest.raises(Refused, match="states; a character has 48"):
        proposed([f"state {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(60)] * 2, kind="unordered")


def test_a_column_becomes_a_character_that_reads_its_own_cells() -> None:
    texts = ["White", "weiss", "pink", "rosa", "red/white", "not applicable"] * 5
    found = proposed(texts, species=[0, 1, 1, 0, 1, 0] * 5)
    assert found is not None
    m = state_character(found, "colour", "colour", StateChoices(hints={"white": "as snow"}))
    assert m.inapplicable
    assert next(s for s in m.states if s.label.lower() == "white").how == "as snow"
    assert not read_states(m, pa.array(texts)).bad


@pytest.mark.parametrize(
    ("header", "values", "counted"),
    [
        ("number of petals", [5, 5, 6, np.nan], True),
        ("petals", [5, 5, 6, 8], True),
        ("petal length", [5, 5, 6, 8], False),
        ("number of petals", [5.5, 5, 6], False),
        ("pixel count", [28395, 30477, 61022], False),
    ],
)
def test_counts_are_whole_and_small_and_called_so(header: str, values: list[float], counted: bool) -> None:
    assert is_counted(header, "", np.array(values, dtype=np.float64)) is counted


def test_a_count_is_whole() -> None:
    petals = Measurement(name="petals", label="petals", low=3.0, high=9.0, positive=False, kind="counted", decimals=0)
    assert "whole number" in impossible(petals, 5.5)[1]
    assert impossible(petals, 5.0) == ("", "")


def test_limits_of_states_are_the_states() -> None:
    assert limits_text(colour()) == "white, pink, red"
    assert limits_text(colour(kind="ordered")) == "white < pink < red"


def test_options_of_a_command() -> None:
    said = read_state_options(
        ["hairs=ordered"], ["hairs=few<many"], ["hairs: lots=many", "hairs: ?="], ["hairs: few=< 3"]
    )
    assert said["hairs"] == StateChoices("ordered", {"lots": "many", "?": ""}, ("few", "many"), {"few": "< 3"})
    for wrong in (["hairs"], ["hairs=woolly"]):
        with pytest.raises(Refused):
            read_state_options(wrong, [], [], [])
    with pytest.raises(Refused, match="two states at least"):
        read_state_options([], ["hairs=few"], [], [])
