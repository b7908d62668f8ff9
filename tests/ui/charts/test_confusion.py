"""The confusion matrix: counts and mistakes of few species, order and groups of many, and cells that stay legible."""

import numpy as np
import plotly.graph_objects as go
import pytest

from flora_core.identification.look_alikes import look_alikes
from flora_core.study import Species
from ui.charts.confusion import confusion_matrix_chart

INK = "#06100a"


def with_confusion(card, table):
    names = [
        f"Planta {'abcdefghijklmnopqrstuvwxyz'[i // 26]}{'abcdefghijklmnopqrstuvwxyz'[i % 26]}a"
        for i in range(len(table))
    ]
    scores = card.scores.model_copy(update={"confusion": tuple(map(tuple, table.tolist()))})
    if len(table) == 3:
        return card.model_copy(update={"scores": scores})
    study = card.study.model_copy(update={"species": tuple(Species(name=name) for name in names)})
    return card.model_copy(update={"scores": scores, "study": study})


def shuffled_groups(k, rng):
    """Groups of three that are taken for each other, in an order that hides them."""
    table = np.diag(np.full(k, 8))
    place = rng.permutation(k)
    for first in range(0, k - 2, 3):
        group = place[first : first + 3]
        for i in group:
            for j in group:
                table[i, j] += 3 * (i != j)
    return table, [set(place[first : first + 3].tolist()) for first in range(0, k - 2, 3)]


def test_the_confusion_shows_plants_and_names_the_commonest_mistake(champion):
    picture = confusion_matrix_chart(champion.card, INK)
    right, wrong = picture.figure.data
    cells = np.asarray([[cell[0] for cell in row] for row in right.customdata])
    cells += np.asarray([[cell[0] for cell in row] for row in wrong.customdata])
    assert cells.tolist() == [[50, 0, 0], [0, 48, 2], [0, 1, 49]]
    assert picture.title == "Most often mistaken: I. versicolor taken for I. virginica, 2 of 50"
    assert list(picture.figure.layout.xaxis.ticktext) == [
        "<i>I. setosa</i>",
        "<i>I. versicolor</i>",
        "<i>I. virginica</i>",
    ]
    assert [row["count"] for row in picture.rows] == [2, 1]


def test_no_mistake_is_said_so(champion):
    card = with_confusion(champion.card, np.diag([50, 50, 50]))
    assert confusion_matrix_chart(card, INK, together=True).title == "Not one of 150 plants got another species’ name"


@pytest.mark.parametrize("k", [30, 100])
def test_look_alikes_of_many_species_stand_together(champion, k):
    table, groups = shuffled_groups(k, np.random.default_rng(k))
    found = look_alikes(table)
    assert sorted(found.order) == list(range(k))
    assert sorted(map(sorted, found.groups)) == sorted(map(sorted, groups))
    for group in found.groups:
        places = [found.order.index(i) for i in group]
        assert places == list(range(places[0], places[0] + len(group)))
        assert found.within(group) == 18
    picture = confusion_matrix_chart(with_confusion(champion.card, table), INK, together=True)
    go.Figure(picture.figure.to_dict())
    assert (
        picture.title == f"{len(groups)} groups of look-alikes make {18 * len(groups)} of {18 * len(groups)} mistakes"
    )
    # Beyond forty species a cell is narrower than its number, and every row is still wide enough to be told apart.
    assert (picture.figure.data[0].text is not None) == (k <= 40)
    assert picture.figure.layout.height / k >= 12


def test_scattered_mistakes_are_no_group():
    rng = np.random.default_rng(5)
    table = np.diag(np.full(20, 30))
    for i in range(20):
        table[i, (i + 1 + int(rng.integers(18))) % 20] += 1
    assert look_alikes(table).groups == ()


def test_mistakes_are_ranked_by_count_and_share():
    table = np.array([[10, 3, 0], [3, 3, 0], [0, 1, 9]])
    assert [(m.true, m.named, m.count, m.plants) for m in look_alikes(table).mistakes] == [
        (1, 0, 3, 6),
        (0, 1, 3, 13),
        (2, 1, 1, 10),
    ]
