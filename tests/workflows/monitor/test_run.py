"""What the monitor says: in words, of the right plants, each version against its own reference."""

from __future__ import annotations

import numpy as np
import pytest

from flora_core.errors import Unknown
from flora_core.monitoring.statistics.clusters import Clustering
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import groups_of, monitor_document, monitor_study, version_windows
from tests.workflows.monitor.seasons import day, determine, flowers, record_flowers


@pytest.fixture
def model(context: AppContext):
    return context.champion("iris")


def test_nothing_recorded_is_nothing_to_watch(context: AppContext) -> None:
    found = monitor_study(context, "iris", until=day(30))
    assert (found.verdict, found.windows, found.last, found.plants) == ("too few", (), None, 0)
    assert found.sentence == "No flower was recorded from 2 July 2025 to 1 July 2026: there is nothing to watch yet."


def test_a_study_that_is_not_there_is_said(context: AppContext) -> None:
    with pytest.raises(Unknown, match="no study 'roses'"):
        monitor_study(context, "roses")


def test_a_few_plants_are_too_few_and_it_says_how_many_are_missing(context: AppContext, model) -> None:
    record_flowers(context, flowers(model, 12)[0], 0)
    found = monitor_study(context, "iris", until=day(3))
    assert found.verdict == "too few"
    assert found.sentence.startswith("12 flowers are too few to say; 8 more are needed.")


def test_ordinary_plants_are_green_with_what_is_known_of_their_names(context: AppContext, model) -> None:
    values, kinds = flowers(model, 42, seed=1)
    recorded = record_flowers(context, values, 0)
    determine(context, recorded[:17], kinds[:17], 2)
    found = monitor_study(context, "iris", until=day(3))
    assert found.verdict == "green"
    assert found.sentence.startswith("The last 42 flowers look like the training flowers. ")
    assert "Estimated accuracy" in found.sentence
    assert "17 determined," in found.sentence
    assert found.reasons == ()
    (window,) = found.windows
    assert (window.span.since, window.plants, window.verdict) == (day(0), 42, "green")


def test_the_last_plants_go_back_until_they_are_enough(context: AppContext, model) -> None:
    values, _ = flowers(model, 60, seed=2)
    for week in range(6):
        record_flowers(context, values[10 * week : 10 * week + 10], 7 * week)
    found = monitor_study(context, "iris", until=day(40))
    assert found.last is not None
    assert (found.last.plants, found.last.span.since) == (20, day(28))
    assert len(found.windows) == 6
    assert [window.verdict for window in found.windows] == ["too few"] * 6


def test_millimetres_are_named_as_such(context: AppContext, model) -> None:
    values, _ = flowers(model, 60, seed=3)
    values[:20, 3] *= 10
    record_flowers(context, values, 0)
    found = monitor_study(context, "iris", until=day(1))
    assert found.verdict == "red"
    assert "would fit with petal width divided by 10" in found.sentence
    assert "Look at the ruler" in found.reasons[0]
    assert not any("another species" in reason for reason in found.reasons)


def test_another_mix_is_told_from_another_measure(context: AppContext, model) -> None:
    record_flowers(context, flowers(model, 60, seed=4, species=(2,))[0], 0)
    found = monitor_study(context, "iris", until=day(1))
    assert found.verdict == "red"
    assert any("mix of species has changed: Iris virginica" in reason for reason in found.reasons)
    assert any("another mix of species" in reason for reason in found.reasons)


def test_windows_are_those_of_the_calendar_and_empty_ones_stay(context: AppContext, model) -> None:
    values, _ = flowers(model, 60, seed=5)
    record_flowers(context, values[:30], 0)
    record_flowers(context, values[30:], 15)
    weekly = monitor_study(context, "iris", until=day(20))
    assert [w.plants for w in weekly.windows] == [30, 0, 30]
    assert [w.plants for w in monitor_study(context, "iris", until=day(20), window="month").windows] == [60]
    daily = monitor_study(context, "iris", since=day(0), until=day(15), window="day")
    assert [w.plants for w in daily.windows] == [30, *[0] * 14, 30]
    assert monitor_study(context, "iris", since=day(1), until=day(14)).windows == ()


def test_a_champion_changed_in_the_middle_is_said_and_each_is_held_against_its_own_reference(
    context: AppContext, model
) -> None:
    from flora_core.learning.training import train
    from flora_core.workflows.models.lifecycle import iris_plants

    second = context.registry.register(train(model.study, iris_plants(), algorithm="lda", by="a test"), by="a test")
    values, _ = flowers(model, 70, seed=6)
    record_flowers(context, values[:40], 0)
    context.registry.promote("iris", second.card.version or 0, "a test", "a second one")
    record_flowers(context, values[40:], 2, version=2)
    found = monitor_study(context, "iris", until=day(4))
    (window,) = found.windows
    assert [(part.version, part.profile.plants) for part in window.parts] == [(1, 40), (2, 30)]
    assert all(part.profile.bins is not window.parts[0].profile.bins for part in window.parts[1:])
    assert found.sentence.startswith("Version 2: The last 30 flowers look like")
    assert "The 40 named by version 1 look like what it was trained on." in found.sentence
    assert any("Versions 1 and 2 named these flowers" in note for note in found.notes)
    assert monitor_study(context, "iris", until=day(4), version=1).plants == 40


def test_late_names_are_counted_in_the_window_of_their_plants_and_change_the_verdict(
    context: AppContext, model
) -> None:
    values, kinds = flowers(model, 80, seed=7)
    first = record_flowers(context, values[:40], 0)
    record_flowers(context, values[40:], 21)
    assert monitor_study(context, "iris", until=day(22)).verdict == "green"
    # What nobody can see in the measurements: they are all of another species than they look.
    determine(context, first, (kinds[:40] + 1) % 3, 22)
    then = monitor_study(context, "iris", until=day(22), known=day(21))
    now = monitor_study(context, "iris", until=day(22))
    assert (then.verdict, now.verdict) == ("green", "red")
    assert "But names that came lately tell otherwise: of 40 determined flowers" in now.sentence
    assert now.windows[0].parts[0].realised.determined == 40
    assert now.windows[0].verdict == "red"
    assert any("Train with the determinations" in reason for reason in now.reasons)


def test_plants_dated_ahead_are_said(context: AppContext, model) -> None:
    record_flowers(context, flowers(model, 30, seed=8)[0], 10)
    found = monitor_study(context, "iris", today=day(3))
    assert found.plants == 0
    assert "30 flowers are dated after the last day shown: was a clock wrong?" in found.notes


def test_the_document_is_the_contract_s(context: AppContext, model) -> None:
    values, kinds = flowers(model, 42, seed=1)
    determine(context, record_flowers(context, values, 0)[:17], kinds[:17], 2)
    record_flowers(context, values[:5], 8)
    document = monitor_document(monitor_study(context, "iris", until=day(10)))
    assert {"verdict", "sentence", "reasons", "drift", "accuracy", "mix", "unfit"} <= set(document)
    first = [entry for entry in document["drift"] if entry["window"] == "2026-06-01"]
    assert [(e["measurement"], e["metric"]) for e in first[:3]] == [
        ("sepal_length", "wasserstein"),
        ("sepal_length", "psi"),
        ("sepal_width", "wasserstein"),
    ]
    assert all(e["n"] == 42 and e["value"] <= e["threshold"] and not e["alert"] for e in first if e["p"])
    one, two = document["accuracy"]
    assert (one["identified"], one["determined"]) == (42, 17)
    assert one["low"] <= one["realised"] <= one["high"]
    assert 0 < one["estimated_low"] < one["estimated"] <= one["estimated_high"] <= 1
    assert (two["window"], two["determined"], two["realised"], two["low"]) == ("2026-06-08", 0, None, None)
    (mix, _), (unfit, _) = document["mix"], document["unfit"]
    assert sum(mix["species"].values()) + mix["none_of_these"] == mix["n"] == 42
    assert unfit["low"] <= unfit["share"] <= unfit["high"]


def test_a_collector_whose_ruler_is_wrong_is_found(context: AppContext, model) -> None:
    values, _ = flowers(model, 90, seed=9)
    wrong = values[60:].copy()
    wrong[:, 0] += 1.0
    record_flowers(context, values[:60], 0)
    record_flowers(context, wrong, 0, collector="Bob", site="Meadow")
    groups, looked_at = groups_of(context, "iris", 1, "collector", day(0), day(1))
    assert looked_at == 90
    assert [(group.name, group.plants, group.verdict) for group in groups] == [("Ada", 60, "green"), ("Bob", 30, "red")]
    assert "sepal length is" in groups[1].window_verdict.sentence
    assert [g.name for g in groups_of(context, "iris", 1, "site", day(0), day(1))[0]] == ["Shore", "Meadow"]
    assert groups_of(context, "iris", 1, "file", day(5), day(6)) == ((), 0)


def test_one_far_value_lowers_no_verdict(context: AppContext, model) -> None:
    values, _ = flowers(model, 60, seed=10)
    values[:, 0] = np.minimum(values[:, 0] + 0.8, 25.0)
    record_flowers(context, values, 0)
    before = monitor_study(context, "iris", until=day(1)).verdict
    record_flowers(context, np.array([[29.9, 29.9, 29.9, 29.9]]), 0)
    assert before == monitor_study(context, "iris", until=day(1)).verdict == "red"


def test_plants_of_one_site_count_as_few_where_the_training_table_tells_how_alike_they_are(
    context: AppContext, model, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, _ = flowers(model, 60, seed=20)
    record_flowers(context, values + np.array([0.0, 0.0, 0.6, 0.0]), 0)
    alone = monitor_study(context, "iris", until=day(1))
    assert alone.verdict in ("amber", "red")
    assert "They come from 1 site only: flowers of one site resemble each other" in alone.sentence
    known = Clustering(0.3, (15,) * 10)
    monkeypatch.setattr(version_windows, "reference_clustering", lambda context, study, sha256: known)
    held = monitor_study(context, "iris", until=day(1))
    assert held.verdict == "green"
    assert "intraclass correlation 0.30): these 60 count as 3. One alone can hardly show anything." in held.sentence


def test_plants_of_many_sites_need_no_warning(context: AppContext, model) -> None:
    values, _ = flowers(model, 60, seed=20)
    for i in range(0, 60, 10):
        shifted = values[i : i + 10] + np.array([0.0, 0.0, 1.2, 0.0])
        record_flowers(context, shifted, 0, site=f"Site {i}", collector="Bob")
    found = monitor_study(context, "iris", until=day(1))
    assert found.verdict == "red"
    assert "resemble each other" not in found.sentence
