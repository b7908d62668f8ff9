"""The facts of a report on a study: gathered here, put on paper by `flora_core.reporting`."""

from __future__ import annotations

from dataclasses import dataclass

from flora_core.errors import FloraError
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.promotion_gate import Gate
from flora_core.learning.data_checks.checks import Check, failed, sanity_checks
from flora_core.model import ModelCard
from flora_core.monitoring.decision import Verdict as Colour
from flora_core.storage.records.statistics import Figures
from flora_core.storage.registry.registry import Event
from flora_core.study import Study
from flora_core.workflows.context import House
from flora_core.workflows.models.comparison import compare_versions
from flora_core.workflows.models.determined_plants import determined_plants
from flora_core.workflows.models.training_data import all_plants
from flora_core.workflows.monitor.current_verdict import Verdict, verdict


@dataclass(frozen=True, slots=True)
class Rival:
    """The newest challenger, and how it compares; `problem` where it can't be compared."""

    card: ModelCard
    comparison: Comparison | None
    gate: Gate | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a report says.

    Attributes
    ----------
    study : Study
    simulated : bool
        Whether it is a demonstration; the report says so.
    champion : ModelCard
    checks : tuple of Check
        Of the newest training table and the determined plants, which the next training would learn from.
    rival : Rival or None
    watched : Verdict
    history : tuple of Event
        Newest last.
    """

    study: Study
    simulated: bool
    champion: ModelCard
    checks: tuple[Check, ...]
    rival: Rival | None
    watched: Verdict
    history: tuple[Event, ...]

    @property
    def verdict(self) -> Colour:
        """Red where a check failed or the monitor says so; else what the monitor says."""
        return "red" if failed(self.checks) else self.watched.verdict


def gather(house: House, study: str) -> Facts:
    """The facts as they are now; reads only.

    Raises
    ------
    Unknown, NoChampion, ArtifactRefused, DatabaseUnavailable
    """
    found = house.studies.get(study)
    champion = house.champion(study)
    plants, known = all_plants(house, found, determined_plants(house, found), champion)
    return Facts(
        study=found,
        simulated=study not in Figures(house.database).studies(),
        champion=champion.card,
        checks=sanity_checks(found, plants, known),
        rival=_rival(house, found),
        watched=verdict(house, study),
        history=house.registry.events(study),
    )


def newest_challenger(house: House, study: str) -> int | None:
    """The newest version that is younger than the champion and not retired; None where there is none."""
    champion = house.registry.champion_version(study) or 0
    retired = {e.version for e in house.registry.events(study) if e.kind == "retired"}
    younger = [v.version for v in house.registry.versions(study) if v.version > champion and v.version not in retired]
    return max(younger, default=None)


def _rival(house: House, study: Study) -> Rival | None:
    version = newest_challenger(house, study.name)
    if version is None:
        return None
    card = house.registry.card(study.name, version)
    try:
        comparison, gate = compare_versions(house, study.name, house.champion(study.name).card.version or 0, version)
    except FloraError as error:
        return Rival(card, None, None, error.message)
    return Rival(card, comparison, gate)
