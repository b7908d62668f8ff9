"""The languages that the pages speak: messages are their English sentences, catalogues (`de.po`, `es.po`) hold the others.

Only who looks at a page is spoken to in another language. Commands, the API, files and what is kept in the database stay
English, because programs and other people read them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

#: {code: what the language calls itself}; the first one is that of the messages.
LANGUAGES: Final = {"en": "English", "de": "Deutsch", "es": "Español"}

_ENTRY: Final = re.compile(r'^msgid ((?:"(?:[^"\\]|\\.)*"\s*)+)^msgstr ((?:"(?:[^"\\]|\\.)*"\s*)+)', re.MULTILINE)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
#: Signs within a number: those that part thousands, and the decimal sign.
_SIGN: Final = re.compile(r"(?<=\d)[.,](?=\d)")
_SWAPPED: Final = {".": ",", ",": "."}

_asked: Callable[[], str] = lambda: "en"  # noqa: E731


def speak_as_asked(language: Callable[[], str]) -> None:
    """From now on speak the language that this function tells for whoever is spoken to at the moment."""
    global _asked  # noqa: PLW0603  one server speaks to many, and each page knows its own visitor
    _asked = language


def spoken_language() -> str:
    """The code of the language that is spoken now; English where nobody asked for another."""
    asked = _asked()
    return asked if asked in LANGUAGES else "en"


def translate(message: str, /, **values: object) -> str:
    """The message in the language that is spoken now, with these values in the places of its names in braces.

    A message without a translation stays as it is: names and labels of a study are texts of its maker.
    """
    text = catalogue(spoken_language()).get(message, message)
    return text.format(**values) if values else text


def localised(number: str) -> str:
    """A number of the program's, as text, with the signs of the language: "1,046.5" is "1.046,5" in German."""
    if spoken_language() == "en":
        return number
    return _SIGN.sub(lambda sign: _SWAPPED[sign[0]], number)


@cache
def catalogue(language: str) -> dict[str, str]:
    """{message: its translation}; empty for the language of the messages themselves."""
    path = Path(__file__).with_name(f"{language}.po")
    if not path.exists():
        return {}
    pairs = _ENTRY.findall(path.read_text(encoding="utf-8"))
    return {_text(message): text for message, said in pairs if (text := _text(said)) and _text(message)}


def _text(quoted: str) -> str:
    return "".join(ast.literal_eval(part) for part in _QUOTED.findall(quoted))
