"""Plants parted into those that are learned from and those that are asked: the ground of every honest score."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flora_core.errors import Refused
from flora_core.identification.predicting import uncalibrated
from flora_core.learning.clouds import fit_clouds, own_misfits, without_gaps
from flora_core.model import Clouds, Floats, Ints, TrainingPlants

FOLDS: Final = 10

#: Called with (steps done, steps in all, what is being done).
Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, doing: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One part held out, with what every algorithm needs of the others.

    Attributes
    ----------
    train, test : (n,) int
        Rows of the plants.
    values : (len(train), p) float
        The training rows without gaps.
    clouds : Clouds
        Of the training rows.
    """

    train: Ints
    test: Ints
    values: Floats
    clouds: Clouds


def fold_count(species: Ints, most: int = FOLDS) -> int:
    """How many folds: ten, or as many as the rarest species has plants, but at least two."""
    counts = np.bincount(species)
    return int(max(2, min(most, counts[counts > 0].min())))


def make_folds(plants: TrainingPlants, count: int, seed: int) -> tuple[Fold, ...]:
    """Stratified folds, each with the clouds of its training plants.

    Parameters
    ----------
    count : int
        How many; a species with fewer plants is missing from some test parts.
    """
    k = int(plants.species.max()) + 1
    part = np.empty(len(plants.species), dtype=np.int64)
    rng = np.random.default_rng(seed)
    offset = 0
    for j in range(k):
        rows = rng.permutation(np.flatnonzero(plants.species == j))
        # Each species starts where the last one stopped, so that the folds are of one size too.
        part[rows] = (offset + np.arange(len(rows))) % count
        offset += len(rows)
    return _parted(plants, part, seed)


def group_fold_count(plants: TrainingPlants) -> int:
    """How many folds whole groups can be parted into: at most ten; 0 where there are no groups, or fewer than three.

    No more folds than the largest species has plants, because a fold holds one of it at least.
    """
    if plants.groups is None:
        return 0
    groups = len(np.unique(plants.groups))
    return min(FOLDS, groups, int(np.bincount(plants.species).max())) if groups >= 3 else 0


def make_group_folds(plants: TrainingPlants, seed: int) -> tuple[Fold, ...]:
    """Folds of whole groups, as even in their species as the groups allow: plants of one group are never parted.

    Raises
    ------
    Refused
        There are fewer than three groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    count = group_fold_count(plants)
    if not count:
        raise Refused("Scoring by group needs at least three groups.")
    part = np.zeros(len(plants.species), dtype=np.int64)
    # A species with fewer groups than folds is missing from some parts, which is meant; scikit-learn warns of nothing here.
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for f, (_, test) in enumerate(splitter.split(plants.values, plants.species, plants.groups)):
        part[test] = f
    return _parted(plants, part, seed)


def _parted(plants: TrainingPlants, part: Ints, seed: int) -> tuple[Fold, ...]:
    k = int(plants.species.max()) + 1
    folds = []
    for f in np.unique(part):
        train, test = np.flatnonzero(part != f), np.flatnonzero(part == f)
        clouds = fit_clouds(plants.values[train], plants.species[train], k)
        values = without_gaps(clouds, plants.values[train], plants.species[train], seed)
        folds.append(Fold(train, test, values, clouds))
    return tuple(folds)


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What a candidate said of every plant when it had not seen it.

    Attributes
    ----------
    raw : (n, k) float
        Not yet calibrated.
    seconds : float
        For all folds together.
    """

    raw: Floats
    seconds: float


def out_of_fold(
    build: Callable[[], Any], plants: TrainingPlants, folds: Sequence[Fold], step: Callable[[], None]
) -> OutOfFold:
    """Fit on each fold's training part and identify its test part.

    Parameters
    ----------
    build : callable
        Gives a fresh, unfitted pipeline.
    step : callable
        Called after each fold; may raise to stop.
    """
    (result,) = all_out_of_fold([build], plants, folds, lambda _: step())
    return result


def all_out_of_fold(
    builds: Sequence[Callable[[], Any]],
    plants: TrainingPlants,
    folds: Sequence[Fold],
    step: Callable[[int], None],
    processes: int = 1,
) -> list[OutOfFold]:
    """The same for several candidates on the same folds.

    Parameters
    ----------
    step : callable
        Called with the candidate's place after each of its folds; may raise to stop.
    processes : int
        How many work at once; the answers do not depend on it.
    """
    k = len(folds[0].clouds.means)
    raws = [np.zeros((len(plants.species), k)) for _ in builds]
    seconds = [0.0] * len(builds)
    tasks = [(c, f) for c in range(len(builds)) for f in range(len(folds))]
    for c, f, part, took in _answers(tasks, builds, plants, folds, k, processes):
        raws[c][folds[f].test] = part
        seconds[c] += took
        step(c)
    return [OutOfFold(raw, took) for raw, took in zip(raws, seconds, strict=True)]


def _answers(
    tasks: list[tuple[int, int]],
    builds: Sequence[Callable[[], Any]],
    plants: TrainingPlants,
    folds: Sequence[Fold],
    k: int,
    processes: int,
) -> Iterator[tuple[int, int, Floats, float]]:
    if processes == 1:
        for c, f in tasks:
            yield _answer(c, f, builds[c], plants, folds[f], k)
        return
    # scikit-learn's own door to its workers: they load this module afresh, and never the program's main one.
    from sklearn.utils.parallel import Parallel, delayed

    work = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size="auto")
    yield from work(delayed(_answer)(c, f, builds[c], plants, folds[f], k) for c, f in tasks)


def _answer(
    c: int, f: int, build: Callable[[], Any], plants: TrainingPlants, fold: Fold, k: int
) -> tuple[int, int, Floats, float]:
    start = time.perf_counter()
    pipeline = fit_on(build, plants, fold, k)
    return c, f, uncalibrated(pipeline, fold.clouds, plants.values[fold.test]), time.perf_counter() - start


def fit_on(build: Callable[[], Any], plants: TrainingPlants, fold: Fold, k: int) -> Any:
    """A pipeline fitted on a fold's training part, with a column for each of the k species."""
    pipeline = build().fit(fold.values, plants.species[fold.train])
    seen = pipeline.classes_
    return _AllSpecies(pipeline, seen, k) if len(seen) < k else pipeline


class _AllSpecies:
    """A pipeline whose training part lacked a species: gives that one the probability 0."""

    def __init__(self, pipeline: Any, seen: Ints, k: int) -> None:
        self._pipeline, self._seen, self._k = pipeline, seen, k

    def predict_proba(self, X: Floats) -> Floats:
        full = np.zeros((len(X), self._k))
        full[:, self._seen] = self._pipeline.predict_proba(X)
        return full


def held_out_misfits(plants: TrainingPlants, folds: Sequence[Fold]) -> Floats:
    """Each plant's misfit to its own species by clouds that were fitted without it; (n,)."""
    result = np.empty(len(plants.species))
    for fold in folds:
        result[fold.test] = own_misfits(fold.clouds, plants.values[fold.test], plants.species[fold.test])
    return result
