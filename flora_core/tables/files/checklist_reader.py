"""A file of accepted names and synonyms -> the part of it that matters to some genera.

Exports differ in their headers and agree in what they say: Darwin Core Taxon (a table, or an archive with its core file), the
World Flora Online (classification.csv) and the World Checklist of Vascular Plants (wcvp_names.csv, bars between its columns).
They may hold more than a million names, and are read a part at a time.

References
----------
Darwin Core text guide, https://dwc.tdwg.org/text/. Borsch, T. et al. (2020), World Flora Online, Taxon 69: 1311-1341.
Govaerts, R. et al. (2021), The World Checklist of Vascular Plants, Scientific Data 8: 215.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import BadTable, TooLarge
from flora_core.model import Bools
from flora_core.tables.columns.header_words import fold_accents
from flora_core.tables.files.reading import checksum, read_layout, read_parts
from flora_core.tables.layout import Layout
from flora_core.tables.names.checklist import Checklist, ChecklistName
from flora_core.tables.names.parsing import parse_label
from flora_core.tables.values.text import normalize_name

#: A list of so many names is kept whole; of a longer one, what belongs to the genera that are asked for.
_WHOLE: Final = 20_000
#: Names that are kept with a study at most.
MOST_NAMES: Final = 100_000
#: Bytes that an archive may unpack to.
_MOST_UNPACKED: Final = 4_000_000_000

#: Headers as exports write them, in small letters without signs; the first that is there counts.
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("taxonid", "plantnameid", "wfoid", "ipniid", "id"),
    "name": ("scientificname", "scientfiicname", "taxonname", "canonicalname", "name"),
    "author": (
        *("scientificnameauthorship", "scientfiicnameauthorship", "taxonauthors", "authorship", "authors", "author"),
    ),
    "accepted_id": ("acceptednameusageid", "acceptedplantnameid", "acceptedtaxonid", "acceptedid"),
    "accepted_name": ("acceptednameusage", "acceptedname", "acceptedtaxonname"),
    "status": ("taxonomicstatus", "taxonstatus", "status"),
}
_CORES: Final = re.compile(
    r"(?:^|/)(?:taxon|taxa|wcvp_taxon|wcvp_names|classification)\.(?:txt|csv|tsv)$", re.IGNORECASE
)
#: What says that a name was applied to another plant than its own: it is no synonym of that plant's name.
_MISAPPLIED: Final = re.compile(r"misappl", re.IGNORECASE)
_ACCEPTED: Final = frozenset({"accepted", "valid", "accepted name", "provisionally accepted", "artificial hybrid"})


def read_checklist(stream: BinaryIO, name: str, genera: Collection[str], *, gathers: bool = False) -> Checklist:
    """The names of a checklist's file that matter to some genera, with the names they lead to.

    Parameters
    ----------
    stream : binary file
        Can be sought.
    name : str
        The file's own name.
    genera : collection of str
        Of the plants that are named. A name of another genus is kept where it is a synonym of one of theirs, or accepted for
        one of theirs.
    gathers : bool
        Whether a plant called by a synonym is to count as one of the accepted name.

    Raises
    ------
    BadTable, TooLarge
        It is no checklist, or holds none of these genera, or too much; the message says what would be right.
    """
    sha256 = checksum(stream)
    stream.seek(0)
    with _core_file(stream, name) as (core, shown):
        layout = read_layout(core, shown)
        places = _places(layout, shown)
        names = tuple(_names(core, layout, places, frozenset(g.casefold() for g in genera if g)))
    if not names:
        raise BadTable(
            f"{shown} holds no name of {', '.join(sorted(genera)[:5]) or 'any genus'}. Is it the checklist of this group?"
        )
    if len(names) > MOST_NAMES:
        raise TooLarge(f"{len(names):,} names of {shown} belong to these genera; {MOST_NAMES:,} are kept at most.")
    return Checklist(PurePath(name.replace("\\", "/")).name, sha256, names, gathers)


@contextmanager
def _core_file(stream: BinaryIO, name: str) -> Iterator[tuple[BinaryIO, str]]:
    """The table itself: the stream, or the core file of an archive, unpacked."""
    head = stream.read(4)
    stream.seek(0)
    if head != b"PK\x03\x04":
        yield stream, name
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            core = next((one for one in archive.infolist() if _CORES.search(one.filename)), None)
            if core is None and "[Content_Types].xml" not in archive.namelist():
                raise BadTable(
                    f"{name} holds no taxon.txt, classification.csv or wcvp_names.csv. Unpack it and give the table of names."
                )
            if core is not None:
                if core.file_size > _MOST_UNPACKED:
                    raise TooLarge(f"{core.filename} in {name} unpacks to more than {_MOST_UNPACKED // 10**9} GB.")
                with tempfile.SpooledTemporaryFile(max_size=1 << 24) as unpacked, archive.open(core) as entry:
                    left = _MOST_UNPACKED
                    while block := entry.read(1 << 20):
                        left -= len(block)
                        if left < 0:
                            raise TooLarge(f"{core.filename} in {name} unpacks to more than it says.")
                        unpacked.write(block)
                    unpacked.seek(0)
                    yield unpacked, PurePath(core.filename).name  # type: ignore[misc]
                return
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise BadTable(f"{name} is an archive that can't be unpacked: {error}.") from None
    stream.seek(0)
    yield stream, name


def _places(layout: Layout, shown: str) -> dict[str, int]:
    letters = [
        re.sub(r"[^a-z]", "", fold_accents(header.rsplit(":", 1)[-1].rsplit("/", 1)[-1])) for header in layout.header
    ]
    found = {
        role: letters.index(header)
        for role, headers in _HEADERS.items()
        if (header := next((h for h in headers if h in letters), ""))
    }
    if "name" not in found or not ({"id", "accepted_id"} <= found.keys() or "accepted_name" in found):
        raise BadTable(
            f"{shown} is no checklist that can be read. It needs the columns taxonID, scientificName and acceptedNameUsageID "
            "(Darwin Core, World Flora Online), or plant_name_id, taxon_name and accepted_plant_name_id (World Checklist of "
            f"Vascular Plants), or scientificName and acceptedNameUsage. There are: {', '.join(layout.header)[:300]}."
        )
    return found


def _names(stream: BinaryIO, layout: Layout, places: Mapping[str, int], genera: frozenset[str]) -> list[ChecklistName]:
    total = sum(len(part) for part in read_parts(stream, layout))
    if total <= _WHOLE or not genera:
        wanted: list[dict[str, str]] = []
        for rows in _rows(stream, layout, places, None, frozenset(), frozenset()):
            wanted += rows
            if len(wanted) > MOST_NAMES:
                raise TooLarge(
                    f"The checklist holds more than {MOST_NAMES:,} names, and no genus was named to choose by."
                )
        return _entries(wanted)
    kept: dict[str, dict[str, str]] = {}
    for rows in _rows(stream, layout, places, genera, frozenset(), frozenset()):
        kept |= {row["id"] or f"row {len(kept)}": row for row in rows}
        if len(kept) > MOST_NAMES:
            raise TooLarge(f"More than {MOST_NAMES:,} names of the checklist belong to these genera.")
    # Once more, for the accepted names that lie in other genera, and for the synonyms that lie there.
    away = frozenset(row["accepted_id"] for row in kept.values() if row["accepted_id"]) - kept.keys()
    here = frozenset(i for i, row in kept.items() if row["accepted_id"] in ("", i))
    for rows in _rows(stream, layout, places, frozenset(), away, here | away):
        kept |= {row["id"]: row for row in rows if row["id"] not in kept}
    return _entries(list(kept.values()))


def _rows(
    stream: BinaryIO,
    layout: Layout,
    places: Mapping[str, int],
    genera: frozenset[str] | None,
    ids: frozenset[str],
    accepted_ids: frozenset[str],
) -> Iterator[list[dict[str, str]]]:
    """Of each part the rows of these genera (of all, where None), with one of these identifiers, or leading to one."""
    for part in read_parts(stream, layout):
        mask: Bools = np.ones(len(part), dtype=bool)
        if genera is not None:
            names = pc.utf8_lower(part.columns[places["name"]])
            first = pc.extract_regex(names, r"^\s*(?:×\s*|[x+]\s+)?(?P<genus>[^\s_]+)").field("genus")
            mask = _is_in(first, genera)
            for role, wanted in (("id", ids), ("accepted_id", accepted_ids)):
                if role in places and wanted:
                    mask = mask | _is_in(pc.utf8_trim_whitespace(part.columns[places[role]]), wanted)
        chosen = pa.array(np.flatnonzero(mask))
        columns = {role: part.columns[place].take(chosen).to_pylist() for role, place in places.items()}
        yield [
            {role: (columns[role][i] or "").strip() if role in columns else "" for role in _HEADERS}
            for i in range(len(chosen))
        ]


def _is_in(column: pa.Array, wanted: frozenset[str]) -> Bools:
    found = pc.fill_null(pc.is_in(column, pa.array(sorted(wanted), pa.string())), False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _entries(rows: list[dict[str, str]]) -> list[ChecklistName]:
    """The rows as names; a synonym that is tied by its accepted name's words alone is tied by that name's identifier."""
    parted = [_without_author(row["name"], row["author"]) for row in rows]
    ids = [row["id"] or f"name {i}" for i, row in enumerate(rows, 1)]
    by_name: dict[str, str] = {}
    for (name, _), i, row in zip(parted, ids, rows, strict=True):
        if row["status"].casefold() in _ACCEPTED or name not in by_name:
            by_name[name] = i
    found = []
    for (name, author), own, row in zip(parted, ids, rows, strict=True):
        if name and not _MISAPPLIED.search(row["status"]):
            found.append(ChecklistName(own, name, author, _leads_to(row, own, name, by_name)))
    return found


def _leads_to(row: dict[str, str], own: str, name: str, by_name: Mapping[str, str]) -> str:
    """The identifier of the accepted name: its own where nothing else is said and nothing left it undecided; or ""."""
    if row["accepted_id"]:
        return row["accepted_id"]
    if row["accepted_name"]:
        to, _ = _without_author(row["accepted_name"], "")
        return own if to == name else by_name.get(to, "")
    return own if not row["status"] or row["status"].casefold() in _ACCEPTED else ""


def _without_author(text: str, author: str) -> tuple[str, str]:
    """A scientific name and its author, whether the author stands behind the name, in a column of its own, or in both."""
    name = normalize_name(text)
    author = normalize_name(author)
    if author and name.endswith(f" {author}"):
        return name[: -len(author) - 1], author
    if author:
        return name, author
    parsed = parse_label(name)
    return parsed.name, parsed.author
