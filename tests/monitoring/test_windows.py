import numpy as np

from flora_core.monitoring.windows import Window, about, number_or_none, present, windows


def test_the_last_window_keeps_what_is_left_over():
    assert windows(10, 4) == (Window(0, 0, 4), Window(1, 4, 8), Window(2, 8, 10))
    assert [len(w) for w in windows(10, 4)] == [4, 4, 2]


def test_about_ten_windows_of_one_size_and_one_for_the_rest():
    assert [len(w) for w in about(1005, 10)] == [100] * 10 + [5]
    assert [len(w) for w in about(3, 10)] == [1, 1, 1]
    assert about(0, 10) == ()


def test_what_is_present():
    assert present(np.array([1.0, np.nan, np.inf, 2.0])).tolist() == [1.0, 2.0]
    assert present(np.array([0, -1, 2])).tolist() == [0, 2]


def test_a_document_holds_no_nan():
    assert number_or_none(float("nan")) is None
    assert number_or_none(float("inf")) is None
    assert number_or_none(None) is None
    assert number_or_none(np.float64(0.5)) == 0.5
