"""No text makes a pattern try it in many ways: twice the text is about twice the work, whatever the text is."""

import importlib
import pkgutil
import re
import time

import pytest

import flora_core
from flora_core.study import IRIS
from flora_core.tables.columns.header_words import parse_header
from flora_core.tables.names.labels import read_label
from flora_core.tables.names.typed_names import read_name
from flora_core.tables.values.cells import read_cell
from flora_core.tables.values.dates import parse_date

#: What a pattern may find it can read in many ways, with something behind it that it can't read at all.
PIECES = [
    "1",
    "11.",
    "1,",
    " ",
    "1 ",
    "a",
    "aB",
    "a ",
    "A. ",
    "(",
    "( ",
    "()",
    "[a",
    "{ ",
    "-",
    "1-",
    "- ",
    "_",
    ".",
    "a.",
    "a-",
    "×",
    "x ",
    "a × ",
    '"',
    '""',
    '"a',
    '" ',
    ",",
    ", ",
    "a,",
    "\t",
    "0",
    "é",
    "Aé",
    "cf ",
    "cf. ",
    "sp. ",
    "+",
    "e1",
    "1e1",
    "<",
    "<script ",
    "](",
    "](a",
    "![",
    "/",
    "\n",
    "a\n",
    "=",
    "m",
    "ca. ",
    "~",
    "to",
    "1to1",
    "jan",
    "per",
    "f",
    "var. ",
    "*",
    "`",
    ":",
    "\\",
    "$",
    "|",
    "é\u0301",
    "\u200b",
]
ENDS = ["!", "1"]
#: Seconds below which a doubling can't be told from chance.
NOISE = 0.004


def patterns():
    found = {}
    for module in pkgutil.walk_packages(flora_core.__path__, "flora_core."):
        if "migrations" in module.name or module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for i, one in enumerate(value if isinstance(value, (tuple, list)) else (value,)):
                if isinstance(one, re.Pattern):
                    found[f"{module.name}.{name}.{i}"] = one
    return found


PATTERNS = patterns()


def seconds(work, *arguments) -> float:
    """Processor time, the least of three: other processes don't count."""
    times = []
    for _ in range(3):
        began = time.process_time()
        work(*arguments)
        times.append(time.process_time() - began)
        if times[-1] < NOISE:
            break
    return min(times)


def grows_fast(work, make) -> bool:
    """Whether twice the text is much more than twice the work, twice in a row."""
    if seconds(work, make(4096)) < NOISE:
        return False
    before, steps = None, 0
    for doubling in range(11, 14):
        now = seconds(work, make(1 << doubling))
        if before is not None and before > NOISE and now > 3.2 * before:
            steps += 1
            if steps == 2 or now > 5.0:
                return True
        before = now
    return False


def as_kind(pattern: re.Pattern, text: str):
    return text.encode("utf-8") if isinstance(pattern.pattern, bytes) else text


#: Patterns that search: a search begins at every letter, and the text they see is bounded where it comes in.
BOUNDED_BEFORE = {
    "flora_core.tables.columns.header_words._UNIT_IN_BRACKETS.0",
    "flora_core.tables.columns.header_words._UNITS_AT_THE_END.0",
    "flora_core.tables.columns.measurements._BRACKETS.0",
    "flora_core.tables.columns.measurements._FIGURE.0",
}


@pytest.mark.parametrize("name", sorted(PATTERNS.keys() - BOUNDED_BEFORE))
def test_no_pattern_reads_one_text_in_many_ways(name):
    pattern = PATTERNS[name]
    bad = [
        (piece, end)
        for piece in PIECES
        for end in ENDS
        if grows_fast(pattern.match, lambda n, p=piece, e=end: as_kind(pattern, (p * n)[:n] + e))
    ]
    assert not bad


READERS = {
    "cell": lambda text: read_cell(text, middle_of_ranges=True),
    "date": parse_date,
    "name": lambda text: read_name(text, IRIS),
    "label": read_label,
    "header": parse_header,
}


@pytest.mark.parametrize("reader", READERS)
def test_whatever_reads_a_text_is_bounded(reader):
    read = READERS[reader]
    slow = [
        (piece, end)
        for piece in PIECES
        for end in ENDS
        if seconds(lambda p=piece, e=end: read((p * 50_000)[:50_000] + e)) > 0.5
    ]
    assert not slow
