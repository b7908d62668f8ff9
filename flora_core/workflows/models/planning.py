"""What a training would try and about how long it would take, and what earlier ones tried of the same plants."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from flora_core.access import UseCase
from flora_core.errors import ArtifactRefused, FloraError
from flora_core.model import Candidate, ModelCard
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.training import TrainingRequest

#: Earlier versions that are looked at, the newest ones.
_MOST_CARDS: Final = 20


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a training would come to.

    Attributes
    ----------
    settings : int
        Families and settings that are tried on all plants.
    first_on_a_part : int
        Settings that are tried on a part of the plants, of which the best go on.
    seconds : float or None
        About how long it takes, going by earlier trainings of the study; None where there is none to go by.
    """

    settings: int
    first_on_a_part: int
    seconds: float | None


@use_case(UseCase.READ_MODELS)
def plan_training(context: AppContext, study: str, request: TrainingRequest) -> TrainingPlan | None:
    """What a request would try; None where its settings can't be used. Reads only."""
    from flora_core.learning.algorithms.candidates import candidates
    from flora_core.learning.algorithms.refinement import refinements

    plants = context.studies.plants(context.studies.get(study))
    try:
        planned = candidates(request.algorithm, request.hyperparameters, request.search, plants, request.seed)
    except FloraError:
        return None
    refined = [] if request.search else refinements(planned, plants)
    cards = [card for card in _cards(context, study) if card.imported is None and card.candidates]
    if not cards:
        return TrainingPlan(len(planned), len(refined), None)
    seconds: dict[str, list[float]] = {}
    for card in cards:
        for c in card.candidates:
            if c.plants in (None, card.scores.plants):
                seconds.setdefault(c.algorithm, []).append(c.seconds * plants.values.shape[0] / card.scores.plants)
    typical = [sum(seconds[a.name]) / len(seconds[a.name]) for a, _ in planned if a.name in seconds]
    if not typical:
        return TrainingPlan(len(planned), len(refined), None)
    newest = cards[-1]
    # What comes after the choice (scores, curves, strangers) took so much longer than the trying itself.
    after = max(0.0, newest.seconds - sum(c.seconds for c in newest.candidates))
    trying = sum(typical) / len(typical) * len(planned)
    return TrainingPlan(len(planned), len(refined), trying + after)


@use_case(UseCase.READ_MODELS)
def tried_before(context: AppContext, study: str) -> tuple[Candidate, ...]:
    """Every candidate of earlier trainings on the study's newest table, each setting once, as it was tried last."""
    table = context.studies.plants(context.studies.get(study)).table.sha256
    found: dict[tuple[str, str], Candidate] = {}
    for card in _cards(context, study):
        if card.table.sha256 == table and not card.shape_ratios and not card.table.determined and card.imported is None:
            for c in card.candidates:
                if c.plants in (None, card.scores.plants):
                    found[c.algorithm, str(sorted(c.hyperparameters.items()))] = c
    return tuple(found.values())


def _cards(context: AppContext, study: str) -> list[ModelCard]:
    """The cards of the newest versions, oldest first; one whose files are damaged is left out."""
    found = []
    for version in context.registry.versions(study)[-_MOST_CARDS:]:
        with contextlib.suppress(ArtifactRefused):
            found.append(context.registry.card(study, version.version))
    return found
