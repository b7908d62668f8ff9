import xml.etree.ElementTree as ET

import numpy as np
import pytest

from flora_core.study import IRIS
from tests.builders import make_flower, make_study
from ui.charts.flower import DrawnFlower, flower_description, flowers

MEAN = np.array([5.0, 3.4, 1.5, 0.25])


def drawing(values, typical=MEAN):
    return ET.fromstring(
        flowers(IRIS, [DrawnFlower("this flower", values, typical), DrawnFlower("mean", MEAN, MEAN)], "#123456")
    )


def segments(picture):
    space = "{http://www.w3.org/2000/svg}"
    return [p for p in picture.iter(f"{space}path") if "url(#" in p.get("fill", "")]


def length_of(path):
    """How far the tip lies from the base, in the picture's units."""
    return -float(path.get("d").split("C")[1].split()[5])


def scale_of(picture):
    space = "{http://www.w3.org/2000/svg}"
    bar = next(p for p in picture.iter(f"{space}path") if p.get("class") == "bar")
    return float(bar.get("d").split("h")[1].split("m")[0])


def test_a_flower_has_three_falls_and_three_standards():
    fills = [p.get("fill") for p in segments(drawing(make_flower()))]
    assert fills == (["url(#fall)"] * 3 + ["url(#standard)"] * 3) * 2


def test_every_part_is_as_long_as_the_bar_says():
    picture = drawing(make_flower(sepal_length=6.0, petal_length=2.0))
    parts = segments(picture)
    scale = scale_of(picture)
    assert length_of(parts[0]) / scale == pytest.approx(6.0, abs=0.01)
    assert length_of(parts[3]) / scale == pytest.approx(2.0, abs=0.01)
    assert length_of(parts[6]) / scale == pytest.approx(5.0, abs=0.01)


def test_every_part_is_as_wide_as_measured():
    """The widest place of the drawn curve, worked out point by point, is half the width on each side."""
    picture = drawing(make_flower(sepal_length=6.0, sepal_width=3.0))
    numbers = segments(picture)[0].get("d").replace("M0 0C", "").split("C")[0].split()
    x1, x2 = float(numbers[0]), float(numbers[2])
    t = np.linspace(0, 1, 1001)
    widest = (3 * (1 - t) ** 2 * t * x1 + 3 * (1 - t) * t**2 * x2).max()
    assert 2 * widest / scale_of(picture) == pytest.approx(3.0, abs=0.02)


def test_what_was_not_measured_is_dashed():
    flower = make_flower()
    flower[2:] = np.nan
    dashed = [p.get("stroke-dasharray") is not None for p in segments(drawing(flower))]
    assert dashed == [False] * 3 + [True] * 3 + [False] * 6


def test_the_picture_is_told_in_words():
    flower = make_flower()
    flower[3] = np.nan
    told = flower_description(IRIS, [DrawnFlower("this flower", flower, MEAN)])
    assert told == (
        "Drawn to one scale. this flower: sepal length 5.1 cm, sepal width 3.5 cm, petal length 1.4 cm, petal width not measured."
    )


def test_a_title_is_text_and_nothing_else():
    assert "<script" not in flowers(IRIS, [DrawnFlower("<script>", MEAN, MEAN)], "#000")


def test_a_study_without_a_drawing_has_none():
    assert flowers(make_study(), [], "#000") == ""
