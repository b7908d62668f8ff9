"""Two versions of a study on the same plants, and what the gate says of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flora_core.progress import Progress, no_progress
from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.errors import Refused
from flora_core.model import Bools, Floats, Ints, Model, ModelCard, TrainingPlants
from flora_core.storage.cluster import spread
from flora_core.study import Study
from flora_core.workflows.models.determined_plants import DeterminedPlants, determined_plants, with_determined
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.shadow import ShadowComparison, gate_with_shadow, shadow_comparison
from flora_core.workflows.models.training_data import learned_from, rows_known

if TYPE_CHECKING:
    from flora_core.learning.comparison.model_comparison import Comparison
    from flora_core.learning.comparison.promotion_gate import Gate


@use_case(UseCase.COMPARE)
def compare_versions(
    context: AppContext,
    study: str,
    champion: int,
    challenger: int,
    *,
    margin: float | None = None,
    processes: int | None = None,
    progress: Progress = no_progress,
) -> tuple[Comparison, Gate]:
    """Challenger against champion, learned again on the same folds; and on determined plants that neither learned from.

    Reads only. Takes as long as training both with their settings once.

    Parameters
    ----------
    margin : float, optional
        The share of plants by which the challenger may be worse and still count as good; 0.02 where not given.

    Raises
    ------
    Unknown
        There is no such study or version.
    Refused
        They can't be compared, or the margin can't be used; the message says why.
    ArtifactRefused
        A version's files are not those that were registered.
    """
    from flora_core.learning.comparison.model_comparison import compare
    from flora_core.learning.comparison.promotion_gate import MARGIN, evaluate_gate

    if champion == challenger:
        raise Refused(f"Version {champion} is compared with itself; name two versions.")
    found = context.studies.get(study)
    old, new = context.model(study, champion), context.model(study, challenger)
    known = determined_plants(context, found)
    table = context.studies.plants(found)
    plants, champion_knew = _plants_of_both(found, table, rows_known(context, found, table, old), known, old, new)

    def ask(workers: int) -> Comparison:
        return compare(
            found,
            plants,
            old,
            new,
            _unseen(known, old, new),
            champion_knew=champion_knew,
            processes=processes or workers,
            progress=progress,
        )

    settings = context.settings
    comparison = spread(ask, settings.cluster, settings.processes, settings.without_cluster)
    gate = _believed(evaluate_gate(comparison, new.card, MARGIN if margin is None else margin), new, plants)
    # What it said in the shadow speaks where the comparison is with the version that spoke aloud.
    shadowed = champion == context.registry.champion_version(study)
    return comparison, gate_with_shadow(gate, shadow_comparison(context, study, challenger) if shadowed else None)


def _believed(gate: Gate, challenger: Model, plants: TrainingPlants) -> Gate:
    """The same gate; shut where a model that was brought in does not itself what its card makes one expect.

    What is compared is learned anew from the card's settings; a file's own model might be another.
    """
    if challenger.card.imported is None:
        return gate
    from flora_core.learning.import_validation import named_right

    share, low, high = named_right(challenger, plants)
    text = (
        f"As it was brought in, it names {100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f}) of these plants right; its "
        f"card states {100 * challenger.card.scores.accuracy:.1f} % of plants it had not seen."
    )
    fine = high >= challenger.card.scores.low
    return replace(
        gate, reasons=(*gate.reasons, text), objections=gate.objections if fine else (*gate.objections, text)
    )


def gate_at(
    gate: Gate, comparison: Comparison, challenger: ModelCard, margin: float, seen: ShadowComparison | None = None
) -> Gate:
    """The same judgement with another margin, and with what was seen in the shadow by now; nothing is compared again.

    Raises
    ------
    Refused
        The margin can't be used.
    """
    from flora_core.learning.comparison.promotion_gate import evaluate_gate

    if abs(gate.margin - margin) < 1e-12 and gate.answer:
        return gate_with_shadow(gate, seen)
    before, after = (evaluate_gate(comparison, challenger, m) for m in (gate.margin, margin))
    # What was looked at beside the comparison, like a file's own model, stays as it was.
    beside = tuple(reason for reason in gate.reasons if reason not in before.reasons) if gate.answer else ()
    against = tuple(reason for reason in gate.objections if reason in beside)
    whole = replace(after, reasons=(*after.reasons, *beside), objections=(*after.objections, *against))
    return gate_with_shadow(whole, seen)


def _plants_of_both(
    study: Study, table: TrainingPlants, rows_known: Bools, known: DeterminedPlants, old: Model, new: Model
) -> tuple[TrainingPlants, Bools]:
    """The table with the determined plants that either learned from, and which rows the champion knew."""
    by_old, by_either = learned_from(known, old), learned_from(known, old) | learned_from(known, new)
    plants = with_determined(study, table, known.some(by_either))
    return replace(plants, asked=None), np.concatenate([rows_known, by_old[by_either]])


def _unseen(known: DeterminedPlants, old: Model, new: Model) -> tuple[Floats, Ints] | None:
    """Determined plants that neither learned from; None where there are none."""
    fresh = known.some(~(learned_from(known, old) | learned_from(known, new)))
    return (fresh.values, fresh.species) if len(fresh) else None


def comparison_document(comparison: Comparison, gate: Gate) -> dict[str, Any]:
    """A comparison and what the gate says of it, for programs."""
    document = asdict(comparison)
    document["gate"] = {
        "passed": gate.passed,
        "proven": gate.proven,
        "answer": gate.answer,
        "plants": gate.plants,
        "plants_needed": gate.plants_needed,
        "margin": gate.margin,
        "sentence": gate.sentence,
        "reasons": list(gate.reasons),
        "objections": list(gate.objections),
    }
    return document
