"""May it go live? One test for each thing that can stand against a challenger, and that honest ones pass."""

from dataclasses import replace

import pytest

from flora_core.errors import Refused
from flora_core.learning.comparison.model_comparison import Comparison, compare
from flora_core.learning.comparison.paired_tests import Difference, mcnemar, tango
from flora_core.learning.comparison.promotion_gate import answer_of, evaluate_gate
from flora_core.learning.training import train
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, make_study


def difference(plants=150, lost=2, won=2, right=145):
    low, high = tango(won, lost, plants)
    return Difference(
        plants=plants,
        champion=right / plants,
        challenger=(right - lost + won) / plants,
        low=low,
        high=high,
        only_champion=lost,
        only_challenger=won,
        p=mcnemar(lost, won),
    )


FINE = Comparison(
    overall=difference(),
    by_species={name: difference(50, 1, 1, 48) for name in IRIS.species_names},
    log_loss=0.0,
    log_loss_low=-0.1,
    log_loss_high=0.1,
    calibration_error=0.03,
    calibration_p=0.4,
    coverage=0.97,
    coverage_low=0.93,
    coverage_high=0.99,
    determined=None,
    sentence="",
)


def test_a_challenger_like_the_champion_passes_with_every_reason_and_its_numbers(champion):
    gate = evaluate_gate(FINE, champion.card)
    assert gate.passed
    assert (gate.answer, gate.plants, gate.proven) == ("cannot tell", 150, False)
    assert gate.sentence == gate.reasons[0]
    assert gate.reasons == (
        "Cannot tell with 150 plants: the new version names 145 of 150 right, the old one 145 (+0.0 points, 95 % interval -3.6 "
        "to +3.6), which reaches past 2 points below. About 375 plants would settle it.",
        "No species of 3 is named worse beyond chance.",
        "Its certainties mean what they say (calibration error 3.0 %, p = .40).",
        "Its prediction sets hold the true species for 97.0 % (93.0 to 99.0) of the plants; 95 % is promised.",
        "It names 98.0 % right, and always naming the commonest species 33.3 %.",
    )


WORSE_SPECIES = {**FINE.by_species, "Iris virginica": difference(50, 9, 1, 48)}


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (
            {"overall": difference(lost=10, won=2)},
            "Worse: the new version names 137 of 150 right, the old one 145 (-5.3 points, 95 % interval -10.7 to -1.0).",
        ),
        ({"by_species": WORSE_SPECIES}, "Iris virginica: 80.0 against 96.0 % right (n = 50), worse beyond chance."),
        (
            {"determined": difference(20, 7, 0, 18)},
            "On determined plants 55.0 against 90.0 % right (n = 20), worse beyond chance.",
        ),
        (
            {"calibration_error": 0.12, "calibration_p": 0.002},
            "Its certainties do not mean what they say (calibration error 12.0 %, p = .002).",
        ),
        (
            {"coverage": 0.88, "coverage_low": 0.82, "coverage_high": 0.93},
            "Its prediction sets hold the true species for 88.0 % (82.0 to 93.0) of the plants; 95 % is promised.",
        ),
    ],
)
def test_each_thing_that_can_stand_against_it(champion, change, objection):
    gate = evaluate_gate(replace(FINE, **change), champion.card)
    assert not gate.passed
    assert gate.objections == (objection,)
    assert gate.sentence == f"The gate is shut: {objection}"
    assert evaluate_gate(replace(FINE, **change), champion.card) == gate


def test_no_better_than_always_naming_the_commonest(champion):
    card = champion.card.model_copy(update={"baseline": 0.99})
    gate = evaluate_gate(FINE, card)
    assert gate.objections == ("It names 98.0 % right, and always naming the commonest species 99.0 %.",)


def test_of_many_species_one_bad_day_is_no_objection(champion):
    """One in twenty honest species looks this bad by chance; among forty the limit is stricter."""
    unlucky = difference(30, 5, 0, 28)  # p = 1/32, mid-p
    few = {"a": unlucky}
    many = {f"species {i}": difference(30, 1, 1, 28) for i in range(39)} | few
    assert not evaluate_gate(replace(FINE, by_species=few), champion.card).passed
    assert evaluate_gate(replace(FINE, by_species=many), champion.card).passed


def test_a_tiny_calibration_error_is_none_however_sure_it_is(champion):
    assert evaluate_gate(replace(FINE, calibration_error=0.01, calibration_p=0.001), champion.card).passed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "passes", "answer"),
    [
        ("logistic", {}, True, "cannot tell"),
        ("svm", {}, True, "cannot tell"),
        ("forest", {"trees": 20}, True, "cannot tell"),
    ],
)
def test_other_families_on_iris_and_a_blunt_key(champion, name, settings, passes, answer):
    """Each names up to four flowers fewer right, which is within chance, and says honestly how sure it is."""
    plants = iris_plants()
    other = train(IRIS, plants, algorithm=name, hyperparameters=settings)
    gate = evaluate_gate(compare(IRIS, plants, champion, other), other.card)
    assert (gate.passed, gate.answer) == (passes, answer), gate.objections
    blunt = train(IRIS, plants, algorithm="tree", hyperparameters={"depth": 1})
    assert not evaluate_gate(compare(IRIS, plants, other, blunt), blunt.card).passed


@pytest.mark.slow
def test_honest_challengers_rarely_meet_a_shut_gate():
    """Two equally good versions on twenty tables: each of the gate's questions errs at most once in twenty."""
    shut = 0
    study = make_study(3, 3)
    for seed in range(20):
        # From 400 plants on nothing is repeated, which is quicker than fewer plants.
        plants = make_plants((140, 140, 140), 3, gap=1.2, seed=seed)
        old, new = (train(study, plants, algorithm=name) for name in ("lda", "bayes"))
        shut += not evaluate_gate(compare(study, plants, old, new), new.card).passed
    assert shut <= 4


@pytest.mark.parametrize(
    ("plants", "lost", "won", "answer"),
    [
        (150, 0, 0, "cannot tell"),
        (400, 0, 0, "as good"),
        (150, 2, 3, "cannot tell"),
        (2000, 20, 22, "as good"),
        (1000, 5, 40, "better"),
        (1000, 60, 20, "worse"),
        (1000, 40, 20, "cannot tell"),
    ],
)
def test_the_answer_asks_for_proof_and_not_for_absence_of_proof(plants, lost, won, answer):
    found, needed, sentence = answer_of(difference(plants, lost, won, round(0.9 * plants)))
    assert found == answer or (found == "worse" and answer == "cannot tell")
    assert sentence.lower().startswith(found)
    if found == "cannot tell":
        assert needed is None or needed > plants


def test_as_many_plants_as_it_asks_for_do_settle_it():
    _, needed, _ = answer_of(difference(150, 2, 3, 147))
    scale = needed / 150
    found, _, _ = answer_of(
        difference(round(1.3 * needed), round(2.6 * scale), round(3.9 * scale), round(147 * 1.3 * scale))
    )
    assert found == "as good"


def test_a_wider_margin_lets_more_pass_and_an_impossible_one_is_refused(champion):
    assert evaluate_gate(FINE, champion.card, 0.05).answer == "as good"
    assert evaluate_gate(FINE, champion.card, 0.05).proven
    with pytest.raises(Refused, match="at most 20"):
        evaluate_gate(FINE, champion.card, 0.0)
    with pytest.raises(Refused, match="margin of 50 points"):
        evaluate_gate(FINE, champion.card, 0.5)


def test_two_versions_that_never_differ_need_as_many_plants_as_the_interval_of_nothing():
    _, needed, _ = answer_of(difference(150, 0, 0, 147))
    assert answer_of(difference(needed, 0, 0, needed))[0] == "as good"
    assert answer_of(difference(needed - 2, 0, 0, needed - 2))[0] == "cannot tell"
