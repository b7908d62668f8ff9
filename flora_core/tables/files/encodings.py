"""Which encoding a text file is in: UTF-8 and UTF-16 are proven, the code pages of old spreadsheet programs are guessed.

A code page can't be proven: every byte is some letter in each of them. The one is taken that makes words of the bytes, and a
note shows one of those words, so that a person sees at once whether it was the wrong one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import BinaryIO, Final

from flora_core.errors import BadTable
from flora_core.tables.columns.header_words import WORDS_OF_OTHER_SCRIPTS

#: Bytes read at once.
BLOCK: Final = 4 << 20
#: Bytes of lines with strange letters that are looked at.
_ENOUGH: Final = 20_000

_NAMES: Final = {
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp850": "code page 850 (DOS)",
    "mac_roman": "Mac Roman",
}
#: Errors handler that keeps a byte which is no letter of its code page as the character of its number, so that none is lost.
KEEP_BYTES: Final = "flora-keep-bytes"
codecs.register_error(
    KEEP_BYTES,
    lambda error: ("".join(map(chr, error.object[error.start : error.end])), error.end),  # type: ignore[attr-defined]
)


def find_encoding(stream: BinaryIO, shown: str) -> tuple[str, list[str]]:
    """The encoding's name, and what must be said of it; reads the file to its end where no mark proves it.

    Parameters
    ----------
    shown : str
        The file's name, for messages.

    Raises
    ------
    BadTable
        It is not text, or it begins as UTF-16 and does not go on so.
    """
    stream.seek(0)
    head = stream.read(4096)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        _must_decode(stream, "utf-32", shown)
        return "utf-32", ["The file is in UTF-32."]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _must_decode(stream, "utf-16", shown)
        return "utf-16", ["The file is in UTF-16."]
    # The second byte of a plain letter is zero in UTF-16.
    zeros = head[1::2].count(0), head[0::2].count(0)
    if len(head) > 3 and max(zeros) > len(head) // 4:
        name = "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
        _must_decode(stream, name, shown)
        return name, ["The file seems to be in UTF-16."]
    if _is_utf8(stream, shown):
        return ("utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"), []
    # A mark of UTF-8 does not keep the rest of a file from being something else.
    return _guessed(stream)


def _is_utf8(stream: BinaryIO, shown: str) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8 = True
    while block := stream.read(BLOCK):
        if b"\0" in block:
            raise BadTable(f"{shown} is not a text file. Tables are read from .csv, .tsv, .txt and .xlsx.")
        if utf8:
            try:
                if not block.isascii() or decoder.getstate()[0]:
                    decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return utf8


def _must_decode(stream: BinaryIO, name: str, shown: str) -> None:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while block := stream.read(BLOCK):
            if "\0" in decoder.decode(block):
                raise BadTable(f"{shown} is not a text file. Tables are read from .csv, .tsv, .txt and .xlsx.")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadTable(
            f"{shown} is damaged: it begins as {name[:6].upper()} and does not go on so. Save it again, as UTF-8."
        ) from None


def _guessed(stream: BinaryIO) -> tuple[str, list[str]]:
    stream.seek(0)
    strange = b""
    while (block := stream.read(BLOCK)) and len(strange) < _ENOUGH:
        strange += b"\n".join(line for line in re.split(rb"[\r\n]+", block) if not line.isascii()) + b"\n"
    strange = strange[: 10 * _ENOUGH].removeprefix(codecs.BOM_UTF8)
    chosen = _code_page(strange)
    example = _strange_word(strange, chosen)
    words = f", as in “{example}”" if example else ""
    return chosen, [
        f"The file is not in UTF-8; its letters were read as {_NAMES.get(chosen, chosen)}{words}. If that is wrong, save it as "
        "UTF-8."
    ]


def _code_page(strange: bytes) -> str:
    """The code page that makes words of the bytes; the earlier one where several do."""
    scores = {name: _wordlike(strange.decode(name, errors="replace")) for name in _NAMES}
    best = max(scores.values())
    if best < 0.5 or _is_another_script(strange):
        # Other scripts are what charset-normalizer does well; of Latin code pages it takes Windows-1250 for German,
        # Spanish and Portuguese words, and Windows-1252 for Polish ones.
        import charset_normalizer

        matches = charset_normalizer.from_bytes(strange)
        # Of few letters several scripts make words; where they name what is measured, that settles it.
        for found in matches:
            if sum(word in str(found).lower() for word in WORDS_OF_OTHER_SCRIPTS) >= 2:
                return found.encoding
        match = matches.best()
        if match is not None and _wordlike(str(match)) > min(best, 0.9):
            return match.encoding
    chosen = next(name for name, score in scores.items() if score >= best - 0.02)
    if chosen == "cp1252" and scores["cp1250"] >= best - 0.02 and _is_central_european(strange):
        return "cp1250"
    return chosen


_SIGNS: Final = frozenset("°µ×±–—…’‘“”„«»½¼¾²³§´¡¿ºª€£")


def _wordlike(text: str) -> float:
    """The share of strange characters that stand where they would in words and tables."""
    strange = [i for i, c in enumerate(text) if ord(c) > 127]
    if not strange:
        return 1.0
    good = 0
    for i in strange:
        c, before, after = text[i], text[i - 1 : i], text[i + 1 : i + 2]
        if c in _SIGNS or c.isspace():
            good += not (before.isalpha() and after.isalpha() and c not in "’")
        elif c.isupper():
            # In the middle of a word a capital stands among capitals.
            good += not (before.islower() or (before.isalpha() and after.islower()))
        else:
            good += (c.islower() and c != "ƒ") or unicodedata.category(c) == "Lo"
    return good / len(strange)


#: Bytes that are letters in both code pages, and what speaks for the one or the other: è or č, ø or ř, õ or ő by the letter
#: that follows; ³ ¹ ¿ within a word, š and ž, ě and ů for the central European one.
_CENTRAL: Final = re.compile(
    rb"(?<=[a-zA-Z\x80-\xff])[\xb3\xb9\xbf\xbe\x9c\x9f]|[\x9a\x9e\x8a\x8e\x9d\x8d\xec]|\xf9(?=[a-z])"
    rb"|[\xe8\xc8](?=[aeiou\xe1\xed\xec])|[\xf8\xd8](?=[aeiou\xe1\xed\xec])|\xf5(?!e)|\xfb(?=[a-z])"
)
_WESTERN: Final = re.compile(
    rb"[\xe0\xe5\xe3\xc5\xf1]|\xf5(?=e)|[\xe8\xc8](?![aeiou\xe1\xed\xec])|[\xf8\xd8](?![aeiou\xe1\xed\xec])"
)


def _is_central_european(strange: bytes) -> bool:
    return len(_CENTRAL.findall(strange)) > len(_WESTERN.findall(strange))


def _is_another_script(strange: bytes) -> bool:
    """Whether whole words are made of strange bytes, as those of Greek, Russian and Chinese are."""
    words = [word for word in re.findall(rb"[a-zA-Z\x80-\xff]{3,}", strange) if not word.isascii()]
    return bool(words) and sum(byte > 127 for word in words for byte in word) > 0.75 * sum(map(len, words))


def _strange_word(content: bytes, encoding: str) -> str:
    """A word that shows whether the guess was right."""
    for word in re.split(r"[\s,;|]+", content.decode(encoding, errors=KEEP_BYTES)):
        if not word.isascii() and 2 < len(word) < 30 and word.isprintable():
            return word.strip('"')
    return ""
