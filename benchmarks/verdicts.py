"""How often a verdict alarms while nothing has changed, and how often it sees what has: a simulator.

Run: python -m benchmarks.verdicts [--repeats 100] [--only healthy,wide,mix,within] [--shard 0/2] [--json]

Irises are normal draws with Fisher's means and covariances, read to 0.1 cm; other studies have more measurements and species.
Every repeat draws a new reference, learns from it (linear discriminant analysis, ten folds), and draws a window. What NannyML
and Evidently say of the same two tables stands beside it: they themselves where they are installed (`benchmarks.known_tools`),
else their definitions in `monitoring.compat`, which agree with the tools to 1e-9.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from benchmarks.known_tools import installed
from flora_core.identification.fitness import misfits
from flora_core.learning.species_gaussians import fit_gaussians
from flora_core.model import Floats, Ints, Reference
from flora_core.monitoring.compat import evidently, nannyml_drift
from flora_core.monitoring.drift.from_profiles import compare_profiles
from flora_core.monitoring.drift.multivariate import multivariate_drift
from flora_core.monitoring.drift.samples import Findings
from flora_core.monitoring.drift.within_species import within_reference
from flora_core.monitoring.performance.realised import wilson
from flora_core.monitoring.profiles.profile import bins_from, profile_of
from flora_core.monitoring.windows import Column

ONE_BY_ONE = 400


@dataclass(frozen=True, eq=False)
class Flora:
    """Species as normal distributions: means (k, p), Cholesky roots (k, p, p), and how finely they are read."""

    means: Floats
    roots: Floats
    step: float

    def plants(self, rng: np.random.Generator, species: Ints) -> Floats:
        """A plant of each of these species; (n, p)."""
        noise = rng.standard_normal((len(species), self.means.shape[1]))
        return self.read(self.means[species] + np.einsum("npq,nq->np", self.roots[species], noise))

    def read(self, values: Floats) -> Floats:
        """As a ruler of this step reads them."""
        return np.round(values / self.step) * self.step if self.step else values


def irises(step: float = 0.1) -> Flora:
    """Fisher's irises."""
    data = load_iris()
    groups = [data.data[data.target == k] for k in range(3)]
    return Flora(
        np.array([g.mean(0) for g in groups]), np.array([np.linalg.cholesky(np.cov(g.T)) for g in groups]), step
    )


def made_up(species: int, measurements: int, step: float = 0.0, seed: int = 1) -> Flora:
    """Species that overlap a little, whose measurements go together."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0.0, 2.5 / np.sqrt(measurements / 4.0), (species, measurements)) + 20.0
    root = np.linalg.cholesky(0.4 * np.ones((measurements, measurements)) + 0.6 * np.eye(measurements))
    return Flora(means, np.repeat(root[None], species, axis=0), step)


@dataclass(frozen=True, eq=False)
class Learned:
    """A reference and what was learned from it."""

    names: tuple[str, ...]
    pipeline: LinearDiscriminantAnalysis
    gaussians: object
    reference: Reference
    profile: object
    within: object


def learn(flora: Flora, rng: np.random.Generator, plants: int) -> Learned:
    """A model of so many plants, evenly of each species."""
    k, p = flora.means.shape
    species = np.arange(plants) % k
    values = flora.plants(rng, species)
    folds = StratifiedKFold(min(10, plants // k), shuffle=True, random_state=0)
    out_of_fold = cross_val_predict(LinearDiscriminantAnalysis(), values, species, cv=folds, method="predict_proba")
    reference = Reference(values, species, out_of_fold)
    gaussians = fit_gaussians(values, species, k)
    names = tuple(f"x{j}" for j in range(p))
    bins = bins_from(names, k, reference)
    shares = np.round(out_of_fold, 6)
    named = shares.argmax(axis=1)
    fits = misfits(gaussians, values).min(axis=1) <= 1.0
    profile = profile_of(bins, values, named, shares, fits)
    within = within_reference(values, named, species, fits, k)
    pipeline = LinearDiscriminantAnalysis().fit(values, species)
    return Learned(names, pipeline, gaussians, reference, profile, within)


def verdict(learned: Learned, values: Floats) -> Findings:
    """What the monitor says of a window."""
    shares = np.round(learned.pipeline.predict_proba(values), 6)
    fits = misfits(learned.gaussians, values).min(axis=1) <= 1.0
    window = profile_of(learned.profile.bins, values, shares.argmax(axis=1), shares, fits)
    step = -(-len(values) // ONE_BY_ONE)
    together = multivariate_drift(learned.names, learned.reference.values, values[::step], tests=len(learned.names) + 6)
    return compare_profiles(learned.profile, window, together=together, within=learned.within)


def others(learned: Learned, values: Floats) -> dict[str, bool]:
    """Whether NannyML and Evidently would alarm on any column, by their defaults: themselves where they are installed."""
    columns = [Column(n, learned.reference.values[:, j], values[:, j]) for j, n in enumerate(learned.names)]
    defined = {
        "nannyml": lambda: any(
            one.alert and one.method == "jensen_shannon" for c in columns for one in nannyml_drift.drift(c, len(values))
        ),
        "evidently": lambda: any(
            one.alert and one.method == "default" and one.column != evidently.ALL_COLUMNS
            for one in evidently.drift(columns, None)
        ),
    }
    tools = installed()
    return {
        name: tools[name](learned.names, learned.reference.values, values) if name in tools else by_definition()
        for name, by_definition in defined.items()
    }


Change = Callable[[Flora, np.random.Generator, int], Floats]


def mixed(*shares: float) -> Change:
    """Plants in these shares of the species; evenly where none are given."""

    def drawn(flora: Flora, rng: np.random.Generator, m: int) -> Floats:
        k = len(flora.means)
        return flora.plants(rng, rng.choice(k, m, p=shares or np.full(k, 1.0 / k)))

    return drawn


def shifted(measurement: int, by: float, scatter: float = 1.0) -> Change:
    """A measurement of every plant moved, in standard deviations within its species, or scattered more."""

    def drawn(flora: Flora, rng: np.random.Generator, m: int) -> Floats:
        species = rng.integers(0, len(flora.means), m)
        values = flora.plants(rng, species)
        sd = np.sqrt((flora.roots**2).sum(axis=2))[species, measurement]
        middle = flora.means[species, measurement]
        values[:, measurement] = middle + scatter * (values[:, measurement] - middle) + by * sd
        return flora.read(values)

    return drawn


@dataclass(frozen=True)
class Scene:
    """One row of the table: what is asked for, with how many plants on either side."""

    group: str
    name: str
    flora: Flora
    reference: int
    window: int
    change: Change


def scenes() -> Iterator[Scene]:
    """Everything that is promised."""
    for n in (45, 150, 1000, 2000):
        for m in (20, 100, 1000, 10_000):
            yield Scene("healthy", "nothing changed", irises(), n, m, mixed())
    for m in (30, 300, 3000):
        yield Scene("wide", "nothing changed, 30 measurements", made_up(3, 30), 300, m, mixed())
        yield Scene("wide", "nothing changed, 40 species", made_up(40, 4), 800, m, mixed())
        yield Scene("wide", "nothing changed, 2 species", made_up(2, 4, 0.1), 100, m, mixed())
        yield Scene("wide", "nothing changed, read to every digit", irises(0.0), 150, m, mixed())
    for m in (30, 100, 300):
        yield Scene("mix", "mix 80/10/10", irises(), 150, m, mixed(0.8, 0.1, 0.1))
        yield Scene("mix", "mix 10/10/80", irises(), 150, m, mixed(0.1, 0.1, 0.8))
        yield Scene("within", "petal length +0.5 SD within", irises(), 150, m, shifted(2, 0.5))
        yield Scene("within", "petal length scattered x1.5", irises(), 150, m, shifted(2, 0.0, 1.5))


def run(scene: Scene, repeats: int, seed: int = 7) -> dict[str, object]:
    """How often each verdict and each tool alarms."""
    rng = np.random.default_rng(seed)
    counts = {"alarm": 0, "within": 0, "red": 0, "nannyml": 0, "evidently": 0}
    causes: dict[str, int] = {}
    for _ in range(repeats):
        learned = learn(scene.flora, rng, scene.reference)
        values = scene.change(scene.flora, rng, scene.window)
        found = verdict(learned, values)
        counts["alarm"] += found.verdict in ("amber", "red")
        counts["red"] += found.verdict == "red"
        counts["within"] += found.within is not None and found.within.verdict in ("amber", "red")
        for part in found.parts:
            if part.verdict in ("amber", "red"):
                key = getattr(part, "kind", type(part).__name__)
                causes[key] = causes.get(key, 0) + 1
        for tool, alarm in others(learned, values).items():
            counts[tool] += alarm
    low, high = wilson(counts["alarm"], repeats)
    return {
        "scene": scene.name,
        "reference": scene.reference,
        "window": scene.window,
        "repeats": repeats,
        **counts,
        "low": low,
        "high": high,
        "causes": causes,
    }


def main() -> None:
    """Print the table, or its rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--only", default="", help="groups of scenes, parted by commas: healthy, wide, mix, within")
    parser.add_argument("--shard", default="0/1", help="I/N: every Nth scene from the Ith on, to share the work")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    wanted = set(asked.only.split(",")) - {""}
    shard, shards = map(int, asked.shard.split("/"))
    for name in sorted({"nannyml", "evidently"} - set(installed())):
        sys.stderr.write(f"{name} is not installed: what it would say is computed by its definitions.\n")
    if not asked.json:
        sys.stdout.write(
            "| scene | reference / window | any alarm (95 %) | within the species | red | NannyML | Evidently |\n"
        )
        sys.stdout.write("|---|---|---|---|---|---|---|\n")
    for place, scene in enumerate(one for one in scenes() if not wanted or one.group in wanted):
        if place % shards != shard:
            continue
        row = run(scene, asked.repeats)
        if asked.json:
            sys.stdout.write(json.dumps(row) + "\n")
        else:
            keys = ("alarm", "within", "red", "nannyml", "evidently")
            shares = [f"{100 * row[key] / asked.repeats:.0f} %" for key in keys]
            shares[0] += f" ({100 * row['low']:.0f}-{100 * row['high']:.0f})"
            cells = [row["scene"], f"{row['reference']:,} / {row['window']:,}", *shares]
            sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
