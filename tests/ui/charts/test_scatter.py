import numpy as np
import plotly.graph_objects as go
import pytest

from tests.builders import make_flower
from ui.charts.scatter import COLOURS, SYMBOLS, among_training_plants, best_pair, colour, fill, symbol


def luminance(hexadecimal):
    parts = [int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["#fdfcf8", "#030504"])
def test_species_colours_stand_out_from_both_grounds(ground):
    for c in COLOURS[:3]:
        assert contrast(c, ground) >= 3


def test_no_two_of_the_first_64_species_look_alike():
    looks = [(colour(i), symbol(i)) for i in range(len(COLOURS) * len(SYMBOLS))]
    assert len(set(looks)) == 64
    assert len({fill(i) for i in range(64)}) == 64
    assert [fill(i) for i in range(8)] == list(COLOURS)


def test_the_petals_part_the_irises_best(champion):
    assert best_pair(champion) == (2, 3)


def test_every_training_flower_is_in_the_picture_and_the_flower_where_it_belongs(champion):
    figure = among_training_plants(champion, make_flower(), 2, 3)
    go.Figure(figure.to_dict())  # plotly itself finds nothing wrong with it
    assert [len(trace.x) for trace in figure.data[:3]] == [50, 50, 50]
    assert (figure.data[3].x, figure.data[3].y) == ((1.4,), (0.2,)) or (
        list(figure.data[3].x),
        list(figure.data[3].y),
    ) == ([1.4], [0.2])
    assert figure.layout.xaxis.title.text == "Petal length (cm)"


def test_a_flower_measured_in_one_of_the_two_is_a_line(champion):
    flower = make_flower()
    flower[3] = np.nan
    figure = among_training_plants(champion, flower, 2, 3)
    assert figure.data[3].mode == "lines"
    assert list(figure.data[3].x) == [1.4, 1.4]
    flower[2] = np.nan
    assert len(among_training_plants(champion, flower, 2, 3).data) == 3


def test_drawing_a_flower_does_not_change_the_kept_picture(champion):
    among_training_plants(champion, make_flower(), 0, 1)
    assert len(among_training_plants(champion, make_flower(), 0, 1).data) == 5
