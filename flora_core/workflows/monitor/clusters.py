"""The sites, collectors or files that plants come from: how alike theirs are, and what that leaves of a window's number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.monitoring.statistics.clusters import Clustering, clustering_of, design_effect
from flora_core.monitoring.verdicts.wording import Wording
from flora_core.storage.records.samples import Sample
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

#: So few places can hardly show anything but themselves.
FEW: Final = 2


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the plants of a window come from.

    Attributes
    ----------
    kind : {"site", "collector", "file", ""}
        What most of them say; "" where they say nothing.
    name : str
        Of the largest.
    sizes : tuple of float
        Plants of each.
    """

    kind: str = ""
    name: str = ""
    sizes: tuple[float, ...] = ()


def origins_of(sample: Sample, plants: int) -> Origins:
    """Where plants come from, by the first of site, collector and file that most of a sample say."""
    for kind, labels in (("site", sample.sites), ("collector", sample.collectors), ("file", sample.sources)):
        said = np.array([label for label in labels if label], dtype=object)
        if len(said) and 2 * len(said) > len(labels):
            names, counts = np.unique(said.astype(str), return_counts=True)
            scale = plants / len(labels)
            alone = [1.0] * round(scale * (len(labels) - len(said)))
            sizes = tuple([float(scale * n) for n in counts] + alone)
            return Origins(kind, str(names[int(counts.argmax())]), sizes)
    return Origins()


#: Kept: a training table never changes.
_REFERENCES: Final[dict[tuple[object, ...], Clustering | None]] = {}


@use_case(UseCase.READ_MONITOR)
def reference_clustering(context: AppContext, study: str, sha256: str) -> Clustering | None:
    """How alike the training plants of one group are; None where the table names no groups, or too few to tell.

    Parameters
    ----------
    sha256 : str
        Of the table the version learned from.
    """
    key = (context.database.description, study, sha256)
    if key not in _REFERENCES:
        while len(_REFERENCES) >= 64:
            _REFERENCES.pop(next(iter(_REFERENCES)))
        plants = context.studies.plants(context.studies.get(study))
        groups = plants.groups
        _REFERENCES[key] = None if groups is None else clustering_of(plants.values, plants.species, groups)
    return _REFERENCES[key]


def clusters_sentence(origins: Origins, known: Clustering | None, alarmed: bool, wording: Wording) -> str:
    """What it means for the verdict that plants come in groups; "" where it means nothing."""
    if not origins.sizes:
        return ""
    plants, groups = round(sum(origins.sizes)), len(origins.sizes)
    of = f"{groups:,} {origins.kind}{'s' if groups != 1 else ''}"
    if known is not None:
        left = plants / design_effect(origins.sizes, known.correlation)
        if left > 0.9 * plants:
            return ""
        alone = " One alone can hardly show anything." if groups == 1 else ""
        return (
            f"They come from {of}, and {wording.plants} of one {origins.kind} resemble each other (intraclass correlation "
            f"{known.correlation:.2f}): these {plants:,} count as {max(1, round(left)):,}.{alone}"
        )
    if alarmed and groups <= FEW:
        return (
            f"They come from {of} only: {wording.plants} of one {origins.kind} resemble each other, and the training table "
            "does not say which of its own belong together, so that the change may be no more than that."
        )
    return ""
