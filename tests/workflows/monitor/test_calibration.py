"""How sure the names of determined plants were, window by window, and how many of them came true."""

import numpy as np
import pytest

from flora_core.workflows.identify import identify_with
from flora_core.workflows.monitor import calibration, certainties_of, monitor_study
from tests.workflows.monitor.seasons import day, determine, flowers, record_flowers


@pytest.fixture
def model(context):
    return context.champion("iris")


def asked(context, until=30):
    return certainties_of(context, monitor_study(context, "iris", until=day(until), window="week"))


def test_without_determinations_there_is_nothing(context, model):
    record_flowers(context, flowers(model, 30)[0], 0)
    found = asked(context)
    assert (found.windows, found.together.plants) == ((), 0)


def test_each_window_has_what_was_said_and_what_came_true(context, model):
    values, kinds = flowers(model, 60, seed=1)
    for week in range(2):
        recorded = record_flowers(context, values[30 * week : 30 * week + 30], 7 * week)
        determine(context, recorded[:25], kinds[30 * week : 30 * week + 25], 7 * week + 2)
    found = asked(context)
    assert [(w.span.since, w.found.plants, w.alert) for w in found.windows] == [
        (day(0), 25, False),
        (day(7), 25, False),
    ]
    said = [
        identify_with(model, dict(zip(model.study.names, map(str, row), strict=True))).probability.max()
        for row in values[:25]
    ]
    assert found.windows[0].found.said == pytest.approx(np.mean(said), abs=1e-3)
    assert found.together.plants == 50
    assert found.together.right >= 45


def test_names_that_were_sure_and_wrong_are_an_alert(context, model):
    values, kinds = flowers(model, 40, seed=2)
    recorded = record_flowers(context, values, 0)
    determine(context, recorded, (kinds + 1) % 3, 2)
    (window,) = asked(context).windows
    assert window.alert
    assert window.found.p_value < 0.001


def test_the_work_is_bounded_by_the_newest(context, model, monkeypatch):
    values, kinds = flowers(model, 40, seed=3)
    recorded = record_flowers(context, values, 0)
    determine(context, recorded, kinds, 2)
    monkeypatch.setattr(calibration, "MOST", 25)
    assert asked(context).together.plants == 25
