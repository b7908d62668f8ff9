import os
import subprocess
import sys

import numpy as np
import psutil
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from flora_core import parallel
from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.folds import make_folds
from flora_core.learning.validation.out_of_fold import out_of_fold
from flora_core.parallel import one_thread
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants
from tests.servers import ROOT

IRIS = iris_plants()


def recipe(name="lda", **given):
    return Recipe(ALGORITHMS[name], resolve_hyperparameters(ALGORITHMS[name], given), seed=0)


def test_probabilities_are_sklearn_s_on_the_same_folds():
    folds = make_folds(IRIS, 10, seed=3)
    steps = []
    (found,) = out_of_fold([(recipe(), folds)], IRIS, lambda q, f: steps.append((q, f)))
    for f in folds:
        fitted = LinearDiscriminantAnalysis().fit(IRIS.values[f.train], IRIS.species[f.train])
        assert found.raw[f.test] == pytest.approx(fitted.predict_proba(IRIS.values[f.test]))
    assert steps == [(0, f) for f in range(1, 11)]


def test_leave_one_out_names_147_of_150_and_misses_fisher_s_famous_three():
    wrong = []
    for i in range(150):
        others = np.arange(150) != i
        fitted = recipe().fit(IRIS.values[others], IRIS.species[others], 3)
        if fitted.predict_proba(IRIS.values[i : i + 1]).argmax() != IRIS.species[i]:
            wrong.append(i + 1)
    assert wrong == [71, 84, 134]


def test_several_recipes_on_folds_of_their_own_are_answered_in_order():
    ten, five = make_folds(IRIS, 10, seed=0), make_folds(IRIS, 5, seed=1)
    together = out_of_fold([(recipe(), ten), (recipe("bayes"), five), (recipe("tree"), ten)], IRIS)
    for (which, folds), found in zip([("lda", ten), ("bayes", five), ("tree", ten)], together, strict=True):
        (alone,) = out_of_fold([(recipe(which), folds)], IRIS)
        assert (found.raw == alone.raw).all()


def test_a_species_missing_from_a_training_part_gets_probability_zero_there():
    plants = make_plants((20, 1, 20))
    (found,) = out_of_fold([(recipe(), make_folds(plants, 2, seed=0))], plants)
    assert found.raw[20, 1] == 0.0
    assert found.raw.sum(axis=1) == pytest.approx(np.ones(41))


@pytest.mark.slow
def test_two_processes_give_the_very_same_answers(monkeypatch):
    folds = make_folds(IRIS, 5, seed=0)
    questions = [(recipe("forest", trees=20), folds), (recipe("boosting", trees=20), folds), (recipe("svm"), folds)]
    with one_thread():
        alone = out_of_fold(questions, IRIS)
        monkeypatch.setattr(parallel, "KNOWN", 0.0)
        monkeypatch.setattr(parallel, "WORTH_STARTING", 0.0)
        steps = []
        both = out_of_fold(questions, IRIS, lambda q, f: steps.append(q), processes=2)
    assert sorted(steps) == [0] * 5 + [1] * 5 + [2] * 5
    for one, two in zip(alone, both, strict=True):
        assert (one.raw == two.raw).all()


@pytest.mark.slow
def test_whoever_watches_may_stop_the_other_processes_too(monkeypatch):
    monkeypatch.setattr(parallel, "KNOWN", 0.0)
    monkeypatch.setattr(parallel, "WORTH_STARTING", 0.0)

    def stop(question, fold):
        if fold == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        out_of_fold([(recipe("forest", trees=20), make_folds(IRIS, 5, seed=0))], IRIS, stop, processes=2)


def test_little_work_starts_no_other_process(monkeypatch):
    monkeypatch.setattr(parallel, "_by_others", lambda *_: pytest.fail("started others"))
    out_of_fold([(recipe(), make_folds(IRIS, 10, seed=0))], IRIS, processes=2)


@pytest.mark.slow
def test_workers_end_with_the_training_that_was_killed(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "from flora_core import parallel\n"
        "from flora_core.learning.training import train\n"
        "from flora_core.workflows.models.lifecycle import iris_plants\n"
        "from flora_core.study import IRIS\n"
        "parallel.KNOWN = parallel.WORTH_STARTING = 0.0\n"
        "told = lambda done, total, doing: print(done, flush=True)\n"
        "train(IRIS, iris_plants(), algorithm='forest', search=200, processes=2, progress=told)\n"
    )
    training = subprocess.Popen(
        [sys.executable, script], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        while int(training.stdout.readline()) < 8:
            pass
        workers = [p for p in psutil.Process(training.pid).children() if "popen_loky" in " ".join(p.cmdline())]
        assert len(workers) == 2
    finally:
        training.kill()
        training.wait()
        training.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive
