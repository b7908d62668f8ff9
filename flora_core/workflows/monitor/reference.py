"""What a model version is watched against: its own reference, counted once in its own bins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from flora_core.identification.fitness import misfits
from flora_core.model import Floats, Ints, Model
from flora_core.monitoring.drift.from_profiles import confidence_curve, expected_right, reference_null_distributions
from flora_core.monitoring.drift.samples import PlantSample
from flora_core.monitoring.drift.states import StatesWithin, states_within
from flora_core.monitoring.drift.within_species import WithinReference, within_reference
from flora_core.monitoring.performance.cbpe import Counts, MetricEstimate, estimate_metric
from flora_core.monitoring.performance.isotonic import Isotonic
from flora_core.monitoring.profiles.bins import Bins, bins_of
from flora_core.monitoring.profiles.profile import MICRO, Profile, profile_of
from flora_core.monitoring.verdicts.wording import Wording
from flora_core.study import Study


@dataclass(frozen=True, eq=False)
class VersionReference:
    """A version's reference, ready to be compared with.

    Attributes
    ----------
    model : Model
    profile : Profile
        Of the reference.
    plants : PlantSample
        The reference's plants themselves.
    chance : tuple of (draws,) float
        What chance makes of each measurement's distance.
    curve : Isotonic or None
        What the model's probabilities are mended by before accuracy is estimated; None where they need no mending.
    right : int
        Plants of the reference that got their own name, out of fold.
    within : WithinReference
        The reference as plants are held against it within the species named.
    states : StatesWithin or None
        The same of its characters with states; None where it has none.
    """

    model: Model
    profile: Profile
    plants: PlantSample
    chance: tuple[Floats, ...]
    curve: Isotonic | None
    right: int
    within: WithinReference
    states: StatesWithin | None = None

    @property
    def bins(self) -> Bins:
        """The bins of its profiles."""
        return self.profile.bins

    def numbers_of(self, plants: PlantSample) -> PlantSample:
        """The plants with nothing known of their states: what is added up and averaged are numbers."""
        return replace(plants, values=_numbers(self.bins, plants.values)) if self.bins.with_states else plants

    def estimated(self, profile: Profile) -> MetricEstimate | None:
        """The accuracy of the names given in a window, without determinations; None where none was given."""
        right, n = expected_right(profile, self.curve)
        return estimate_metric("accuracy", _counts(right, n), _counts(self.right, self.profile.plants))

    def calibrated(self, confidence: Floats) -> Floats:
        """Confidences mended as those of an estimate are; (n,)."""
        return confidence if self.curve is None or not len(confidence) else self.curve(confidence)

    @cached_property
    def information(self) -> float:
        """What the reference knows of its calibration: p (1 - p) added up over its plants."""
        confidence = self.calibrated(self.model.reference.probabilities.max(axis=1))
        return float((confidence * (1.0 - confidence)).sum())

    def confidences(self, profile: Profile) -> tuple[Floats, Ints]:
        """The calibrated confidences of the plants named in a window, and how many plants have each."""
        filled = profile.confidence > 0
        counts = profile.confidence[filled].astype(np.int64)
        sums = np.array([int(total) for total in profile.confidence_sums[filled]], dtype=np.float64)
        return self.calibrated(sums / MICRO / np.maximum(counts, 1)), counts


@lru_cache(maxsize=16)
def version_reference(model: Model) -> VersionReference:
    """A version's reference, ready to be compared with; kept, because a version never changes."""
    reference, bins = model.reference, bins_of(model)
    # Six digits, as they are recorded.
    probabilities = np.round(reference.probabilities, 6)
    named = probabilities.argmax(axis=1).astype(np.int64)
    fits = np.asarray(misfits(model.gaussians, reference.values).min(axis=1) <= 1.0)
    profile = profile_of(bins, reference.values, named, probabilities, fits)
    confidence = probabilities.max(axis=1)
    return VersionReference(
        model,
        profile,
        PlantSample(reference.values, named, confidence, fits),
        reference_null_distributions(profile),
        confidence_curve(probabilities, reference.species),
        int((named == reference.species).sum()),
        within_reference(_numbers(bins, reference.values), named, reference.species, fits, len(model.study.species)),
        states_within(bins, reference.values, fits) if bins.with_states else None,
    )


def _numbers(bins: Bins, values: Floats) -> Floats:
    """The values with nothing known of states: what is added up and averaged are numbers."""
    if not bins.with_states:
        return values
    numbers = values.copy()
    numbers[:, bins.with_states] = np.nan
    return numbers


def _counts(right: float, n: int) -> Counts:
    """Plants named and named right, as the estimate of an accuracy wants them."""
    return Counts(np.array([[float(right)]]), np.array([float(n)]))


def wording_of(study: Study, which: str = "the last") -> Wording:
    """How things of a study are called in a verdict's sentences."""
    by_name = {m.name: m for m in study.measurements}
    return Wording(
        plants=study.plural,
        which=which,
        reference=f"the training {study.plural}",
        written=lambda name, value: by_name[name].written(value) if name in by_name else f"{value:.3g}",
        label=lambda name: by_name[name].label if name in by_name else name,
        species=study.species_names,
    )
