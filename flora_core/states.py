"""Characters that are seen, not measured: their states, and how one cell of an array holds them.

Arrays of plants stay arrays of floats. A cell of a character with states holds the state's place among the character's
states (0.0 for the first), NaN where nothing is known, and, where a plant shows several states at once ("white or pink"), the
negative sum of two to the power of each place: -3.0 for the first two.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flora_core.ontology import TERM_PATTERN

#: What a character is: a number with a unit, a whole number, or states without and with an order.
CharacterKind = Literal["measured", "counted", "unordered", "ordered"]
#: States of one character at most; a sum of powers of two stays exact in a float far beyond.
MOST_STATES: Final = 48
#: How the state of a character is called that can't be told of this plant: the colour of petals that are not there.
NOT_APPLICABLE: Final = "not applicable"


class State(BaseModel):
    """One state of a character.

    Attributes
    ----------
    label : str
        As people say it: "serrate".
    synonyms : tuple of str
        Other words for it, as they were met in tables: "serrated", "gesägt".
    how : str
        How to recognise it, in one sentence; "" where that is not said.
    picture : str
        A small picture of it as a data address (PNG, JPEG or WebP); "" for none.
    term : str
        Ontology term, "PATO:0000323", or "".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    synonyms: tuple[Annotated[str, StringConstraints(max_length=80)], ...] = ()
    how: Annotated[str, StringConstraints(max_length=300)] = ""
    picture: Annotated[
        str, StringConstraints(max_length=200_000, pattern=r"^$|^data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$")
    ] = ""
    term: Annotated[str, StringConstraints(pattern=TERM_PATTERN)] = ""


States = Annotated[tuple[State, ...], Field(max_length=MOST_STATES)]


def code_of(places: Iterable[int]) -> float:
    """The cell of a plant that shows the states at these places.

    Parameters
    ----------
    places : iterable of int
        At least one.
    """
    held = sorted(set(places))
    return float(held[0]) if len(held) == 1 else -float(sum(1 << place for place in held))


@lru_cache(maxsize=4096)
def places_of(code: float) -> tuple[int, ...]:
    """The places of the states that a cell holds; empty for NaN and for what is no cell of states."""
    if code != code or code != int(code):
        return ()
    if code >= 0:
        return (int(code),)
    mask = int(-code)
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)
