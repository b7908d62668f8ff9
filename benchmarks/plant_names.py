"""How often labels are read as GBIF's parser reads them: python -m benchmarks.plant_names FILE [--show]

FILE holds a name on each line, as the parser's own test data do (https://github.com/gbif/name-parser, occurrence-names.txt and
benchmark-data.txt are such files). Compared are the names of species and below that the parser reads to their end: genus,
epithets and cultivar, without ranks and authors.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nameparser

from flora_core.tables.names.labels import read_label

_RANKS = r"(?:subsp|ssp|sssp|subspecies|var|variety|subvar|f|fo|forma|convar|nothosubsp|nothovar|cv|agg)\.?"


def by_parser(text: str) -> tuple[str, ...] | None:
    """Genus, epithets and cultivar by GBIF's parser; None for what it reads as no species, or not to its end."""
    try:
        parsed = nameparser.parse(text, code="BOTANICAL")
    except nameparser.UnparsableNameError:
        return None
    if not isinstance(parsed, nameparser.ParsedName) or parsed.state != "COMPLETE" or not parsed.genus:
        return None
    if not parsed.specific_epithet or parsed.type not in ("SCIENTIFIC", "INFORMAL") or parsed.code == "ZOOLOGICAL":
        return None
    if parsed.type == "INFORMAL" or parsed.warnings:
        return None
    parts = (parsed.genus, parsed.specific_epithet, parsed.infraspecific_epithet, parsed.cultivar_epithet)
    return tuple(part.casefold() for part in parts if part)


def by_label(text: str) -> tuple[str, ...]:
    """The same by the reader of labels."""
    # A group, and a name that was applied to another plant, are kept apart on purpose; the parser has no place for that.
    name = re.sub(r" (?:Group|agg\.|(?:auct|sensu|sec)\b.*)$", "", read_label(text).name.replace("×", " "))
    cultivar = re.search(r"'([^']+(?:'\w[^']*)*)'$", name)
    plain = name[: cultivar.start()] if cultivar else name
    words = [word for word in plain.split() if not re.fullmatch(_RANKS, word)]
    # Of several ranks below the species the lowest counts, as in the parser.
    words = words[:2] + words[2:][-1:]
    return tuple(word.casefold() for word in [*words, *([cultivar[1]] if cultivar else [])])


def compare(lines: list[str]) -> tuple[int, list[tuple[str, tuple[str, ...], tuple[str, ...]]]]:
    """How many names were compared, and those that are read otherwise: (name, by the parser, by the reader of labels)."""
    compared, differ = 0, []
    for text in dict.fromkeys(line.strip() for line in lines if line.strip() and not line.startswith("#")):
        wanted = by_parser(text)
        if wanted is not None:
            compared += 1
            if by_label(text) != wanted:
                differ.append((text, wanted, by_label(text)))
    return compared, differ


def main(arguments: list[str]) -> None:
    """Print the figure, and with --show the names that differ."""
    files = [one for one in arguments if not one.startswith("--")]
    if not files:
        sys.exit(__doc__)
    lines = [line for file in files for line in Path(file).read_text(encoding="utf-8").splitlines()]
    compared, differ = compare(lines)
    if "--show" in arguments:
        for text, wanted, found in differ:
            print(f"{text}\n    parser {' '.join(wanted)}\n    labels {' '.join(found)}")
    share = 100 * (compared - len(differ)) / max(1, compared)
    print(f"{compared - len(differ):,} of {compared:,} names are read alike ({share:.1f} %)")


if __name__ == "__main__":
    main(sys.argv[1:])
