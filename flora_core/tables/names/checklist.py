"""A checklist: names with the names that its editors accept for them, so that synonyms are seen as what they are.

References
----------
Darwin Core, class Taxon (taxonID, acceptedNameUsage, acceptedNameUsageID, taxonomicStatus): https://dwc.tdwg.org/terms/#taxon
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from flora_core.tables.names.parsing import are_different_authors
from flora_core.tables.values.text import normalize_name

#: How often a name may lead to another before it is given up: a checklist can lead in a circle.
_STEPS: Final = 5


@dataclass(frozen=True, slots=True)
class ChecklistName:
    """One name of a checklist.

    Attributes
    ----------
    taxon_id : str
        As the checklist numbers its names.
    name, author : str
        "Iris versicolor", "L.".
    accepted_id : str
        The `taxon_id` of the accepted name: its own where the name is accepted; "" where that was never decided.
    """

    taxon_id: str
    name: str
    author: str
    accepted_id: str

    @property
    def full_name(self) -> str:
        """The name with its author."""
        return f"{self.name} {self.author}".strip()


@dataclass(frozen=True)
class Checklist:
    """The names of a checklist that matter to a study.

    Attributes
    ----------
    source : str
        The file they were read from.
    sha256 : str
        Of that file.
    names : tuple of ChecklistName
    gathers : bool
        Whether a plant called by a synonym counts as one of the accepted name.
    """

    source: str
    sha256: str
    names: tuple[ChecklistName, ...] = field(repr=False)
    gathers: bool = False

    def find(self, name: str, author: str = "") -> ChecklistName | None:
        """The entry of a name; None where there is none, or several that disagree about the accepted name.

        Parameters
        ----------
        name : str
            Without author, in any case.
        author : str
            As written behind it; tells homonyms apart.
        """
        found = self._by_name.get(_key(name), ())
        if author:
            found = tuple(one for one in found if not are_different_authors(one.author, author))
        accepted = [one for one in found if one.accepted_id == one.taxon_id]
        if accepted:
            return accepted[0]
        leads = {None if (to := self.accepted(one)) is None else to.taxon_id for one in found}
        return found[0] if len(leads) == 1 else None

    def accepted(self, one: ChecklistName) -> ChecklistName | None:
        """The accepted name of an entry, itself where it is accepted; None where the checklist does not say."""
        for _ in range(_STEPS):
            if one.accepted_id == one.taxon_id:
                return one
            later = self._by_id.get(one.accepted_id)
            if later is None:
                return None
            one = later
        return None

    def accepted_name(self, name: str, author: str = "") -> ChecklistName | None:
        """The accepted name where the given one is a synonym of another; None where it is accepted, unknown or undecided."""
        one = self.find(name, author)
        to = None if one is None else self.accepted(one)
        return None if to is None or _key(to.name) == _key(name) else to

    def counts_as(self, name: str, species: Iterable[str], author: str = "") -> str:
        """The name under which a plant of this name counts among some species: the one of them that is the same taxon.

        Where none of them is, the accepted name; the name itself where the checklist says nothing of it.
        """
        species = tuple(species)
        one = None if name in species else self.find(name, author)
        to = None if one is None else self.accepted(one)
        if to is None or to.name in species:
            return name if to is None else to.name
        same = (s for s in species if (other := self.accepted_name(s)) is not None and other.taxon_id == to.taxon_id)
        return next(same, to.name)

    def terms(self, name: str) -> dict[str, str]:
        """The terms of Darwin Core by which an archive ties a name to the checklist; "" where it does not hold the name."""
        one = self.find(name) if name else None
        to = None if one is None else self.accepted(one)
        return {
            "taxonID": "" if one is None else one.taxon_id,
            "acceptedNameUsage": "" if to is None else to.full_name,
            "acceptedNameUsageID": "" if to is None else to.taxon_id,
        }

    @cached_property
    def _by_name(self) -> dict[str, tuple[ChecklistName, ...]]:
        found: dict[str, tuple[ChecklistName, ...]] = {}
        for one in self.names:
            found[_key(one.name)] = (*found.get(_key(one.name), ()), one)
        return found

    @cached_property
    def _by_id(self) -> dict[str, ChecklistName]:
        return {one.taxon_id: one for one in self.names}


def _key(name: str) -> str:
    return normalize_name(name).casefold().replace("× ", "×").replace(" x ", " ×")


def pack_names(names: Iterable[ChecklistName]) -> bytes:
    """Names as they are kept: compressed JSON, a list of [taxon_id, name, author, accepted_id]."""
    rows = [[one.taxon_id, one.name, one.author, one.accepted_id] for one in names]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack_names(content: bytes) -> tuple[ChecklistName, ...]:
    """The names that were packed."""
    return tuple(ChecklistName(*row) for row in json.loads(zlib.decompress(content)))
