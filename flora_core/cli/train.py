"""`train`: a new version."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from flora_core.cli.options import Json, Study, context_with_champion, print_json, progress_bar
from flora_core.errors import ArtifactRefused
from flora_core.identification.sentences import scores_sentence
from flora_core.model import ModelCard, Scores
from flora_core.tables.columns.assignments import read_assignments

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core train --algorithm forest --set trees=300 --by 'A. Gray'")
def train(
    algorithm: Annotated[
        str,
        typer.Option(help="auto, lda, logistic, forest, svm, boosting, knn, tree or bayes; or several: lda,svm,knn."),
    ] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A hyperparameter of the algorithm.")
    ] = None,
    search: Annotated[int, typer.Option(metavar="N", help="Try N settings and keep the best.")] = 0,
    shape_ratios: Annotated[bool, typer.Option("--shape-ratios", help="Learn from log shape ratios too.")] = False,
    with_determinations: Annotated[
        bool, typer.Option("--with-determinations", help="Learn from plants that competent persons determined too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same plants, settings and seed give the same scores.")] = 0,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="How many processes may work at once; as FLORA_PROCESSES says where not given."),
    ] = None,
    by: Annotated[str, typer.Option(help="Who trains; your login name where not given.")] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """A new version of a study's model, with honest scores; not promoted."""
    from flora_core.workflows.models.training import train_version

    context = context_with_champion()
    card = train_version(
        context,
        study,
        algorithm=algorithm,
        hyperparameters={
            **read_assignments(settings, "--set", "NAME=VALUE; write for example trees=300", first_sign=True)
        },
        search=search,
        shape_ratios=shape_ratios,
        with_determinations=with_determinations,
        seed=seed,
        by=by or getpass.getuser(),
        processes=processes,
        progress=progress_bar("Training"),
    )
    if as_json:
        print_json(training_document(card))
        return
    typer.echo(f"{card.label}: {card.chosen}")
    typer.echo(_scored(card.scores))
    if card.group_scores is not None:
        typer.echo(_scored(card.group_scores))
    if told := scores_sentence(card):
        typer.echo(told)
    for warning in card.warnings:
        typer.echo(f"  {warning}")
    champion = context.registry.champion_version(study)
    following = f"compare {champion} {card.version}" if champion else f"promote {card.version} --why REASON"
    if champion:
        try:
            context.champion(study)
        except ArtifactRefused:
            # There is nothing left to compare with.
            following = f"promote {card.version} --overrule --by WHO --why REASON"
    typer.echo(f"Not promoted. Next: python -m flora_core models {following} --study {study}")


def training_document(card: ModelCard) -> dict[str, Any]:
    """What `train --json` says of a new version."""
    return {
        "study": card.study.name,
        "version": card.version,
        "algorithm": card.algorithm,
        "hyperparameters": card.hyperparameters,
        "scores": card.scores.model_dump(mode="json"),
        "group_scores": None if card.group_scores is None else card.group_scores.model_dump(mode="json"),
        "baseline": card.baseline,
        "warnings": list(card.warnings),
        "chosen": card.chosen,
        "plants": card.table.rows,
        "determined": card.table.determined,
        "set_apart": card.table.set_apart,
        "drawn_scores": None if card.drawn_scores is None else card.drawn_scores.model_dump(mode="json"),
        "searched": card.searched,
        "seed": card.seed,
        "seconds": card.seconds,
    }


def _scored(scores: Scores) -> str:
    return (
        f"Accuracy {100 * scores.accuracy:.1f} % (95 % interval {100 * scores.low:.1f} to {100 * scores.high:.1f}, "
        f"n = {scores.plants}), {scores.method}."
    )
