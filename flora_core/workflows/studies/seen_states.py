"""The columns of a labelled table that hold states: found, and said in words."""

from __future__ import annotations

from collections.abc import Sequence

from flora_core.model import Ints
from flora_core.tables.columns.matching import column_index
from flora_core.tables.columns.roles import is_own
from flora_core.tables.columns.state_columns import StateChoices, StateColumn, propose_states
from flora_core.tables.layout import RowChunk
from flora_core.wording import listed
from flora_core.workflows.studies.choices import Choices


def find_states(
    header: Sequence[str], part: RowChunk, species: Ints, taken: set[int], choices: Choices
) -> tuple[StateColumn, ...]:
    """The columns that hold characters with states, as was said or as guessed.

    Parameters
    ----------
    species : (n,) int
        The species of each row; -1 where it has none.
    taken : set of int
        Columns that are something else.

    Raises
    ------
    Refused, Unknown
        A column that was spoken of is not there, or has more states than a character can have.
    """
    said = {column_index(header, column): one for column, one in choices.states.items()}
    asked = {column_index(header, column) for column in choices.measurements}
    found = []
    for j, name in enumerate(header):
        if not name or is_own(name) or j in taken or (asked and j not in asked):
            continue
        # A unit that was given says that it is a number.
        if choices.measurements.get(name) or choices.units.get(name):
            continue
        one = propose_states(name, j, part.columns[j], species, said.get(j, StateChoices()), asked=j in asked)
        if one is not None:
            found.append(one)
    return tuple(found)


def said_of_states(header: Sequence[str], columns: Sequence[StateColumn], places: Sequence[int]) -> list[str]:
    """Notes on the characters that were made of states, and on columns that were not."""
    notes = []
    for one in columns:
        name = header[one.column]
        if one.column not in places:
            notes += [f"Left out: {one.because}."] if one.because else []
            continue
        labels = [state.label for state in one.states]
        between = " < " if one.kind == "ordered" else ", "
        order = " in this order" if one.kind == "ordered" else ""
        shown = between.join(labels[:12]) + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
        notes.append(f"'{name}' is read as {len(labels)} states{order}: {shown}.")
        respelled = [state for state in one.states if len(state.spellings) > 1]
        if respelled:
            some = [f"{listed([repr(s) for s in state.spellings[:4]])} are {state.label}" for state in respelled[:3]]
            notes.append(f"In '{name}' {'; '.join(some)}.")
        if one.several:
            notes.append(f"{one.several:,} cells of '{name}' name several states at once, like white/pink.")
        notes += [
            f"In '{name}', '{rarer}' may be '{commoner}'; merge them if it is." for rarer, commoner in one.alike[:4]
        ]
    return notes
