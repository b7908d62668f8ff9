"""What came of a table, in counts and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from flora_core.errors import Issue
from flora_core.identification.mix_ups import Offer
from flora_core.model import Model
from flora_core.study import Study
from flora_core.tables.files.reading import Layout
from flora_core.wording import listed
from flora_core.workflows.batch.plan import BatchPlan
from flora_core.workflows.batch.row_naming import ADDED, IdentifiedChunk

#: Issues kept for a list; each stands in its row's flora_issues besides, however many there are.
MOST_ISSUES: Final = 100_000


@dataclass(slots=True)
class Summary:
    """What came of a table; the counts add up: rows = identified + not identified. `troubled` rows had any issue."""

    study: str
    model_version: int
    rows: int = 0
    identified: int = 0
    unsure: int = 0
    fit_nothing: int = 0
    unusual: int = 0
    troubled: int = 0
    species: Counter[str] = field(default_factory=Counter)
    issues: list[Issue] = field(default_factory=list)
    issue_count: int = 0
    notes: list[str] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    certainty: float = 0.0
    recorded: int = 0
    recorded_before: str = ""

    @property
    def not_identified(self) -> int:
        """Rows that could not be identified; each has an issue."""
        return self.rows - self.identified

    def sentence(self, study: Study) -> str:
        """The table in words."""
        if not self.rows:
            return "The table has no rows."
        parts = [f"{_count(self.rows, 'row')}: {self.identified:,} identified, {self.not_identified:,} not."]
        if self.identified:
            named = [f"{name} {n:,}" for name, n in self.species.most_common(6)]
            more = len(self.species) - 6
            if named:
                parts.append(f"{listed([*named, f'{more} more species'] if more > 0 else named)}.")
            if self.unsure:
                parts.append(f"{_count(self.unsure, study.organism, study.plural)} could be another species too (cf.).")
            if self.fit_nothing:
                parts.append(
                    f"{_count(self.fit_nothing, study.organism, study.plural)} "
                    f"{'fits' if self.fit_nothing == 1 else 'fit'} no species of this study."
                )
            if self.unusual:
                parts.append(
                    f"{_count(self.unusual, study.organism, study.plural)} {'is' if self.unusual == 1 else 'are'} unusual for "
                    "every species, and may be of another."
                )
        return " ".join(parts)


def _rows_seen(study: Study, found: IdentifiedChunk) -> Counter[str]:
    named = found.named
    counts = np.bincount(named.best[named.fits], minlength=len(study.species))
    return Counter({name: int(n) for name, n in zip(study.species_names, counts, strict=True) if n})


def count_in(summary: Summary, study: Study, found: IdentifiedChunk) -> None:
    named, n = found.named, len(found.named_rows)
    summary.rows += len(found.part)
    summary.certainty += float(named.probabilities.max(axis=1)[named.fits].sum()) if n else 0.0
    summary.identified += n
    summary.unsure += int((named.in_set.sum(axis=1) > 1).sum())
    summary.fit_nothing += int((~named.fits).sum())
    summary.unusual += int(named.unusual.sum())
    summary.species.update(_rows_seen(study, found))
    issues = found.checked.issues
    summary.issue_count += len(issues)
    summary.troubled += len({place for place, _ in issues})
    room = MOST_ISSUES - len(summary.issues)
    if room > 0:
        summary.issues.extend(issue for _, issue in issues[:room])


def finished(summary: Summary, model: Model, layout: Layout) -> Summary:
    sure = summary.identified - summary.fit_nothing
    if sure:
        summary.certainty /= sure
    if summary.issue_count > len(summary.issues):
        summary.notes.append(
            f"Only the first {len(summary.issues):,} of {summary.issue_count:,} issues are listed; every row has its own in "
            "flora_issues."
        )
    for offer in summary.offers:
        summary.notes.append(
            f"{_count(offer.rows, 'row')} of {offer.examined:,} that fit no species would fit with "
            f"{offer.change.words}. Nothing was changed."
        )
    if model.card.unknown_species is not None and summary.fit_nothing + summary.unusual:
        summary.notes.append(model.card.unknown_species.sentence)
    replaced = [name for name in layout.header if name in ADDED]
    if replaced:
        summary.notes.append(f"The columns {', '.join(replaced)} of an earlier run were replaced.")
    return summary


def summary_document(understood: BatchPlan, summary: Summary, output: str) -> dict[str, Any]:
    """What `batch --json` prints and the API answers."""
    return {
        "study": summary.study,
        "model_version": summary.model_version,
        "rows": summary.rows,
        "identified": summary.identified,
        "not_identified": summary.not_identified,
        "species": dict(summary.species.most_common()),
        "unsure": summary.unsure,
        "fit_nothing": summary.fit_nothing,
        "unusual": summary.unusual,
        "mean_probability": round(summary.certainty, 4) if summary.identified > summary.fit_nothing else None,
        "recorded": summary.recorded,
        "issues": [
            {"row": i.row, "column": i.column, "value": i.value, "problem": i.problem, "suggestion": i.suggestion}
            for i in summary.issues
        ],
        "issue_count": summary.issue_count,
        "mapping": understood.mapping,
        "units": {understood.layout.header[a.column]: a.unit for a in understood.assignment.assigned},
        "id_column": understood.id_name or None,
        "without": _without_document(understood),
        "notes": summary.notes,
        "questions": list(understood.questions),
        "offers": [{"change": o.change.words, "rows": o.rows, "examined": o.examined} for o in summary.offers],
        "sentence": summary.sentence(understood.model.study),
        "output": output,
    }


def _without_document(understood: BatchPlan) -> dict[str, Any] | None:
    """What accuracy remains without the measurements that the table lacks; None where it lacks none."""
    found = understood.without
    if found is None:
        return None
    return {
        "measurements": list(found.missing),
        "plants": found.plants,
        "accuracy": round(found.accuracy, 4),
        "accuracy_low": round(found.low, 4),
        "accuracy_high": round(found.high, 4),
        "accuracy_with_all": round(found.complete, 4),
    }


def _count(n: int, one: str, several: str = "") -> str:
    return f"{n:,} {one if n == 1 else several or one + 's'}"
