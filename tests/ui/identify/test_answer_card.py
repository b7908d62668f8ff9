import re

import pytest

from flora_core.workflows.identify import identify_with
from tests.builders import typed_flower
from ui.identify.answer_card import answer_card, candidate_rows, track_record, why


def found(champion, **values):
    return identify_with(champion, typed_flower(**values))


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_the_card_says_name_certainty_and_sentence(champion):
    assert words(answer_card(found(champion))) == "Iris setosa ✓ Sure All 4 measurements lie among its flowers."


def test_the_card_of_a_stranger_gives_no_certainty(champion):
    text = words(answer_card(found(champion, petal_length=14)))
    assert (
        text
        == "None of these ⊘ Fits none The petal length of 14.0 cm fits no species here; the training flowers have 1.0 to 6.9 cm."
    )


def test_candidates_are_listed_likeliest_first_with_what_is_ruled_out(champion):
    text = words(candidate_rows(found(champion, sepal_length=6.0, sepal_width=2.7, petal_length=4.9, petal_width=1.6)))
    assert text.endswith(
        "Iris virginica 57 % possible Iris versicolor 43 % possible Iris setosa less than 1 % ruled out"
    )


def test_a_certain_name_of_an_unusual_flower_is_shown_with_that_doubt_and_without_a_record(champion):
    unusual = found(champion, sepal_length=5.5, sepal_width=4.6)
    assert "? Unusual" in words(answer_card(unusual))
    assert "may be none of them" in words(answer_card(unusual))
    assert words(candidate_rows(unusual)).startswith("If it is one of these species:")
    assert track_record(unusual) == ""
    assert "If it is one" not in words(candidate_rows(found(champion)))
    assert track_record(found(champion))


def test_why_has_a_row_for_each_measurement_that_was_taken(champion):
    html = why(found(champion, sepal_width=""))
    assert html.count("<th scope='row'") == 3
    text = words(html)
    assert "Petal length 1.4 cm" in text
    assert "strongly for I. setosa ; strongly against I. versicolor and I. virginica" in text
    assert "Iris setosa 1.2 to 1.7 cm" in text


def test_a_value_outside_everything_speaks_for_none(champion):
    assert "for none: it lies far outside them all" in words(why(found(champion, petal_length=14)))


@pytest.mark.parametrize("values", [{}, {"petal_length": 14}, {"sepal_width": "", "petal_width": ""}])
def test_all_positions_lie_on_the_strip(champion, values):
    for share in re.findall(r"(?:left|width):([\d.-]+)%", why(found(champion, **values))):
        assert 0 <= float(share) <= 100
