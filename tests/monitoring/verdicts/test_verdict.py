import numpy as np
import pytest

from flora_core.monitoring.drift.attribution import decompose_plants
from flora_core.monitoring.drift.samples import PlantSample, compare_plants
from flora_core.monitoring.performance.cbpe import MetricEstimate
from flora_core.monitoring.performance.realised import realised
from flora_core.monitoring.verdicts.verdict import window_verdict
from flora_core.monitoring.verdicts.wording import Wording
from flora_core.study import IRIS

NAMES = ["sepal_length", "petal_length"]
WORDING = Wording(
    written=lambda name, value: IRIS.measurement(name).written(value),
    label=lambda name: IRIS.measurement(name).label,
    species=("Iris setosa", "Iris versicolor"),
)
GOOD = MetricEstimate(0.953, 0.03, 0.882, 0.998, 42, 0.9)


def plants(n, seed=0, **changes):
    rng = np.random.default_rng(seed)
    species = rng.choice(2, n, p=changes.get("mix", (0.5, 0.5)))
    values = rng.normal([5.0, 3.0], [0.5, 0.6], (n, 2)) + species[:, None] * [0.9, 1.5]
    values *= changes.get("factor", 1.0)
    values += changes.get("shift", 0.0)
    return PlantSample(values, species, rng.beta(30, 2, n), rng.random(n) >= changes.get("unfit", 0.0))


def said(m=42, wording=WORDING, n=150, **changes):
    extra = {key: changes.pop(key) for key in ("estimated", "realised", "reference") if key in changes}
    return window_verdict(compare_plants(NAMES, 2, plants(n), plants(m, 1, **changes)), wording, **extra)


def test_all_is_well_in_the_words_of_the_page():
    real = realised(2, np.zeros(42, int), np.array([0] * 16 + [1] + [-1] * 25))
    found = said(estimated=GOOD, realised=real, reference=(147, 150))
    assert found.verdict == "green"
    assert found.sentence == (
        "The last 42 plants look like the training flora. Estimated accuracy 95 % (88-100); 17 determined, 16 right."
    )
    assert found.reasons == ()
    assert found.power == "With 42 plants a shift of 0.31 cm in sepal length would be seen about half of the time."


@pytest.mark.parametrize(
    ("m", "sentence"),
    [
        (7, "7 plants are too few to say; 13 more are needed."),
        (1, "1 plant is too few to say; 19 more are needed."),
        (0, "There are no plants to compare with the training flora yet."),
    ],
)
def test_too_few_to_say(m, sentence):
    found = said(m)
    assert (found.verdict, found.sentence, found.needed, found.power) == ("too few", sentence, 20 - m, "")


def test_a_reference_that_is_too_small():
    assert (
        said(30, n=5).sentence == "The training flora has 5 plants, too few to say anything; 15 more are needed there."
    )


def test_a_ruler_read_in_millimetres():
    found = said(factor=10.0)
    assert found.verdict == "red"
    assert found.sentence.startswith(
        "The last 42 plants do not look like the training flora: sepal length is 48.77 cm higher than before (5.5 cm to 54.27 cm)"
    )
    assert found.reasons[0].next_step == (
        "That is about 10 times as much: ask whether millimetres and centimetres were mixed up by a ruler or a file."
    )
    assert "lie far outside" in found.reasons[0].text


def test_another_mix_and_strangers_each_have_their_own_next_step():
    steps = {r.topic: r.next_step for r in (*said(mix=(0.05, 0.95)).reasons, *said(unfit=0.4).reasons)}
    assert steps["mix"] == "Collect determinations of what has become more common."
    assert steps["unfit"] == "Look at those plants: there may be another species among them."
    mix = next(r for r in said(mix=(0.05, 0.95)).reasons if r.topic == "mix")
    assert mix.text.startswith("The mix of species has changed: Iris setosa 45 % before, 5 % now.")


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        (
            {"mix": (0.0, 1.0)},
            "Most of it comes from another mix of species: collect determinations of what has become more common.",
        ),
        (
            {"shift": 0.9},
            "It changed within the species: check ruler and unit on ten plants, and ask whether they were pressed.",
        ),
    ],
)
def test_a_shift_has_the_next_step_of_where_it_comes_from(changes, step):
    reference, current = plants(150), plants(60, 1, **changes)
    parts = decompose_plants(NAMES, 2, reference, current)
    found = window_verdict(compare_plants(NAMES, 2, reference, current), WORDING, decompositions=parts)
    assert next(r for r in found.reasons if r.topic == "measurement").next_step == step


def test_fewer_right_than_when_the_model_was_scored():
    real = realised(2, np.zeros(42, int), np.array([0] * 12 + [1] * 10 + [-1] * 20))
    found = said(estimated=GOOD, realised=real, reference=(147, 150))
    assert found.verdict == "red"
    assert found.sentence.startswith(
        "The last 42 plants look like the training flora, but of 22 determined plants 12 were named right (55 %, "
    )
    assert found.reasons[0].next_step == "Train with the determinations, and compare the new version with this one."


def test_an_estimate_below_what_chance_explains_is_amber():
    found = said(estimated=MetricEstimate(0.80, 0.05, 0.7, 0.89, 42, 0.9))
    assert (found.verdict, found.reasons[0].topic) == ("amber", "estimate")
    assert "below the 90 % that chance explains" in found.sentence


def test_a_column_that_was_never_measured_is_no_error():
    current = plants(30, 1)
    current.values[:] = np.nan
    found = window_verdict(compare_plants(NAMES, 2, plants(150), current), WORDING)
    assert found.verdict == "red"  # every plant lacks a measurement
    assert found.sentence.startswith(
        "The last 30 plants do not look like the training flora: 30 of 30 plants lack a measurement"
    )


def test_the_gravest_reason_comes_first():
    found = said(200, shift=0.9, unfit=0.06)
    verdicts = [reason.verdict for reason in found.reasons]
    assert verdicts == sorted(verdicts, key=["red", "amber"].index)
