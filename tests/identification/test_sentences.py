import numpy as np
import pytest

from flora_core.identification.sentences import probability_text
from flora_core.wording import listed
from flora_core.workflows.identify import identify_with
from tests.builders import typed_flower


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (typed_flower(), "Iris setosa: all 4 measurements lie among its flowers."),
        (
            typed_flower(sepal_length=6.0, sepal_width=2.7, petal_length=4.9, petal_width=1.6),
            "Iris cf. virginica: the flower fits both I. virginica and I. versicolor.",
        ),
        (
            typed_flower(sepal_length=6.6, sepal_width=3.4, petal_length=5.0, petal_width=1.7),
            "Iris versicolor, although the sepal width of 3.4 cm is large for it; I. virginica is less likely (13 %).",
        ),
        (
            {"sepal_length": "5.9", "sepal_width": "2.8"},
            "Iris cf. versicolor: the flower fits both I. versicolor and I. virginica; named without the petal length and petal width.",
        ),
        (
            {"petal_length": "1.4"},
            "Iris setosa: the measurement lies among its flowers; named without the sepal length, sepal width and petal width.",
        ),
        (typed_flower(petal_width=0.6), "Iris setosa, although the petal width of 0.6 cm is large for it."),
        (
            typed_flower(petal_length=14),
            "None of these: the petal length of 14.0 cm fits no species here; the training flowers have 1.0 to 6.9 cm. "
            "Did you mean petal length 1.4 cm?",
        ),
        (
            typed_flower(sepal_length=6.3, sepal_width=3.3, petal_length=6.0, petal_width=0.25),
            "None of these: the petal width of 0.25 cm does not go with the other values in any species here. "
            "Did you mean petal width 2.5 cm?",
        ),
        (
            typed_flower(sepal_length=29, sepal_width=0.3, petal_length=7.7, petal_width=3.4),
            "None of these: the flower lies outside every species of this study.",
        ),
    ],
)
def test_what_a_botanist_would_say(champion, typed, sentence):
    assert identify_with(champion, typed).sentence == sentence


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "more than 99 %"),
        (0.991, "more than 99 %"),
        (0.93, "93 %"),
        (0.004, "less than 1 %"),
        (0.0, "less than 1 %"),
    ],
)
def test_nobody_is_ever_certain(p, text):
    assert probability_text(p) == text


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_they_are_spoken(items, text):
    assert listed(items) == text


def test_every_training_flower_gets_a_sentence_that_begins_with_its_answer(champion):
    from tests.builders import iris_table

    for row in iris_table()[0]:
        typed = dict(zip(champion.study.names, map(str, row), strict=True))
        found = identify_with(champion, typed)
        assert found.sentence.startswith(found.answer.name)
        assert found.sentence.endswith(".")
        assert "nan" not in found.sentence.lower()
    assert np.isfinite(found.probability).all()
