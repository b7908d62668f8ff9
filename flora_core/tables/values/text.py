"""One form of each text: the same letters are the same text, whichever of Unicode's ways they were typed in.

References
----------
Unicode Standard Annex #15, Unicode Normalization Forms; format characters are those of the general category Cf.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Marks that stand for an apostrophe or for quotes around a cultivar's name, as keyboards and word processors write them.
_QUOTES: Final = str.maketrans({"‘": "'", "’": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "′": "'"})


def normalize(text: str) -> str:
    """The text in composed form (NFC) without format characters: "u" and its dots become "ü", a soft hyphen goes."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")


def normalize_name(text: str) -> str:
    """A name in composed form, on one line, with one space between words and typewriter's apostrophes."""
    return re.sub(r"\s+", " ", normalize(text).translate(_QUOTES)).strip()


#: Signs of numbers as keyboards for Chinese and Japanese write them.
_WIDE: Final = str.maketrans({"\uff0e": ".", "\uff0c": ",", "\uff0d": "-", "\uff0b": "+", "\u3000": " "})


def normalize_number(text: str) -> str:
    """The text of a number with the digits of all scripts and widths as 0 to 9; fractions and powers stay signs."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c, c)) for c in normalize(text).translate(_WIDE))


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set: a list of words reads better as one."""
    return frozenset(text.split())
