"""The pictures of a version: their titles say the finding, their points are the card's, and a screen reader hears both."""

import numpy as np
import plotly.graph_objects as go
import pytest

from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.paired_tests import difference
from ui.charts import model

INK = "#06100a"
EVERY = (
    model.recalls,
    lambda card, ink: model.reliability_chart([card], ink),
    lambda card, ink: model.reliability_chart([card, card], ink),
    model.learning,
    model.importance_chart,
)


@pytest.mark.parametrize("draw", EVERY)
def test_plotly_takes_the_picture_and_a_screen_reader_hears_its_numbers(champion, draw):
    picture = draw(champion.card, INK)
    go.Figure(picture.figure.to_dict())  # plotly itself finds nothing wrong with it
    assert picture.title
    assert any(c.isdigit() for c in picture.alt)


def test_the_weakest_species_and_its_interval_are_those_of_the_card(champion):
    picture = model.recalls(champion.card, INK)
    points, score = picture.figure.data[0], champion.card.scores.by_species["Iris versicolor"]
    assert picture.title == "Weakest: I. versicolor, 48 of 50 named right"
    assert points.x[1] == pytest.approx(96)
    assert points.x[1] - points.error_x.arrayminus[1] == pytest.approx(100 * score.recall_low)
    assert points.x[1] + points.error_x.array[1] == pytest.approx(100 * score.recall_high)


def test_a_certainty_beyond_chance_is_named_in_the_title(champion):
    bins = champion.card.calibration_bins
    wrong = bins[0].model_copy(update={"certainty": 0.9, "right": 0.5, "low": 0.27, "high": 0.73, "plants": 20})
    card = champion.card.model_copy(update={"calibration_bins": (wrong, *bins[1:])})
    assert model.reliability_chart([card], INK).title == "Where it is about 90 % sure, 50 % were right (20 plants)"


def test_a_part_just_beyond_its_own_interval_is_chance_among_ten(champion):
    bins = champion.card.calibration_bins
    near = bins[0].model_copy(update={"certainty": 0.77, "right": 0.5, "low": 0.27, "high": 0.73, "plants": 20})
    card = champion.card.model_copy(update={"calibration_bins": (near, *bins[1:])})
    assert model.reliability_chart([card], INK).title == "Well calibrated, within sampling error"


def test_columns_hold_equally_many_plants_and_say_so(champion):
    picture = model.reliability_chart([champion.card], INK)
    assert [row["plants"] for row in picture.rows] == [15] * 10
    assert all("n = 15" in text for text in picture.figure.layout.xaxis.ticktext)
    # A band and a line for each column.
    assert len(picture.figure.layout.shapes) == 20


def test_an_older_card_is_drawn_by_ranges_of_certainty(champion):
    older = [b.model_copy(update={"least": None, "most": None}) for b in champion.card.calibration_curve]
    card = champion.card.model_copy(update={"calibration_bins": (), "calibration_curve": tuple(older)})
    picture = model.reliability_chart([card], INK)
    assert len(picture.rows) == len(older)
    assert picture.figure.layout.xaxis.ticktext[0].startswith("about ")


def test_most_important_is_first_and_its_drop_is_in_the_title(champion):
    picture = model.importance_chart(champion.card, INK)
    assert picture.title.startswith("Petal length matters most: without it ")
    drops = list(picture.figure.data[0].x)
    assert drops == sorted(drops, reverse=True)


def compared(by_species):
    nothing = difference(np.ones(150, bool), np.ones(150, bool))
    return Comparison(nothing, by_species, 0, 0, 0, 0, 1, 1, 1, 1, None, "")


def test_a_species_named_worse_beyond_chance_is_the_title(champion):
    study, right = champion.study, np.ones(50, bool)
    half = np.arange(50) % 2 == 0
    per = dict(zip(study.species_names, (right, half, right), strict=True))
    worse = compared({name: difference(right, new) for name, new in per.items()})
    better = compared({name: difference(old, right) for name, old in per.items()})
    same = compared({name: difference(right, right) for name in per})
    picture = model.differences(study, worse, INK)
    assert picture.title == "I. versicolor is named worse: -50.0 points"
    assert picture.figure.data[0].x == pytest.approx((0, -50, 0))
    assert model.differences(study, better, INK).title == "I. versicolor is named better: +50.0 points"
    assert model.differences(study, same, INK).title == "No species is named better or worse beyond chance"


def test_where_no_measurement_is_missed_there_is_a_sentence_and_no_picture(champion):
    none = tuple(i.model_copy(update={"drop": 0.0, "low": 0.0, "high": 0.0}) for i in champion.card.importance)
    picture = model.importance_chart(champion.card.model_copy(update={"importance": none}), INK)
    assert picture.title == "No measurement alone is missed: the others tell as much"
    assert not picture.figure.data
