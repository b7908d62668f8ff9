"""Train a version: check the table, learn, register. Nothing is promoted here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from flora_core.progress import Progress, no_progress
from flora_core.errors import ArtifactRefused, Refused
from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.model import Candidate, Model, ModelCard
from flora_core.storage.cluster import spread
from flora_core.workflows.context import AppContext

if TYPE_CHECKING:
    from flora_core.learning.data_checks.checks import Check


class TrainingRequest(BaseModel):
    """What is to be trained: kept with a job, so that another process can do it.

    With `use_if_first` the version identifies at once where the study has no other that does: there is nothing to compare
    it with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: str = "auto"
    hyperparameters: dict[str, float | int | str | None] = Field(default_factory=dict)
    search: int = 0
    shape_ratios: bool = False
    with_determinations: bool = False
    seed: int = 0
    use_if_first: bool = False


@use_case(UseCase.TRAIN, signs="by")
def train_version(
    context: AppContext,
    study: str,
    *,
    algorithm: str = "auto",
    hyperparameters: Mapping[str, float | int | str | None] | None = None,
    search: int = 0,
    shape_ratios: bool = False,
    with_determinations: bool = False,
    seed: int = 0,
    by: str,
    processes: int | None = None,
    progress: Progress = no_progress,
    tried: Callable[[Candidate], None] | None = None,
) -> ModelCard:
    """Train on the study's newest table and register the model as a new version, not promoted.

    Parameters
    ----------
    with_determinations : bool
        Learn from the plants that competent persons determined too, but for those that chance chose: they are a test set.
    by : str
        Who trains.
    processes : int, optional
        How many processes may work at once; where not given, as many as the cluster has cores, or FLORA_PROCESSES without one. The
        version does not depend on it.
    progress : callable, optional
        Told of each step; may raise to stop: nothing is registered then.
    tried : callable, optional
        Told of each candidate as soon as its score is known.

    Returns
    -------
    ModelCard
        With its version.

    Raises
    ------
    Refused, Unknown
        The table is not fit to learn from, or the settings can't be used; the message says what would be right.
    Unavailable
        The version can't be saved, or the cluster does not answer; nothing is registered.
    """
    # scikit-learn's larger modules come with it; whoever only asks about versions does without them.
    from flora_core.learning.data_checks.checks import failed, sanity_checks
    from flora_core.learning.training import score_on_drawn, train
    from flora_core.workflows.models.determined_plants import determined_plants, no_plants
    from flora_core.workflows.models.training_data import all_plants

    found = context.studies.get(study)
    every = determined_plants(context, found)
    determined = every.to_learn_from() if with_determinations else no_plants(found)
    drawn = every.to_test_on()
    champion = _champion_if_any(context, study)
    plants, known = all_plants(context, found, determined, champion)
    checks = sanity_checks(found, plants, known)
    if failed(checks):
        raise Refused(" ".join(check.detail for check in failed(checks)))
    told: list[tuple[str, dict[str, Any]]] = []

    def tell(candidate: Candidate) -> None:
        # Where the cluster was lost, the work begins anew: what was told already is not told twice.
        recipe = (candidate.algorithm, candidate.hyperparameters)
        if tried is not None and recipe not in told:
            told.append(recipe)
            tried(candidate)

    def learn(workers: int) -> Model:
        return train(
            found,
            plants,
            algorithm=algorithm,
            hyperparameters=hyperparameters,
            search=search,
            shape_ratios=shape_ratios,
            seed=seed,
            by=by,
            processes=processes or workers,
            progress=progress,
            tried=None if tried is None else tell,
        )

    settings = context.settings
    model = spread(learn, settings.cluster, settings.processes, settings.without_cluster)
    model = score_on_drawn(model, drawn.values, drawn.species)
    return context.registry.register(_warned(model, checks), by=by).card


def _champion_if_any(context: AppContext, study: str) -> Model | None:
    """The champion; None where there is none, or its files are lost: a new version is then what is needed most."""
    if not context.registry.champion_version(study):
        return None
    try:
        return context.champion(study)
    except ArtifactRefused:
        return None


def _warned(model: Model, checks: tuple[Check, ...]) -> Model:
    """The model with what was noticed of the plants that came since the last training among the warnings of its card."""
    from flora_core.learning.data_checks.checks import DRIFT

    told = tuple(check.detail for check in checks if check.name == DRIFT and check.state == "warning")
    return replace(model, card=model.card.model_copy(update={"warnings": (*model.card.warnings, *told)}))
