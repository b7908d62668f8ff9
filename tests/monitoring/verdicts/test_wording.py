import pytest

from flora_core.monitoring.verdicts.wording import first_upper, interval_text, lower_first, percent, written_p


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.95, "95"), (1.0, "100"), (0.0, "0"), (0.9999, "99.9"), (0.996, "99.6"), (0.00001, "0.1"), (0.004, "0.4")],
)
def test_nothing_is_certain_that_is_not(share, text):
    assert percent(share) == text


def test_intervals_are_rounded_outwards():
    assert interval_text(0.8837, 0.9961) == "88-100"
    assert interval_text(0.0, 1.0) == "0-100"


@pytest.mark.parametrize(
    ("p", "text"), [(0.31, ".31"), (0.0123, ".012"), (0.0004, "< .001"), (1.0, "1"), (0.999, "1"), (None, "unknown")]
)
def test_p_values_as_papers_write_them(p, text):
    assert written_p(p) == text


def test_p_values_in_a_sentence():
    assert written_p(0.31, sign=True) == "= .31"
    assert written_p(0.0004, sign=True) == "< .001"


def test_sentences_begin_large_and_names_stay():
    assert first_upper("sepal") == "Sepal"
    assert lower_first("Sepal length") == "sepal length"
    assert lower_first("DERMASON") == "DERMASON"
