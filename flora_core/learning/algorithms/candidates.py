"""Which algorithms and settings are tried: defaults, what a person set, or a search with a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from flora_core.errors import Refused
from flora_core.learning.algorithms.catalogue import ALGORITHMS, families_named, resolve_hyperparameters
from flora_core.learning.algorithms.hyperparameters import Algorithm, Hyperparameter, Value
from flora_core.model import Floats, TrainingPlants

Settings = tuple[Algorithm, dict[str, Value]]

#: The largest search: more settings than this choose luck, not skill, on tables of botanists' size.
MOST: Final = 200
#: Settings drawn in a row that were all tried before, after which a family has nothing new.
_EXHAUSTED: Final = 50
#: Plants for each measurement below which `auto` tries linear discriminant analysis with shrinkage too.
_FEW_A_MEASUREMENT: Final = 10


def candidates(name: str, given: Mapping[str, Value], search: int, plants: TrainingPlants, seed: int) -> list[Settings]:
    """What is to be tried, defaults first.

    Parameters
    ----------
    name : str
        An algorithm, several with commas between, or "auto": the families of `AUTO`.
    given : mapping
        Hyperparameters a person set; they are held fixed in a search.
    search : int
        How many settings to try in all; 0: none but the defaults and those given.
    plants : TrainingPlants
        What so few plants of the rarest species, and so few for each measurement, allow.
    seed : int
        The same seed tries the same settings.

    Raises
    ------
    Refused, Unknown
        Wrong names or values; a search beyond `MOST`.
    """
    check_settings(name, given, search)
    n, p = plants.values.shape
    counts = np.bincount(plants.species)
    rarest = int(counts[counts > 0].min())
    families = families_named(name)
    found: list[Settings] = [(a, resolve_hyperparameters(a, given, rarest)) for a in families]
    lda = ALGORITHMS["lda"]
    if len(families) > 1 and lda in families and n < _FEW_A_MEASUREMENT * p:
        # Its default takes the covariance as it finds it, and from so few plants finds mostly chance.
        found.insert(families.index(lda) + 1, (lda, resolve_hyperparameters(lda, {"shrinkage": "auto"})))
    tried = {_key(a, h) for a, h in found}
    drawing = [(a, _draws(a, given, rarest, seed)) for a in families]
    while drawing and len(found) < search:
        # Families take turns until each has nothing new.
        for family in tuple(drawing):
            algorithm, draws = family
            new = next((h for h in draws if _key(algorithm, h) not in tried), None)
            if new is None:
                drawing.remove(family)
            elif len(found) < search:
                tried.add(_key(algorithm, new))
                found.append((algorithm, new))
    return found


def check_settings(name: str, given: Mapping[str, Value], search: int) -> None:
    """Nothing, where such settings can be used on plants enough.

    Raises
    ------
    Refused, Unknown
        Wrong names or values; a search beyond `MOST`.
    """
    if not 0 <= search <= MOST:
        raise Refused(f"A search of {search} settings can't be done; choose from 1 to {MOST}, or 0 for none.")
    families = families_named(name)
    if len(families) == 1:
        resolve_hyperparameters(families[0], given)
    elif given:
        raise Refused("Hyperparameters belong to one algorithm: name it, or leave them out where several are tried.")


def _draws(algorithm: Algorithm, given: Mapping[str, Value], rarest: int, seed: int) -> Iterator[dict[str, Value]]:
    """Settings that cover the free ranges evenly, however many are taken; ends where nothing new comes for long."""
    free = [h for h in algorithm.hyperparameters if h.name not in given]
    seen: set[tuple[object, ...]] = set()
    misses = 0
    for point in _even_points(len(free), seed):
        if misses == _EXHAUSTED:
            return
        drawn = resolve_hyperparameters(
            algorithm, {**given, **{h.name: _at(h, u, rarest) for h, u in zip(free, point, strict=True)}}
        )
        if _key(algorithm, drawn) in seen:
            misses += 1
            continue
        misses = 0
        seen.add(_key(algorithm, drawn))
        yield drawn


def _even_points(dimensions: int, seed: int) -> Iterator[Floats]:
    """Points of the unit cube, each in the largest hole that those before have left, nearly.

    References
    ----------
    Roberts (2018), The unreasonable effectiveness of quasirandom sequences: the additive recurrence on powers of the
    generalised golden ratio, the root of x^(d+1) = x + 1.
    """
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (dimensions + 1))
    step = ratio ** -np.arange(1.0, dimensions + 1)
    point = np.random.default_rng(seed).random(dimensions)
    while True:
        point = (point + step) % 1.0
        yield point


def _at(h: Hyperparameter, u: float, rarest: int) -> Value:
    """The value at a share `u` of the searched range."""
    if h.kind == "choice":
        return h.choices[int(u * len(h.choices))]
    low, high = h.searched(rarest)
    value = float(np.exp(np.log(low) + u * (np.log(high) - np.log(low))) if h.logarithmic else low + u * (high - low))
    # Three digits are enough to say again by hand.
    return round(value) if h.kind == "int" else float(f"{value:.3g}")


def _key(algorithm: Algorithm, settings: Mapping[str, Value]) -> tuple[object, ...]:
    return (algorithm.name, *sorted(settings.items()))
