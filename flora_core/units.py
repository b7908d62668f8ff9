"""Units in which plants are measured, and the factors between them.

A table of a dozen units and not a units library: botanists' tables need lengths and areas, and the import of a full
library costs more than everything else on the Identify page (docs/decisions/0003-dependencies.md).
"""

from __future__ import annotations

import re
from typing import Final

from flora_core.errors import Unknown

#: Metres (or square metres) in one unit. A unit that is in neither table converts to nothing but itself.
LENGTHS: Final = {"µm": 1e-6, "mm": 1e-3, "cm": 1e-2, "dm": 1e-1, "m": 1.0, "in": 0.0254}
AREAS: Final = {"mm²": 1e-6, "cm²": 1e-4, "dm²": 1e-2, "m²": 1.0}

_SPELLINGS: Final = {
    "µm": "um μm micron microns micrometer micrometre micrometers micrometres",
    "mm": "millimeter millimetre millimeters millimetres millimètre millimètres milímetro milímetros",
    "cm": "centimeter centimetre centimeters centimetres zentimeter centimètre centimètres centímetro centímetros",
    "dm": "decimeter decimetre decimeters decimetres dezimeter",
    "m": "meter metre meters metres",
    "in": "inch inches zoll",
    "mm²": "mm2 mm^2 sqmm",
    "cm²": "cm2 cm^2 sqcm",
    "dm²": "dm2 dm^2",
    "m²": "m2 m^2",
    "px": "pixel pixels",
    "°": "deg degree degrees",
    "%": "percent",
    "g": "gram grams",
    "mg": "milligram milligrams",
}
_UNIT_OF_SPELLING: Final = {
    spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in (unit, *spellings.split())
}

#: Characters of the longest text that is looked at for a unit.
_LONGEST: Final = 40


def parse_unit(text: str) -> str:
    """The unit that a person wrote, in our spelling ("millimetres" -> "mm"); "" stands for no unit.

    Raises
    ------
    Unknown
        The text is no unit; the message lists those there are.
    """
    # Micro is written with two different letters: the micro sign and the Greek mu.
    if len(text) > _LONGEST:
        raise Unknown(f"'{text[:_LONGEST]}…' is not a unit that is known here. There are: {', '.join(_SPELLINGS)}.")
    cleaned = re.sub(r"[\s.()\[\]]", "", text).lower().replace("μ", "µ")
    if not cleaned or cleaned in {"-", "1", "none", "dimensionless"}:
        return ""
    try:
        return _UNIT_OF_SPELLING[cleaned]
    except KeyError:
        raise Unknown(f"'{text}' is not a unit that is known here. There are: {', '.join(_SPELLINGS)}.") from None


def factor(source: str, target: str) -> float:
    """How many of `target` are in one `source`: `factor("mm", "cm")` is 0.1.

    Raises
    ------
    Unknown
        The two do not measure the same thing (mm and px).
    """
    if source == target:
        return 1.0
    for table in (LENGTHS, AREAS):
        if source in table and target in table:
            ratio = table[source] / table[target]
            # Powers of ten are meant exactly: 1e-3 / 1e-2 is 0.1, not 0.09999999999999999.
            return float(f"{ratio:.12g}")
    raise Unknown(f"{source or 'a value without unit'} can't be converted to {target or 'a value without unit'}.")


def convertible(unit: str) -> tuple[str, ...]:
    """The units a value in `unit` can be converted to, itself included."""
    for table in (LENGTHS, AREAS):
        if unit in table:
            return tuple(table)
    return (unit,)
