"""A simulated season: ninety days of plants as collectors would bring them, with what goes wrong in a real one.

Drawn from a model's own species, so that what is said of an ordinary week can be checked: nothing happened in it. Then, one
after another: a week in which one measurement was read in millimetres, a population with larger flowers, a species that the
model was never shown. Names come late, and only for some. The same seed gives the same season.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np

from flora_core.model import Floats, Model

DAYS: Final = 90
#: Days of the season, counted from 0, in which each thing happens: (first, last).
MILLIMETRES: Final = (30, 36)
POPULATION: Final = (48, 64)
STRANGERS: Final = (76, 89)
#: Days after which a person has determined a plant.
LATE: Final = 21

_COLLECTORS: Final = ("Ada Field", "Carl Meadow", "Maria Brook")
_SITES: Final = ("Lake shore", "Wet meadow", "River bank")
_COAST: Final = "Coast"
_DITCH: Final = "Ditch"
_CURATOR: Final = "Hanna Stone"
#: A name that no study of ours knows; a yellow flag has long falls and tiny standards.
_STRANGER: Final = "Iris pseudacorus"
_SHARE_DETERMINED: Final = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """What one collector brought from one site on one day.

    Attributes
    ----------
    day : int
        Of the season, from 0.
    at : datetime
        When it was recorded, UTC.
    collector, site : str
    values : (n, p) float
        As typed, in the study's units: rounded to its steps, in the millimetre week ten times too large in one column.
    names : tuple of str
        What the plants are.
    determined : tuple of date or None
        When a person said so; None: nobody did.
    curator : str
        Who says it.
    """

    day: int
    at: datetime
    collector: str
    site: str
    values: Floats
    names: tuple[str, ...]
    determined: tuple[date | None, ...]
    curator: str


def simulate_season(model: Model, last: date, *, seed: int = 0, days: int = DAYS) -> tuple[Visit, ...]:
    """The visits of a season that ends on a day, oldest first.

    Parameters
    ----------
    model : Model
        Its species and their spread are what grows.
    last : date
        The season's last day; nothing is dated after it.
    days : int
        How many days it has; what happens on later days than these does not happen.
    """
    rng = np.random.default_rng(seed)
    roots: Floats = np.asarray(np.linalg.cholesky(model.gaussians.covariances), dtype=np.float64)
    visits = []
    for day in range(days):
        today = last - timedelta(days=days - 1 - day)
        for c, collector in enumerate(_COLLECTORS):
            if rng.random() < 0.3:
                continue
            site, count = _SITES[c], int(rng.integers(3, 9))
            site, values, names = _plants(model, roots, rng, day, c, site, count)
            known = [today + timedelta(days=LATE) if rng.random() < _SHARE_DETERMINED else None for _ in names]
            hour = time(9 + 2 * c, int(rng.integers(60)), tzinfo=UTC)
            visits.append(
                Visit(
                    day=day,
                    at=datetime.combine(today, hour),
                    collector=collector,
                    site=site,
                    values=values,
                    names=names,
                    determined=tuple(None if d is None or d > last else d for d in known),
                    curator=_CURATOR,
                )
            )
    return tuple(visits)


def _plants(
    model: Model, roots: Floats, rng: np.random.Generator, day: int, c: int, site: str, count: int
) -> tuple[str, Floats, tuple[str, ...]]:
    """What a collector finds on a day: the site, the values as typed, the true names."""
    study, means = model.study, model.gaussians.means
    k, p = means.shape
    species = rng.integers(0, k, count)
    values = means[species] + np.einsum("npq,nq->np", roots[species], rng.standard_normal((count, p)))
    names = tuple(study.species_names[j] for j in species)
    if _within(day, POPULATION) and c == 1:
        # Another colony: everything about a standard deviation larger.
        site = _COAST
        values += np.sqrt(np.einsum("kii->ki", model.gaussians.covariances))[species]
    if _within(day, STRANGERS) and c == 2:
        site = _DITCH
        spread = np.sqrt(np.einsum("kii->ki", model.gaussians.covariances)).mean(axis=0)
        lowest, highest = means.min(axis=0), means.max(axis=0)
        middle = np.where(np.arange(p) < (p + 1) // 2, highest + 4 * spread, lowest + spread)
        values = middle + spread * rng.standard_normal((count, p))
        names = (_STRANGER,) * count
    steps = np.array([m.step for m in study.measurements])
    values = np.maximum(np.round(values / steps), 1) * steps
    if _within(day, MILLIMETRES) and c == 0:
        smallest = int(means.mean(axis=0).argmin())
        values[:, smallest] *= 10.0
    # Cut where the steps would leave 0.30000000000000004.
    return site, np.round(values, 6), names


def _within(day: int, span: tuple[int, int]) -> bool:
    return span[0] <= day <= span[1]
