"""The automatic cycle: is a new model needed? Train it, judge it, promote it or keep the champion, and say why.

Safe to run every night, twice at once, or to kill in the middle: each step is kept before the next begins, and the next run
goes on from what it finds. A challenger that nobody has judged yet is judged; one that was refused is retired with the reason;
one of which nobody can tell waits, and is judged again until there are plants enough for another training.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final


from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.errors import ArtifactRefused, Refused
from flora_core.progress import Progress, no_progress
from flora_core.learning.data_checks.checks import failed, sanity_checks
from flora_core.model import ModelCard, TrainingPlants, TrainingTable
from flora_core.workflows.models.comparison import compare_versions
from flora_core.workflows.models.determined_plants import determined_plants, with_determined
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import promote, retire
from flora_core.workflows.models.lifecycle import newest_challenger
from flora_core.workflows.models.training import train_version
from flora_core.workflows.monitor.current_verdict import current_verdict
from flora_core.storage.shared_locks import holding

#: New determined plants that are worth a training: this many, or this share of those learned from.
_ENOUGH: Final = 20
_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Retrained:
    """What a run came to.

    Attributes
    ----------
    needed : bool
    version : int or None
        The version that was trained or judged.
    promoted : bool
    why : str
        In words.
    red : bool
        Whether somebody should look: the gate is shut, a check failed, or a red verdict could not be answered.
    """

    needed: bool
    version: int | None
    promoted: bool
    why: str
    red: bool = False


@use_case(UseCase.TRAIN, signs="by")
def retrain(context: AppContext, study: str, *, by: str, if_needed: bool = True, progress: Progress = no_progress) -> Retrained:
    """Run the cycle once for a study.

    Parameters
    ----------
    if_needed : bool
        False trains in any case.

    Raises
    ------
    Unknown, NoChampion, DatabaseUnavailable, Unavailable
        Nothing, or only whole steps, were done.
    """
    context.champion(study)
    with holding(context.locks, f"retraining-{study}") as mine:
        if not mine:
            return Retrained(False, None, False, f"Another process is retraining {study} just now.")
        return _cycle(context, study, by, if_needed, progress)


def _cycle(context: AppContext, study: str, by: str, if_needed: bool, progress: Progress) -> Retrained:
    champion = context.champion(study).card
    found = context.studies.get(study)
    known = determined_plants(context, found).to_learn_from()
    plants = with_determined(found, context.studies.plants(found), known)
    waiting = newest_challenger(context, study)
    # One that learned from the same plants as the champion is a person's experiment, and a person's to judge.
    if waiting is not None and _plants(context.registry.card(study, waiting).table) != _plants(champion.table):
        if not _reason(context.registry.card(study, waiting), plants):
            return _judge(context, study, waiting, by, f"v{waiting} waited to be judged.")
        why = f"{len(plants.species) - context.registry.card(study, waiting).table.rows} more determined plants are known now."
        retire(context, study, waiting, by=by, why=f"It waited, and nobody could tell whether it is as good. {why}")
    checks = failed(sanity_checks(found, plants))
    if checks:
        return Retrained(True, None, False, f"Not trained: {' '.join(check.detail for check in checks)}", red=True)
    seen = current_verdict(context, study)
    reason = f"The monitor is red: {seen.sentence}" if seen.verdict == "red" else _reason(champion, plants)
    learned = _plants(plants.table) in _learned(context, study)
    if if_needed and not reason:
        return Retrained(False, None, False, f"Not needed: the verdict is {seen.verdict}, {_news(champion, plants)}.")
    if if_needed and learned:
        text = (
            f"{reason} But there is nothing new to learn from: every plant known today was learned by a version before. "
            "Determine some of the last plants first."
        )
        return Retrained(True, None, False, text, red=seen.verdict == "red")
    try:
        card = train_version(context, study, with_determinations=True, by=by, progress=progress)
    except Refused as refused:
        return Retrained(True, None, False, f"Not trained: {refused.message}", red=True)
    return _judge(context, study, card.version or 0, by, reason or "Training was asked for.")


def _judge(context: AppContext, study: str, version: int, by: str, reason: str) -> Retrained:
    """Promote a version that learned from more plants, or is better, and passes the gate; retire it where the gate is shut,
    and let it wait where nobody can tell.
    """
    champion = context.champion(study).card
    challenger = context.registry.card(study, version)
    before = champion.version or 0
    comparison, gate = compare_versions(context, study, before, version)
    if not gate.passed:
        why = f"{reason} {gate.sentence}"
        retire(context, study, version, by=by, why=why)
        return Retrained(True, version, False, f"v{before} stays the champion; v{version} is retired. {why}", red=True)
    if not gate.proven:
        why = f"{reason} {gate.sentence} Nothing was proven, so the champion stays."
        return Retrained(True, version, False, f"v{before} stays the champion; v{version} waits. {why}")
    more = challenger.table.rows - champion.table.rows
    better = (comparison.overall.p < 0.05 and comparison.overall.value > 0) or comparison.log_loss_high < 0
    if more <= 0 and not better:
        why = f"{reason} It learned from no more plants and is no better. {comparison.sentence}"
        retire(context, study, version, by=by, why=why)
        return Retrained(True, version, False, f"v{before} stays the champion; v{version} is retired. {why}")
    learned = f"It learned from {more} more plants. " if more > 0 else ""
    why = f"{reason} {learned}{gate.sentence}"
    promote(context, study, version, by=by, why=why, judged=(before, comparison, gate))
    return Retrained(True, version, True, f"v{version} is the champion now. {why}")


def _plants(table: TrainingTable) -> tuple[str, int]:
    """Which plants a version learned from: the study's own table, and how many determined ones below it."""
    return table.sha256, table.determined


def _learned(context: AppContext, study: str) -> set[tuple[str, int]]:
    learned = set()
    for version in context.registry.versions(study):
        with suppress(ArtifactRefused):  # of one whose files are lost nobody knows
            learned.add(_plants(context.registry.card(study, version.version).table))
    return learned


def _reason(champion: ModelCard, plants: TrainingPlants) -> str:
    """That there are plants enough which a version has not learned from; "" where there are not."""
    new = len(plants.species) - champion.table.rows
    if new >= max(_ENOUGH, _SHARE * champion.table.rows):
        return f"There are {new} new determined plants to learn from."
    return ""


def _news(champion: ModelCard, plants: TrainingPlants) -> str:
    new = len(plants.species) - champion.table.rows
    enough = round(max(_ENOUGH, _SHARE * champion.table.rows))
    return f"and of the {enough} new determined plants that are worth a training there are {max(0, new)}"
