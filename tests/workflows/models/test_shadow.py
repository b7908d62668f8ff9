"""A challenger in the shadow: asked in silence, compared on random determinations, heard by the gate."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from flora_core.determination import AT_RANDOM, AnswerKind, GivenName
from flora_core.errors import Conflict, Refused, Unknown
from flora_core.learning.training import train
from flora_core.storage.records.determinations import Slip
from flora_core.storage.schema import identifications, recordings
from flora_core.workflows.batch.plan import BatchRequest, plan_batch
from flora_core.workflows.batch.run import run_batch
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.plants import answers_of
from flora_core.workflows.models.comparison import compare_versions, gate_at
from flora_core.workflows.models.lifecycle import iris_plants
from flora_core.workflows.models.shadow import (
    gate_with_shadow,
    shadow_comparison,
    stop_watching,
    watch_in_shadow,
)
from flora_core.workflows.monitor.documents import monitor_document
from flora_core.workflows.monitor.run import monitor_study
from tests.workflows.monitor.seasons import flowers, record_flowers


def challenger(context: AppContext, algorithm: str = "bayes") -> int:
    study = context.champion("iris").study
    card = context.registry.register(train(study, iris_plants(), algorithm=algorithm, by="Ada"), by="Ada").card
    return card.version or 0


def worse_challenger(context: AppContext) -> int:
    """A version that has two species the wrong way round."""
    plants = iris_plants()
    swapped = np.array([0, 2, 1])[plants.species]
    study = context.champion("iris").study
    model = train(study, replace(plants, species=swapped), algorithm="lda", by="Ada")
    return context.registry.register(model, by="Ada").card.version or 0


def shadows(context: AppContext) -> list[tuple[int | None, int | None, float | None]]:
    statement = (
        select(
            recordings.c.shadow_version, identifications.c.shadow_species, identifications.c.shadow_probability
        )
        .join(recordings, recordings.c.id == identifications.c.recording)
        .order_by(identifications.c.recording, identifications.c.row)
    )
    with context.database.read() as connection:
        return [tuple(row) for row in connection.execute(statement)]


def table_of(values: np.ndarray) -> io.BytesIO:
    names = "sepal_length,sepal_width,petal_length,petal_width"
    rows = [",".join("" if np.isnan(v) else f"{v:g}" for v in row) for row in values]
    return io.BytesIO("\n".join([names, *rows, ""]).encode())


def test_it_says_in_silence_what_it_would_have_said_of_every_recorded_plant(either: AppContext) -> None:
    version = challenger(either)
    values, _ = flowers(either.champion("iris"), 60, seed=1)
    values[5, 2] = np.nan
    record_flowers(either, values[:3], 0)
    watch_in_shadow(either, "iris", version, by="Ada", why="before it identifies")
    before = [either.champion("iris").card.version]
    record_flowers(either, values[:4], 1)
    table = table_of(values)
    plan = plan_batch(either, table, BatchRequest("iris", "plants.csv"))
    run_batch(either, table, plan, by="Ada")
    found = shadows(either)
    assert found[:3] == [(None, None, None)] * 3
    expected = answers_of(either.model("iris", version), np.vstack([values[:4], values])).tolist()
    assert [species for _, species, _ in found[3:]] == expected
    assert {watched for watched, _, _ in found[3:]} == {version}
    assert all(0.3 < (sure or 0) <= 1 for _, _, sure in found[3:])
    # Nobody hears of it: what identifies, and what is said, is as it was.
    assert [either.champion("iris").card.version] == before
    stop_watching(either, "iris", by="Ada")
    record_flowers(either, values[:2], 2)
    assert shadows(either)[-2:] == [(None, None, None)] * 2


def test_nothing_that_is_told_changes_while_one_watches(context: AppContext) -> None:
    values, _ = flowers(context.champion("iris"), 30, seed=2)
    aloud = record_flowers(context, values, 0)
    document = monitor_document(monitor_study(context, "iris", window="day"))
    watch_in_shadow(context, "iris", worse_challenger(context), by="Ada", why="to see")
    beside = record_flowers(context, values, 0)
    assert [one.plant for one in beside] == [one.plant for one in aloud]
    again = monitor_document(monitor_study(context, "iris", window="day"))
    assert [entry["species"] for entry in again["mix"]] == [
        {name: 2 * n for name, n in entry["species"].items()} for entry in document["mix"]
    ]


def determine_at_random(context: AppContext, recorded: tuple, kinds: np.ndarray, source: str = AT_RANDOM) -> None:
    names = context.champion("iris").study.species_names
    context.determinations.add(
        [
            Slip(one.id, GivenName(AnswerKind.SPECIES, names[kind]), "Hanna", "2026-06-20", 2, source=source)
            for one, kind in zip(recorded, kinds, strict=True)
        ],
        entered_by="Hanna",
    )


def test_where_they_differ_and_who_was_right_is_told(context: AppContext) -> None:
    version = worse_challenger(context)
    watch_in_shadow(context, "iris", version, by="Ada", why="to see")
    values, kinds = flowers(context.champion("iris"), 90, seed=3)
    recorded = record_flowers(context, values, 0)
    seen = shadow_comparison(context, "iris")
    assert seen is not None
    setosa = int((kinds == 0).sum())
    assert (seen.plants, seen.right, seen.answer) == (90, None, "")
    assert setosa - 3 <= seen.agreed <= setosa
    assert seen.low < seen.agreed / 90 < seen.high
    assert {(one.champion, one.challenger) for one in seen.disagreements[:2]} == {
        ("Iris versicolor", "Iris virginica"),
        ("Iris virginica", "Iris versicolor"),
    }
    # Determinations that nobody drew at random say nothing of who is right more often.
    determine_at_random(context, recorded[40:], kinds[40:], source="")
    assert (shadow_comparison(context, "iris") or seen).right is None
    determine_at_random(context, recorded[:40], kinds[:40])
    seen = shadow_comparison(context, "iris")
    assert seen is not None
    assert seen.right is not None
    assert (seen.right.plants, seen.answer) == (40, "worse")
    assert seen.right.p < 0.001
    assert seen.right.only_champion > 15
    assert seen.right.only_challenger <= 1


def test_too_few_random_determinations_say_how_many_more_are_needed(context: AppContext) -> None:
    watch_in_shadow(context, "iris", challenger(context), by="Ada", why="to see")
    values, kinds = flowers(context.champion("iris"), 12, seed=4)
    determine_at_random(context, record_flowers(context, values, 0), kinds)
    seen = shadow_comparison(context, "iris")
    assert seen is not None
    assert seen.answer == "cannot tell"
    assert seen.plants_needed is not None
    assert seen.more_needed == seen.plants_needed - 12
    assert f"About {seen.plants_needed:,} plants would settle it" in seen.finding


@pytest.mark.slow
def test_the_gate_hears_what_was_said_in_the_shadow(context: AppContext) -> None:
    version = challenger(context, "lda")
    comparison, gate = compare_versions(context, "iris", 1, version)
    assert not any("In the shadow" in reason for reason in gate.reasons)
    watch_in_shadow(context, "iris", version, by="Ada", why="to see")
    values, kinds = flowers(context.champion("iris"), 30, seed=5)
    determine_at_random(context, record_flowers(context, values, 0), kinds)
    _, heard = compare_versions(context, "iris", 1, version)
    assert any("In the shadow, on plants drawn at random" in reason for reason in heard.reasons)
    seen = shadow_comparison(context, "iris")
    assert seen is not None
    assert seen.right is not None
    # Another margin, or plants that were determined after the comparison: the shadow is heard as it is by then, once.
    card = context.registry.card("iris", version)
    for margin in (gate.margin, 0.05):
        for kept in (gate, heard):
            at = gate_at(kept, comparison, card, margin, seen)
            assert [reason.startswith("In the shadow, on plants") for reason in at.reasons].count(True) == 1
            assert at.margin == margin
    bad = replace(seen, right=replace(seen.right, champion=0.97, challenger=0.7, p=0.001))
    assert gate_with_shadow(gate, bad).passed is False
    open_question = replace(gate, answer="cannot tell", objections=())
    good = replace(seen, right=replace(seen.right, champion=0.95, challenger=0.95, low=-0.019, high=0.019))
    assert gate_with_shadow(open_question, good).proven
    assert not gate_with_shadow(replace(open_question, margin=0.01), good).proven
    assert gate_with_shadow(open_question, None) is open_question


def test_who_can_t_watch_is_refused_with_a_reason(context: AppContext) -> None:
    version = challenger(context)
    with pytest.raises(Refused, match="Who lets it watch, and why"):
        watch_in_shadow(context, "iris", version, by="Ada", why=" ")
    with pytest.raises(Conflict, match="identifies"):
        watch_in_shadow(context, "iris", 1, by="Ada", why="to see")
    with pytest.raises(Unknown):
        watch_in_shadow(context, "iris", 99, by="Ada", why="to see")
    with pytest.raises(Conflict, match="No version of iris watches"):
        stop_watching(context, "iris", by="Ada")
    watch_in_shadow(context, "iris", version, by="Ada", why="to see")
    with pytest.raises(Conflict, match="watches already"):
        watch_in_shadow(context, "iris", version, by="Ada", why="to see")


@pytest.mark.parametrize("end", ["promote", "retire"])
def test_who_is_promoted_or_retired_watches_no_more(context: AppContext, end: str) -> None:
    version = challenger(context)
    watch_in_shadow(context, "iris", version, by="Ada", why="to see")
    assert context.registry.watching_version("iris") == version
    getattr(context.registry, end)("iris", version, "Ada", "done")
    assert context.registry.watching_version("iris") is None
    assert shadow_comparison(context, "iris") is None


def test_a_version_whose_files_are_gone_keeps_nobody_from_recording(context: AppContext) -> None:
    version = challenger(context)
    watch_in_shadow(context, "iris", version, by="Ada", why="to see")
    context._loaded.pop(("iris", version), None)
    files = [one for one in (context.settings.models / "iris").rglob("*") if one.is_file() and str(version) in one.parent.name]
    assert files
    for file in files:
        file.unlink()
    record_flowers(context, flowers(context.champion("iris"), 2, seed=6)[0], 0)
    assert shadows(context)[-2:] == [(None, None, None)] * 2
