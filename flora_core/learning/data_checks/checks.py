"""Is a training table fit to learn from? Checked before every training; a check that fails stops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from flora_core.learning.data_checks.new_plants import SpeciesDrift, new_plant_drift
from flora_core.model import Bools, Floats, TrainingPlants
from flora_core.monitoring.decision import ALPHA_AMBER
from flora_core.monitoring.verdicts.wording import written_p
from flora_core.study import Study
from flora_core.tables.values.limits import limits_text

State = Literal["passed", "warning", "failed"]

#: Below so many plants a species' scores are guesses.
FEW: Final = 10
#: A share of unusual values above which the limits, or the unit, deserve a look.
_UNUSUAL: Final = 0.05
#: The check of the plants that came since the last training.
DRIFT: Final = "drift since the last training"
#: A share of missing cells above which a measurement says little.
_MISSING: Final = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the table: what was looked at, how it went, and in words with its numbers."""

    name: str
    state: State
    detail: str


#: Standard deviations of a measurement that may be left where it follows exactly from others: rounding in the machine.
_EXACT: Final = 1e-6


def sanity_checks(study: Study, plants: TrainingPlants, known: Bools | None = None) -> tuple[Check, ...]:
    """All checks of a training table, in a fixed order; reads only.

    Parameters
    ----------
    plants : TrainingPlants
        values (n, p) in the study's order and units, species (n,) as indices.
    known : (n,) bool or None
        Which of them the champion learned from; None where there is no champion.
    """
    schema = _schema(study, plants)
    if schema.state == "failed":
        return (schema,)
    return (
        schema,
        _limits(study, plants.values),
        _unusual(study, plants.values),
        _gaps(study, plants),
        _counts(study, plants),
        _constants(study, plants.values),
        _dependent(study, plants.values),
        _twins(study, plants),
        _drift(study, plants, known),
    )


def failed(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Those that stop a training."""
    return tuple(check for check in checks if check.state == "failed")


def _schema(study: Study, plants: TrainingPlants) -> Check:
    n, p, k = len(plants.values), len(study.measurements), len(study.species)
    problems = []
    if plants.values.shape != (n, p):
        problems.append(f"{plants.values.shape[1]} columns for {p} measurements")
    if plants.species.shape != (n,):
        problems.append(f"{len(plants.species)} names for {n} plants")
    elif n and (plants.species.min() < 0 or plants.species.max() >= k):
        problems.append(f"a name outside of the {k} species")
    if np.isinf(plants.values).any():
        problems.append("infinite values")
    if plants.groups is not None and len(plants.groups) != n:
        problems.append(f"{len(plants.groups)} groups for {n} plants")
    if problems:
        return Check("schema", "failed", f"The table is not what the study says: {'; '.join(problems)}.")
    return Check("schema", "passed", f"{n:,} plants, {p} measurements, {k} species, as the study says.")


def _limits(study: Study, values: Floats) -> Check:
    bad = []
    for i, m in enumerate(study.measurements):
        column = values[:, i]
        low = int((column <= 0).sum()) if m.positive else 0
        high = int((column > m.refuse_above).sum()) if m.refuse_above is not None else 0
        if low or high:
            bad.append(f"{m.label} has {low + high} (these plants have {limits_text(m)})")
    if bad:
        return Check("limits", "failed", f"Values that can't be: {'; '.join(bad)}. Mend them or leave them empty.")
    return Check("limits", "passed", "No value is impossible.")


def _unusual(study: Study, values: Floats) -> Check:
    found = []
    for i, m in enumerate(study.measurements):
        known = values[:, i][~np.isnan(values[:, i])]
        outside = 0 if m.has_states else int(((known < m.low) | (known > m.high)).sum())
        if len(known) and outside > max(1, _UNUSUAL * len(known)):
            found.append(f"{m.label}: {outside} of {len(known)} lie outside {limits_text(m)}")
    if found:
        return Check("plausible limits", "warning", f"{'; '.join(found)}. Are the unit and the limits right?")
    return Check("plausible limits", "passed", "Nearly all values lie within the plausible limits.")


def _gaps(study: Study, plants: TrainingPlants) -> Check:
    missing = np.isnan(plants.values)
    empty, mostly = [], []
    for i, m in enumerate(study.measurements):
        for j, name in enumerate(study.species_names):
            rows = plants.species == j
            if rows.any() and missing[rows, i].all():
                empty.append(f"{m.label} of {name}")
        if missing[:, i].mean() > _MISSING:
            mostly.append(f"{m.label} ({100 * missing[:, i].mean():.0f} %)")
    if missing.all(axis=1).any():
        return Check(
            "gaps", "failed", f"{int(missing.all(axis=1).sum())} plants have no measurement at all. Leave them out."
        )
    if empty:
        return Check(
            "gaps", "warning", f"Never measured: {some(empty)}. Such a species is judged by its other measurements."
        )
    if mostly:
        return Check("gaps", "warning", f"Missing in most plants: {some(mostly)}.")
    cells = int(missing.sum())
    return Check(
        "gaps", "passed", f"{cells:,} of {missing.size:,} cells are missing." if cells else "No cell is missing."
    )


def _counts(study: Study, plants: TrainingPlants) -> Check:
    counts = np.bincount(plants.species, minlength=len(study.species))
    pairs = list(zip(study.species_names, counts.tolist(), strict=True))
    if (counts > 0).sum() < 2:
        return Check("plants a species", "failed", "There are plants of one species only; a model needs at least two.")
    lone = [f"{name} ({count})" for name, count in pairs if count < 2]
    if lone:
        return Check(
            "plants a species", "failed", f"Fewer than 2 plants: {some(lone)}. Add plants or leave the species out."
        )
    few = [f"{name} ({count})" for name, count in pairs if count < FEW]
    if few:
        return Check("plants a species", "warning", f"Fewer than {FEW} plants: {some(few)}. Their scores are guesses.")
    return Check("plants a species", "passed", f"From {counts.min():,} to {counts.max():,} plants a species.")


def _constants(study: Study, values: Floats) -> Check:
    same = [m.label for i, m in enumerate(study.measurements) if _constant(values[:, i])]
    if same:
        return Check("constant measurements", "warning", f"The same in every plant, so of no use: {some(same)}.")
    return Check("constant measurements", "passed", "Every measurement varies.")


def _constant(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return len(known) == 0 or bool((known == known[0]).all())


def _dependent(study: Study, values: Floats) -> Check:
    """Measurements that follow exactly from others: tube + limb = corolla."""
    found = []
    values = values.copy()
    # States that stand for each other are met one by one by the shares of species; they add up to nothing.
    values[:, [i for i, m in enumerate(study.measurements) if m.has_states]] = np.nan
    for i, others, plain_sum in dependences(values):
        names = [study.measurements[j].label for j in others]
        says = f"is the sum of {' and '.join(names)}" if plain_sum else f"follows exactly from {' and '.join(names)}"
        found.append(f"{study.measurements[i].label} {says}")
    if found:
        return Check(
            "dependent measurements",
            "warning",
            f"{'; '.join(found[:5])}. It adds nothing that the others do not tell; leave it out, or leave them out.",
        )
    return Check("dependent measurements", "passed", "No measurement follows exactly from others.")


def dependences(values: Floats) -> list[tuple[int, list[int], bool]]:
    """The columns that are exact linear functions of columns before them.

    Parameters
    ----------
    values : (n, p) float
        Judged by at most 2,000 rows without gaps; of fewer than p + 3 rows nothing is said.

    Returns
    -------
    list of (column, the columns it follows from, whether it is their plain sum)
    """
    whole = values[~np.isnan(values).any(axis=1)][:2000]
    n, p = whole.shape
    if n < p + 3:
        return []
    means, scale = whole.mean(axis=0), whole.std(axis=0)
    varies = np.flatnonzero(scale > 1e-12 * np.maximum(np.abs(means), 1e-300))
    standard = (whole[:, varies] - means[varies]) / scale[varies]
    R = np.linalg.qr(standard, mode="r") / np.sqrt(n)
    kept: list[int] = []
    found: list[tuple[int, list[int], bool]] = []
    for c in range(len(varies)):
        left = standard[:, c]
        if kept:
            weights = np.linalg.lstsq(R[:, kept], R[:, c], rcond=None)[0]
            left = left - standard[:, kept] @ weights
        if kept and np.sqrt((left**2).mean()) < _EXACT:
            telling = [(k, w) for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-4]
            i, others = int(varies[c]), [int(varies[k]) for k, _ in telling]
            factors = np.array([w * scale[i] / scale[j] for (_, w), j in zip(telling, others, strict=True)])
            rest = means[i] - float(factors @ means[others])
            plain = bool((np.abs(factors - 1.0) < 1e-4).all() and abs(rest) < 1e-4 * scale[i])
            found.append((i, others, plain))
        else:
            kept.append(c)
    return found


def _twins(study: Study, plants: TrainingPlants) -> Check:
    """Plants with the same values: common among few-digit measurements, a mistake where their names differ."""
    values = np.nan_to_num(plants.values, nan=-1.0)
    _, group = np.unique(values, axis=0, return_inverse=True)
    sizes = np.bincount(group.ravel())
    twins = int(sizes[sizes > 1].sum())
    pairs = np.unique(np.column_stack([group.ravel(), plants.species]), axis=0)
    contradictory = int((np.bincount(pairs[:, 0]) > 1).sum())
    if contradictory:
        return Check(
            "twins", "warning", f"{contradictory} sets of equal values carry different names; is one of them a slip?"
        )
    if twins:
        return Check(
            "twins", "passed", f"{twins:,} plants share all their values with another of the same name; all are kept."
        )
    return Check("twins", "passed", "No two plants have the same values.")


def _drift(study: Study, plants: TrainingPlants, known: Bools | None) -> Check:
    """The plants that came since the last training; a warning at most, for a new population is what a model is to learn."""
    if known is None:
        return Check(DRIFT, "passed", "There was no training before.")
    if known.all():
        return Check(DRIFT, "passed", "The champion learned from these plants; none came since.")
    found = new_plant_drift(study, plants, known)
    which = f"{found.compared:,} plants that came since the champion learned"
    others = f" {found.others:,} more are of species that are new to it." if found.others else ""
    if found.plants_missing:
        text = f"{found.compared:,} plants came since the champion learned: {found.plants_missing:,} more are needed."
        return Check(DRIFT, "passed", text + others)
    moved = [_moved(one) for one in found.moved if one.p is not None and one.p < ALPHA_AMBER]
    if not moved:
        p = written_p(min((one.p for one in found.moved if one.p is not None), default=None), sign=True)
        return Check(DRIFT, "passed", f"The {which} measure like those of their species before (p {p}).{others}")
    text = (
        f"In the {which}, {some(moved)}, compared with plants of the same species before. Another ruler, place or year?"
    )
    return Check(DRIFT, "warning", text + others)


def _moved(one: SpeciesDrift) -> str:
    m, way = one.measurement, "higher" if one.by > 0 else "lower"
    return " ".join(f"{m.label} lies {abs(one.by):.2g} {m.unit} {way} (p {written_p(one.p, sign=True)})".split())


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
