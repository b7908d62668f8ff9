"""The same plants named twice: the test, and the interval that agrees with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from flora_core.learning.comparison.paired_tests import Difference, difference, mcnemar, tango


def test_mcnemar_by_hand():
    assert mcnemar(0, 0) == mcnemar(7, 7) == 1.0
    # None of four: 2 * (1/16) - 1/16. One of four: 2 * 5/16 - 4/16.
    assert mcnemar(4, 0) == mcnemar(0, 4) == pytest.approx(1 / 16)
    assert mcnemar(3, 1) == pytest.approx(6 / 16)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_scipy_s_exact_test_less_half_of_what_was_seen(first, second):
    if first != second:
        exact = binomtest(min(first, second), first + second, 0.5).pvalue
        assert mcnemar(first, second) == pytest.approx(exact - binom.pmf(first, first + second, 0.5), abs=1e-9)


def test_tango_s_own_example():
    # Tango (1998), table V: 44 pairs, 1 and 0 disagree: -3.9 to 11.8 %; and 0 to 1 the other way round.
    low, high = tango(1, 0, 44)
    assert (low, high) == (pytest.approx(-0.0591, abs=2e-3), pytest.approx(0.1179, abs=2e-3))
    assert tango(0, 1, 44) == (pytest.approx(-high), pytest.approx(-low))


counts = st.integers(1, 200).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda a: st.tuples(st.just(a), st.integers(0, n - a), st.just(n)))
)


@given(counts)
def test_the_interval_holds_what_was_seen_and_leaves_0_out_where_the_test_does(found):
    more, fewer, n = found
    low, high = tango(more, fewer, n)
    assert -1 <= low <= (more - fewer) / n <= high <= 1
    assert high - low > 0
    p = mcnemar(fewer, more)
    # Of all pairs up to 400, the two differ in ten, none of them further from 0.05 than none against four (0.0625).
    if abs(p - 0.05) > 0.013:
        assert (low > 0 or high < 0) == (p < 0.05)


@pytest.mark.parametrize(
    ("n", "disagree", "share"), [(20, 0.3, 0.7), (50, 0.1, 0.5), (150, 0.05, 0.7), (150, 0.1, 0.95)]
)
def test_the_interval_holds_the_truth_in_19_of_20_cases(n, disagree, share):
    true, held = disagree * (2 * share - 1), 0.0
    for d in range(n + 1):
        if (weight := binom.pmf(d, n, disagree)) > 1e-7:
            for more in range(d + 1):
                low, high = tango(more, d - more, n)
                held += weight * binom.pmf(more, d, share) * (low <= true <= high)
    assert 0.935 <= held <= 1.0


def test_two_lists_of_answers():
    old, new = np.array([True] * 8 + [False] * 2), np.array([True] * 5 + [False] * 4 + [True])
    found = difference(old, new)
    assert (found.plants, found.champion, found.challenger) == (10, 0.8, 0.6)
    assert (found.only_champion, found.only_challenger) == (3, 1)
    assert found.value == pytest.approx(-0.2)
    assert (found.low, found.high) == tango(1, 3, 10)
    assert not found.worse()


def test_worse_beyond_chance():
    eight = Difference(
        plants=50,
        champion=1.0,
        challenger=0.84,
        low=-0.29,
        high=-0.07,
        only_champion=8,
        only_challenger=0,
        p=mcnemar(8, 0),
    )
    assert eight.worse()
    # None of eight: 2^-8.
    assert eight.p == pytest.approx(2**-8)
    assert not eight.worse(0.003)
    assert not Difference(50, 0.84, 1.0, 0.07, 0.29, 0, 8, mcnemar(0, 8)).worse()
