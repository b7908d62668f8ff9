"""What somebody typed for a character with states -> the state, several of them, nothing, or what is wrong and what is near."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from flora_core.model import Floats
from flora_core.states import NOT_APPLICABLE, code_of, places_of
from flora_core.study import Measurement
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.state_words import english_state, state_key, words_for

#: Signs and words between states that a plant shows at once.
_BETWEEN: Final = re.compile(
    r"\s*[/|;,&]\s*|\s+(?:or|and|to|oder|und|bis|ou|et|o|y|e|lub|i|nebo|a|of|en|eller|och|или|и)\s+", re.IGNORECASE
)
#: Characters of a cell that are looked at; no description of a state is longer.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class ReadState:
    """What a text comes to.

    Attributes
    ----------
    code : float
        As arrays hold it (`flora_core.states`); NaN where nothing is known or the text can't be used.
    problem, suggestion : str
        Why it can't be used and what would be right; "" where it can.
    offers : tuple of str
        The states that are nearest to it, likeliest first.
    """

    code: float = math.nan
    problem: str = ""
    suggestion: str = ""
    offers: tuple[str, ...] = ()


def split_states(text: str) -> list[str]:
    """The states of a text that names several: "white/pink", "white or pink"; the text itself where it names one."""
    return [part for part in (one.strip() for one in _BETWEEN.split(text)) if part]


@lru_cache(maxsize=512)
def _places(measurement: Measurement) -> dict[str, int]:
    """Every word that stands for a state of this character, and the state's place."""
    found: dict[str, int] = {}
    for place, state in enumerate(measurement.states):
        for word in (state.label, *state.synonyms):
            found.setdefault(state_key(word), place)
    for place, state in enumerate(measurement.states):
        for word in (state.label, *state.synonyms):
            for other in words_for(word):
                found.setdefault(state_key(other), place)
    if measurement.inapplicable:
        for word in (NOT_APPLICABLE, *words_for(NOT_APPLICABLE)):
            found.setdefault(state_key(word), len(measurement.states))
    return found


@lru_cache(maxsize=65_536)
def read_state(measurement: Measurement, text: str) -> ReadState:
    """What a person typed for a character with states. Never raises.

    Parameters
    ----------
    measurement : Measurement
        Of kind "unordered" or "ordered".
    """
    # A program sends 1 as 1.0.
    written = re.sub(r"^(\d{1,2})\.0$", r"\1", text.strip())
    places = _places(measurement)
    place = places.get(state_key(written)) if written else None
    if place is not None:
        return ReadState(code_of([place]))
    if written.lower() in MISSING or english_state(written) in ("unknown", NOT_APPLICABLE):
        return ReadState()
    shown = written if len(written) <= 40 else f"{written[:39]}…"
    if len(written) > _LONGEST:
        return ReadState(
            problem=f"{measurement.label} '{shown}' is too long for a state", suggestion=_there_are(measurement)
        )
    parts = [part.strip() for part in written.split("|") if part.strip()]
    if len(parts) < 2 or any(state_key(part) not in places for part in parts):
        parts = split_states(written)
    held = [places.get(state_key(part)) for part in parts]
    known = [one for one in held if one is not None]
    if len(parts) > 1 and len(known) == len(parts):
        if len(set(known)) > 1 and not measurement.several:
            return ReadState(
                problem=f"{measurement.label} '{shown}' names several states, and a plant has one of them",
                suggestion=_there_are(measurement),
                offers=tuple(measurement.state_labels[one] for one in known),
            )
        return ReadState(code_of(known))
    unknown = next((part for part, one in zip(parts, held, strict=True) if one is None), written)
    near = difflib.get_close_matches(state_key(unknown), list(places), n=3, cutoff=0.6)
    labels = measurement.state_labels
    offers = tuple(dict.fromkeys(labels[places[key]] for key in near))
    question = f"Did you mean {offers[0]}? " if offers else ""
    what = f"{measurement.label} '{shown}'" if len(parts) < 2 else f"{measurement.label} '{shown}': '{unknown[:40]}'"
    return ReadState(
        problem=f"{what} is not a state that is known here",
        suggestion=f"{question}{_there_are(measurement)}",
        offers=offers,
    )


def states_text(measurement: Measurement, code: float) -> str:
    """The text that is read as this cell: "white or pink"; with a sign between labels that hold such words themselves."""
    text = measurement.written(code)
    return text if read_state(measurement, text).code == code else text_with_signs(measurement, code)


def text_with_signs(measurement: Measurement, code: float) -> str:
    """The states of a cell with "|" between them."""
    return " | ".join(measurement.state_labels[place] for place in places_of(code))


def _there_are(measurement: Measurement) -> str:
    labels = measurement.state_labels
    more = f" and {len(labels) - 12} more" if len(labels) > 12 else ""
    return f"There are: {', '.join(labels[:12])}{more}."


@dataclass(frozen=True, slots=True, eq=False)
class StateCells:
    """The states of a column.

    Attributes
    ----------
    values : (n,) float
    bad : dict of int to ReadState
        The cells that can't be used.
    """

    values: Floats
    bad: dict[int, ReadState]


def read_states(measurement: Measurement, column: pa.StringArray) -> StateCells:
    """The states of a column of cells; each different text is read once."""
    coded = column.fill_null("").dictionary_encode()
    read = [read_state(measurement, text) for text in coded.dictionary.to_pylist()]
    places = coded.indices.to_numpy(zero_copy_only=False)
    codes = np.array([one.code for one in read], dtype=np.float64)
    wrong = np.array([bool(one.problem) for one in read], dtype=bool)
    values = codes[places] if len(codes) else np.empty(0)
    bad = {int(i): read[places[i]] for i in np.flatnonzero(wrong[places])} if len(codes) else {}
    return StateCells(values, bad)
