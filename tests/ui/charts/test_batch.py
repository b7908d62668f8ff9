"""The pictures of a table: the counts they show, and the same in words."""

import numpy as np
import pytest

from flora_core.learning.training import train
from tests.builders import make_plants, make_study
from ui.charts.batch import plants_among_training


def test_plants_lie_among_the_training_plants_and_strangers_are_crosses(champion):
    values = np.array([[5.1, 3.5, 1.4, 0.2], [5.1, 3.5, 14.0, 0.2], [5.1, np.nan, np.nan, 0.2]])
    picture = plants_among_training(champion, values, np.array([0, -1, 0]), 2, 3, "#000", 7)
    assert picture.title == "Where they lie among the 150 training flowers, the first 3"
    names = [trace.name for trace in picture.figure.data]
    assert "table: <i>I. setosa</i>" in names
    assert "table: none of these" in names
    assert picture.alt.startswith("Scatter plot of 2 plants of the table")
    assert "1 of them, drawn as crosses" in picture.alt


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
