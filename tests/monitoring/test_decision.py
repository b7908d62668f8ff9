import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.monitoring.decision import holm, plants_missing, verdict_of, worst


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_correction_never_helps_and_keeps_the_order(values):
    corrected = holm(values)
    assert all(before <= after <= 1 for before, after in zip(values, corrected, strict=True))
    assert [c for _, c in sorted(zip(values, corrected, strict=True))] == sorted(corrected)


@pytest.mark.parametrize(
    ("p", "effect", "verdict"),
    [
        (0.009, True, "red"),
        (0.009, False, "amber"),
        (0.01, True, "amber"),
        (0.049, False, "amber"),
        (0.05, True, "green"),
    ],
)
def test_p_and_effect_together(p, effect, verdict):
    assert verdict_of(p, effect) == verdict


def test_how_many_plants_are_still_missing():
    assert plants_missing(150, 12) == 8
    assert plants_missing(5, 12) == 15
    assert plants_missing(150, 20) == 0


def test_the_gravest_verdict():
    assert worst(["green", "red", "amber"]) == "red"
    assert worst(["too few", "green"]) == "green"
    assert worst(["too few"]) == "too few"
    assert worst([]) == "too few"
