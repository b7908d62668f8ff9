"""A mix-up is claimed where it mends nearly all of the unfit plants; what else it may be stays beside it."""

from datetime import UTC, datetime

import numpy as np

from flora_core.storage.records.samples import Sample
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import monitor_study
from flora_core.workflows.monitor.mix_ups import mix_up_of
from tests.workflows.monitor.seasons import day, flowers, record_flowers


def sample(values):
    n = len(values)
    nobody = [""] * n
    return Sample(
        values,
        np.full((n, 3), 1 / 3),
        np.zeros(n, int),
        np.zeros(n, bool),
        [datetime(2026, 6, 1, tzinfo=UTC)] * n,
        nobody,
        nobody,
        nobody,
    )


def test_a_change_that_mends_three_quarters_of_them_is_no_mix_up(champion):
    wrong, _ = flowers(champion, 40, seed=1)
    wrong[:, 3] *= 10
    assert mix_up_of(champion, sample(wrong)).words == "petal width divided by 10"
    strange = wrong.copy()
    strange[:10] = [9.0, 6.0, 12.0, 6.0]
    assert mix_up_of(champion, sample(strange)) is None


def test_beside_a_mix_up_the_other_explanation_stays(context: AppContext) -> None:
    values, _ = flowers(context.champion("iris"), 60, seed=3)
    values[:20, 3] *= 10
    record_flowers(context, values, 0)
    found = monitor_study(context, "iris", until=day(1))
    assert "divided by 10" in found.reasons[0]
    assert any("may be of a species that the model does not know" in reason for reason in found.reasons)
