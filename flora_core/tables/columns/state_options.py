"""What a command's options say of characters with states -> the choices for each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, get_args

from flora_core.errors import Refused
from flora_core.ontology import ontology_term
from flora_core.states import CharacterKind
from flora_core.tables.columns.state_columns import StateChoices

_KINDS: Final[tuple[CharacterKind, ...]] = get_args(CharacterKind)


def read_state_options(
    kinds: Sequence[str], orders: Sequence[str], states: Sequence[str], hints: Sequence[str], terms: Sequence[str] = ()
) -> dict[str, StateChoices]:
    """{column: what was said of it}.

    Parameters
    ----------
    kinds, orders, states, hints, terms : sequence of str
        "COLUMN=KIND", "COLUMN=a<b<c", "COLUMN: A=B", "COLUMN: STATE=HOW" and "COLUMN[: STATE]=TERM", as they were typed.

    Raises
    ------
    Refused
        One of them is not written so; the message shows how.
    """
    found: dict[str, StateChoices] = {}

    def of(column: str) -> StateChoices:
        return found.setdefault(column, StateChoices())

    for text in kinds:
        column, kind = _parted(text, "--kind", "COLUMN=KIND", "=")
        if kind not in _KINDS:
            raise Refused(f"--kind can't be '{kind[:40]}'; it is {', '.join(_KINDS[:-1])} or {_KINDS[-1]}.")
        found[column] = replace(of(column), kind=next(k for k in _KINDS if k == kind))
    for text in orders:
        column, order = _parted(text, "--order", "COLUMN=a<b<c", "=")
        labels = tuple(label.strip() for label in order.split("<") if label.strip())
        if len(labels) < 2:
            raise Refused(f"'{text[:80]}' orders nothing; write two states at least: --order 'COLUMN=a<b<c'.")
        found[column] = replace(of(column), order=labels)
    for text in states:
        column, pair = _parted(text, "--state", "COLUMN: A=B", ":")
        state, counts_as = _parted(pair, "--state", "COLUMN: A=B", "=", empty=True)
        found[column] = replace(of(column), merged={**of(column).merged, state: counts_as})
    for text in hints:
        column, pair = _parted(text, "--hint", "COLUMN: STATE=HOW", ":")
        state, how = _parted(pair, "--hint", "COLUMN: STATE=HOW", "=")
        found[column] = replace(of(column), hints={**of(column).hints, state: how})
    for text in terms:
        where, term = _parted(text, "--term", "COLUMN[: STATE]=TO:0000499", "=")
        if not ontology_term(term):
            raise Refused(
                f"'{term[:40]}' is no term of an ontology; write letters, a colon and seven digits: "
                f"--term '{where[:40]}=TO:0000499'."
            )
        column, _, state = where.partition(":")
        known = of(column.strip())
        found[column.strip()] = replace(known, terms={**known.terms, state.strip(): ontology_term(term)})
    return found


def _parted(text: str, option: str, form: str, sign: str, *, empty: bool = False) -> tuple[str, str]:
    left, found, right = text.partition(sign)
    if not found or not left.strip() or not (right.strip() or empty):
        raise Refused(f"'{text[:80]}' can't be read; write {option} '{form}'.")
    return left.strip(), right.strip()
