"""The facts of a report on a study: gathered here, put on paper by `flora_core.reporting`."""

from __future__ import annotations

from dataclasses import dataclass

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.promotion_gate import Gate
from flora_core.learning.data_checks.checks import Check, failed, sanity_checks
from flora_core.model import ModelCard
from flora_core.monitoring.decision import Verdict as Colour
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.storage.registry.registry import Event
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.comparison import compare_versions
from flora_core.workflows.models.determined_plants import determined_plants
from flora_core.workflows.models.lifecycle import newest_challenger
from flora_core.workflows.models.training_data import all_plants
from flora_core.workflows.monitor.current_verdict import CurrentVerdict, current_verdict


@dataclass(frozen=True, slots=True)
class ChallengerComparison:
    """The newest challenger, and how it compares; `problem` where it can't be compared."""

    card: ModelCard
    comparison: Comparison | None
    gate: Gate | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StudyReport:
    """Everything a report says.

    Attributes
    ----------
    study : Study
    simulated : bool
        Whether it is a demonstration; the report says so.
    champion : ModelCard
    checks : tuple of Check
        Of the newest training table and the determined plants, which the next training would learn from.
    rival : ChallengerComparison or None
    watched : CurrentVerdict
    history : tuple of Event
        Newest last.
    """

    study: Study
    simulated: bool
    champion: ModelCard
    checks: tuple[Check, ...]
    rival: ChallengerComparison | None
    watched: CurrentVerdict
    history: tuple[Event, ...]

    @property
    def verdict(self) -> Colour:
        """Red where a check failed or the monitor says so; else what the monitor says."""
        return "red" if failed(self.checks) else self.watched.verdict


@use_case(UseCase.READ_MONITOR)
def build_study_report(context: AppContext, study: str) -> StudyReport:
    """The facts as they are now; reads only.

    Raises
    ------
    Unknown, NoChampion, ArtifactRefused, DatabaseUnavailable
    """
    found = context.studies.get(study)
    champion = context.champion(study)
    plants, known = all_plants(context, found, determined_plants(context, found).to_learn_from(), champion)
    return StudyReport(
        study=found,
        simulated=study not in RecordStatistics(context.database).studies(),
        champion=champion.card,
        checks=sanity_checks(found, plants, known),
        rival=_rival(context, found),
        watched=current_verdict(context, study),
        history=context.registry.events(study),
    )


def _rival(context: AppContext, study: Study) -> ChallengerComparison | None:
    version = newest_challenger(context, study.name)
    if version is None:
        return None
    card = context.registry.card(study.name, version)
    try:
        comparison, gate = compare_versions(
            context, study.name, context.champion(study.name).card.version or 0, version
        )
    except FloraError as error:
        return ChallengerComparison(card, None, None, error.message)
    return ChallengerComparison(card, comparison, gate)
