"""The pictures of a table: the counts they show, and the same in words."""

import numpy as np
import pytest

from flora_core.learning.training import train
from flora_core.study import IRIS
from tests.builders import make_plants, make_study
from ui.charts.batch import certainties, plants_among_training, species_counts


def test_species_are_ranked_and_strangers_stand_last():
    picture = species_counts(IRIS, {"Iris setosa": 5, "Iris virginica": 7}, 2, 14, "#000")
    bars = picture.figure.data[0]
    assert list(bars.x) == [2, 5, 7]
    assert list(bars.y)[-1] == "<i>I. virginica</i>"
    assert picture.title == "Commonest: I. virginica, 7 of 14"
    assert picture.alt == "Bars: plants of each species. Iris virginica 7; Iris setosa 5; none of these 2."


def test_forty_species_are_fifteen_bars_and_the_rest():
    study = IRIS.model_copy(
        update={"species": tuple(IRIS.species[0].model_copy(update={"name": f"Planta s{j:02d}"}) for j in range(40))}
    )
    picture = species_counts(study, {s.name: 40 - j for j, s in enumerate(study.species)}, 0, 820, "#000")
    assert list(picture.figure.data[0].x) == list(range(26, 41))
    assert picture.figure.layout.xaxis.title.text == f"plants; 25 more species have {820 - sum(range(26, 41))}"
    assert "25 more species have" in picture.alt


def test_certainty_is_counted_and_said():
    counts = np.zeros(20, dtype=np.int64)
    counts[[17, 19]] = (1, 3)
    picture = certainties(counts, "#000")
    assert sum(picture.figure.data[0].y) == 4
    assert picture.title == "75 % of 4 names: 95 % sure or more"
    assert picture.alt == "Bars: plants by how sure their name is. 85 to 90 % 1; 95 to 100 % 3."


def test_plants_lie_among_the_training_plants_and_strangers_are_crosses(champion):
    values = np.array([[5.1, 3.5, 1.4, 0.2], [5.1, 3.5, 14.0, 0.2], [5.1, np.nan, np.nan, 0.2]])
    picture = plants_among_training(champion, values, np.array([0, -1, 0]), 2, 3, "#000", 7)
    assert picture.title == "Where they lie among the 150 training flowers, the first 3"
    names = [trace.name for trace in picture.figure.data]
    assert "table: <i>I. setosa</i>" in names
    assert "table: none of these" in names
    assert picture.alt.startswith("Scatter plot of 2 plants of the table")
    assert "1 of them, drawn as crosses" in picture.alt


def test_where_most_fit_nothing_the_title_says_so():
    assert species_counts(IRIS, {"Iris setosa": 5}, 9, 14, "#000").title == "9 of 14 fit no species"
    assert species_counts(IRIS, {"Iris setosa": 9}, 5, 14, "#000").title == "Most: I. setosa, 9 of 14"


def test_of_many_species_the_commonest_are_coloured_and_the_legend_stays_short(many_species):
    model, values = many_species
    species = np.repeat(np.arange(12), 5)
    figure = plants_among_training(model, values, species, 0, 1, "#000").figure
    shown = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert shown[0] == "training plants"
    assert shown[-1] == "table: other species"
    assert len(shown) == 10
    assert sum(len(trace.x) for trace in figure.data if trace.name.startswith("table")) == 60


@pytest.fixture(scope="module")
def many_species():
    study, plants = make_study(12, 2), make_plants((8,) * 12, 2)
    return train(study, plants, algorithm="lda"), plants.values[:60]


@pytest.mark.parametrize("most", [1, 2, 6, 7, 300])
def test_no_number_stands_twice_on_an_axis_of_counts(most):
    axis = species_counts(IRIS, {"Iris setosa": most}, 0, most, "#000").figure.layout.xaxis
    assert axis.tickformat == ",d"
    assert axis.dtick == 1 if most <= 6 else axis.nticks == 6
