"""Work that fans out gives the same answers here and elsewhere, and little work stays here."""

import numpy as np
import pytest

from flora_core import parallel
from flora_core.learning import novelty
from flora_core.learning.training import train
from flora_core.monitoring.drift.univariate import univariate_drifts
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


def square(task):
    return task * task


@pytest.fixture
def spread(monkeypatch):
    """However little is left to do, it is spread; how often that was."""
    monkeypatch.setattr(parallel, "KNOWN", -1.0)
    monkeypatch.setattr(parallel, "WORTH_STARTING", -1.0)
    seen, usual = [], parallel._by_others

    def counted(*words):
        seen.append(words)
        return usual(*words)

    monkeypatch.setattr(parallel, "_by_others", counted)
    return seen


def test_little_work_and_one_worker_stay_here(monkeypatch):
    monkeypatch.setattr(parallel, "_by_others", lambda *_: pytest.fail("started others"))
    with parallel.at_once(4):
        assert sorted(parallel.work_through(square, [1, 2, 3])) == [1, 4, 9]
    monkeypatch.setattr(parallel, "KNOWN", -1.0)
    monkeypatch.setattr(parallel, "WORTH_STARTING", -1.0)
    assert sorted(parallel.work_through(square, [1, 2, 3])) == [1, 4, 9]


@pytest.mark.slow
def test_columns_have_the_same_drift_to_the_last_digit(spread):
    rng = np.random.default_rng(3)
    before, now = rng.normal(size=(300, 6)), rng.normal(0.2, size=(200, 6))
    names = list("abcdef")
    alone = univariate_drifts(names, before, now)
    assert spread == []
    with parallel.at_once(2):
        assert univariate_drifts(names, before, now) == alone
    assert len(spread) == 1


@pytest.mark.slow
def test_species_left_out_in_turn_are_noticed_alike(spread, monkeypatch):
    alone = train(IRIS, iris_plants(), algorithm="lda")
    both = train(IRIS, iris_plants(), algorithm="lda", processes=2)
    assert any(words[0] is novelty._without for words in spread)
    assert both.card.unknown_species == alone.card.unknown_species
    assert both.novelty.usual_level == alone.novelty.usual_level
