"""`COLUMN=NAME` as people write it on the command line and in addresses."""

from __future__ import annotations

from collections.abc import Iterable

from flora_core.errors import Refused


def read_assignments(
    given: Iterable[str] | None, option: str, shape: str, *, first_sign: bool = False, empty: bool = False
) -> dict[str, str]:
    """The two sides of each `LEFT=RIGHT`, without the blanks around them, in the order given.

    Parameters
    ----------
    given : iterable of str or None
    option : str
        How the option is called, for the message; "" for plain arguments.
    shape : str
        What would be right: "COLUMN=NAME; write for example 'petal l.=petal_length'".
    first_sign : bool
        Divide at the first equals sign; otherwise at the last, because a column's name may contain one.
    empty : bool
        Whether the right side may be empty.

    Raises
    ------
    Refused
        A text without an equals sign or a side, or a left side given twice.
    """
    pairs: dict[str, str] = {}
    for text in given or ():
        left, sign, right = text.partition("=") if first_sign else text.rpartition("=")
        name, value = left.strip(), right.strip()
        if not sign or not name or not (value or empty):
            raise Refused(f"{option} '{text[:100]}' is not {shape}.".lstrip())
        if name in pairs:
            raise Refused(f"{f'{option}: ' if option else ''}{name[:100]} is given twice; give it once.")
        pairs[name] = value
    return pairs
