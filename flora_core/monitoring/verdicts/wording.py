"""How things are called and numbers written in the sentences of a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flora_core.monitoring.decision import Verdict

#: The verdict as people are told it, the same wherever it stands.
VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "green": "All is well",
    "amber": "Watch it",
    "red": "Look at it",
    "too few": "Too few to say",
}


def _plain(name: str, value: float) -> str:
    return f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Wording:
    """How things are called in the sentences.

    Attributes
    ----------
    plants : str
        What is compared, several of them: "plants", "flowers", "rows".
    which : str
        Which of them: "the last", "these".
    reference : str
        What they are compared with: "the training flora".
    written : callable
        (measurement, value) -> the value as people write it, with its unit: "5.1 cm".
    label : callable
        (measurement) -> as people say it: "petal length".
    species : tuple of str
        In the order of every count of species.
    model : bool
        Whether there is a model behind it, to be taught and trusted.
    """

    plants: str = "plants"
    which: str = "the last"
    reference: str = "the training flora"
    written: Callable[[str, float], str] = _plain
    label: Callable[[str], str] = str
    species: tuple[str, ...] = ()
    model: bool = True


def percent(share: float) -> str:
    """A share in whole percent, never rounded to 0 or 100 where it is neither: "95", "99.6", "0.4"."""
    whole = round(100.0 * share)
    if (whole == 100 and share < 1.0) or (whole == 0 and share > 0.0):
        fine = min(99.9, max(0.1, round(100.0 * share, 1)))
        return f"{fine:.1f}"
    return str(whole)


def interval_text(low: float, high: float) -> str:
    """An interval of shares in whole percent: "88-100"."""
    return f"{math.floor(100.0 * low + 1e-9)}-{math.ceil(100.0 * high - 1e-9)}"


def written_p(p: float | None, sign: bool = False) -> str:
    """A p value as papers write it: ".31", "< .001"; with a sign "= .31"."""
    if p is None:
        return "unknown"
    if p < 0.001:
        return "< .001"
    text = f"{p:.2f}" if p >= 0.1 else f"{p:.3f}"
    text = text.lstrip("0") if p < 0.995 else "1"
    return f"= {text}" if sign else text


def first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
