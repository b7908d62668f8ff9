import numpy as np
import pytest

from flora_core.identification.fitness import misfits
from flora_core.identification.mix_ups import did_you_mean, mix_ups, offers
from tests.builders import iris_table, make_flower

NAN = np.nan


@pytest.mark.parametrize(
    ("values", "question", "corrected"),
    [
        (dict(petal_length=14.0), "Did you mean petal length 1.4 cm?", make_flower()),
        (dict(sepal_length=51.0), "Did you mean sepal length 5.1 cm?", make_flower()),
        (
            dict(sepal_length=51, sepal_width=35, petal_length=14, petal_width=2),
            "Did you mean sepal length 5.1 cm, sepal width 3.5 cm, petal length 1.4 cm, petal width 0.2 cm: "
            "was the flower measured in millimetres?",
            make_flower(),
        ),
        (
            dict(sepal_length=1.4, sepal_width=0.2, petal_length=5.1, petal_width=3.5),
            "Did you mean sepal length 5.1 cm, sepal width 3.5 cm, petal length 1.4 cm, petal width 0.2 cm: "
            "are sepal and petal swapped?",
            make_flower(),
        ),
        (
            dict(petal_length=0.2, petal_width=1.4),
            "Did you mean petal length 1.4 cm, petal width 0.2 cm: are petal length and petal width swapped?",
            make_flower(),
        ),
        (dict(sepal_length=510.0), "Did you mean sepal length 5.1 cm?", make_flower()),
    ],
)
def test_the_one_change_that_helps_is_asked_about(champion, values, question, corrected):
    found = did_you_mean(champion, make_flower(**values))
    assert found is not None
    assert found.question == question
    assert found.values == pytest.approx(corrected)


def test_nothing_is_asked_where_the_plant_fits(champion):
    assert did_you_mean(champion, make_flower()) is None


def test_nothing_is_asked_where_no_change_helps(champion):
    assert did_you_mean(champion, np.array([29.0, 0.3, 7.7, 3.4])) is None


def test_nothing_is_asked_where_several_changes_would_help(champion):
    # One value alone: divided by ten or by 2.54 twice over, any of them may be what was meant.
    ambiguous = np.array([NAN, NAN, 12.0, NAN])
    assert misfits(champion.gaussians, ambiguous[None]).min() > 1
    inside = [v for v in (1.2, 12 / 2.54) if misfits(champion.gaussians, np.array([[NAN, NAN, v, NAN]])).min() <= 1]
    assert len(inside) == 2
    assert did_you_mean(champion, ambiguous) is None


def test_many_plants_get_the_suggestions_they_would_get_alone(champion):
    X, _ = iris_table()
    wrong = X[::10].copy()
    wrong[:, 2] *= 10
    wrong[3, 1] = NAN
    together = mix_ups(champion, wrong)
    alone = [did_you_mean(champion, row) for row in wrong]
    assert [s and s.question for s in together] == [s and s.question for s in alone]
    assert any(together)


def test_a_column_in_millimetres_becomes_one_offer(champion):
    X, _ = iris_table()
    wrong = X.copy()
    wrong[:, 2] *= 10
    (first, *_) = offers(mix_ups(champion, wrong))
    assert first.change.words == "petal length divided by 10"
    assert first.rows > 100
    assert first.examined == 150


def test_a_few_odd_rows_become_no_offer(champion):
    assert offers([did_you_mean(champion, make_flower(petal_length=14.0))]) == []
