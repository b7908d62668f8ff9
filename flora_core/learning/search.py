"""Which algorithms and settings are tried: defaults, what a person set, or a search with a budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from flora_core.errors import Refused
from flora_core.learning.algorithms import ALGORITHMS, AUTO, algorithm_named, settled
from flora_core.learning.hyperparameters import Algorithm, Hyperparameter, Value

Settings = tuple[Algorithm, dict[str, Value]]

#: The largest search: more settings than this choose luck, not skill, on tables of botanists' size.
MOST: Final = 200


def candidates(name: str, given: Mapping[str, Value], search: int, rarest: int, seed: int) -> list[Settings]:
    """What is to be tried, defaults first.

    Parameters
    ----------
    name : str
        An algorithm, or "auto": the families of `AUTO` that so few plants allow.
    given : mapping
        Hyperparameters a person set; they are held fixed in a search.
    search : int
        How many settings to try in all; 0: none but the defaults and those given.
    rarest : int
        Plants of the rarest species.
    seed : int
        The same seed tries the same settings.

    Raises
    ------
    Refused, Unknown
        Wrong names or values; an algorithm that needs more plants; a search beyond `MOST`.
    """
    if not 0 <= search <= MOST:
        raise Refused(f"A search of {search} settings can't be done; choose from 1 to {MOST}, or 0 for none.")
    if name == "auto":
        if given:
            raise Refused("Hyperparameters belong to one algorithm: name it, or leave them out for auto.")
        families = [ALGORITHMS[n] for n in AUTO if ALGORITHMS[n].fewest <= rarest]
    else:
        families = [_able(algorithm_named(name), rarest)]
    first: list[Settings] = [(a, settled(a, given)) for a in families]
    rng = np.random.default_rng(seed)
    tried = {_key(a, h) for a, h in first}
    found = list(first)
    open_families = [a for a in families if any(h.name not in given for h in a.hyperparameters)]
    misses = 0
    while len(found) < search and open_families and misses < 50:
        algorithm = open_families[len(found) % len(open_families)]
        drawn = settled(algorithm, {**_drawn(algorithm, rng), **given})
        if _key(algorithm, drawn) in tried:
            misses += 1
            continue
        tried.add(_key(algorithm, drawn))
        found.append((algorithm, drawn))
    return found


def _able(algorithm: Algorithm, rarest: int) -> Algorithm:
    if rarest < algorithm.fewest:
        raise Refused(
            f"A {algorithm.title} needs at least {algorithm.fewest} plants of each species; the rarest has {rarest}. "
            "Choose another algorithm, or add plants."
        )
    return algorithm


def _drawn(algorithm: Algorithm, rng: np.random.Generator) -> dict[str, Value]:
    return {h.name: _draw(h, rng) for h in algorithm.hyperparameters}


def _draw(h: Hyperparameter, rng: np.random.Generator) -> Value:
    if h.kind == "choice":
        return h.choices[int(rng.integers(len(h.choices)))]
    low, high = (h.search_low or h.low), (h.search_high or h.high)
    value = float(np.exp(rng.uniform(np.log(low), np.log(high))) if h.logarithmic else rng.uniform(low, high))
    # Three digits are enough to say again by hand.
    return int(min(max(round(value), h.low), h.high)) if h.kind == "int" else float(f"{value:.3g}")


def _key(algorithm: Algorithm, settings: Mapping[str, Value]) -> tuple[object, ...]:
    return (algorithm.name, *sorted(settings.items()))
