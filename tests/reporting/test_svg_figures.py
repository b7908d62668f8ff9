"""The report's pictures: well-formed, to scale, the same for the same numbers, and safe with any name."""

import xml.etree.ElementTree as ET

import pytest

from flora_core.model import CalibrationBin
from flora_core.reporting.svg_figures import BLUE, accuracies, bar_figure, calibration_figure, confusion_figure

SVG = "{http://www.w3.org/2000/svg}"


def parts(figure, kind):
    return [element.attrib | {"text": element.text} for element in ET.fromstring(figure.svg).iter(SVG + kind)]


def ticks(figure):
    """{number along the lower edge: its position}."""
    found = {}
    for text in parts(figure, "text"):
        try:
            found.setdefault(float(text["text"]), float(text["x"]))
        except ValueError:
            continue
    return found


def test_bars_are_as_long_as_their_values_and_intervals_as_wide():
    figure = bar_figure("importance", "Lost", ["leaf", "petal"], [(10.0, 5.0, 20.0), (30.0, 25.0, 40.0)], "points")
    place = ticks(figure)
    unit = (place[40.0] - place[0.0]) / 40.0
    _, long, short = parts(figure, "rect")
    assert float(long["width"]) == pytest.approx(30 * unit, abs=0.11)
    assert float(short["width"]) == pytest.approx(10 * unit, abs=0.11)
    intervals = [line for line in parts(figure, "line") if line["stroke"] == "black"]
    assert float(intervals[0]["x1"]) == pytest.approx(place[0.0] + 25 * unit, abs=0.11)
    assert float(intervals[0]["x2"]) == pytest.approx(place[0.0] + 40 * unit, abs=0.11)


def test_bars_of_negative_values_begin_at_zero_and_lead_left():
    figure = bar_figure("drift", "Moved", ["leaf", "petal"], [(-0.3,) * 3, (0.2,) * 3], "sd")
    place = ticks(figure)
    _, right, left = parts(figure, "rect")
    assert float(right["x"]) == pytest.approx(place[0.0], abs=0.11)
    assert float(left["x"]) + float(left["width"]) == pytest.approx(place[0.0], abs=0.11)


def test_only_the_twenty_largest_bars_are_drawn():
    figure = bar_figure("importance", "Lost", [f"m{i}" for i in range(30)], [(i, i, i) for i in range(30)], "points")
    assert len(parts(figure, "rect")) == 1 + 20
    assert "m10 " in figure.alt
    assert "m9 " not in figure.alt


def test_each_pair_of_species_has_its_field_and_its_count():
    figure = confusion_figure(["A. alba", "A. nigra"], [[9, 1], [0, 4]])
    fields = parts(figure, "rect")[1:]
    assert len(fields) == 4
    assert all(float(f["width"]) > 20 and float(f["height"]) > 20 for f in fields)
    texts = [t["text"] for t in parts(figure, "text")]
    assert [t for t in texts if t.isdecimal()] == ["9", "1", "4"]
    assert figure.alt == "Mistaken plants: 1 A. alba named A. nigra."
    darkness = [int(f["fill"][1:3], 16) for f in fields]
    assert darkness[3] < darkness[0] < darkness[1] < darkness[2]


@pytest.mark.parametrize("species", [1, 2, 20, 60])
def test_any_number_of_species_is_drawn_inside_the_picture(species):
    names = [f"Planta longissima{i}" for i in range(species)]
    figure = confusion_figure(names, [[int(i == j) for j in range(species)] for i in range(species)])
    root = ET.fromstring(figure.svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for field in parts(figure, "rect")[1:]:
        assert 0 <= float(field["x"]) <= float(field["x"]) + float(field["width"]) <= width
        assert 0 <= float(field["y"]) <= float(field["y"]) + float(field["height"]) <= height


def test_the_chosen_algorithm_and_the_baseline_stand_out():
    figure = accuracies(["first", "second"], [(0.9, 0.8, 0.95), (0.97, 0.9, 0.99)], 0.5, chosen=1)
    first, second = parts(figure, "circle")
    assert second["fill"] == BLUE != first["fill"]
    assert float(second["cx"]) > float(first["cx"])
    (baseline,) = [line for line in parts(figure, "line") if "stroke-dasharray" in line]
    assert float(baseline["x1"]) == pytest.approx(ticks(figure)[50.0], abs=0.11)


def test_a_certainty_that_is_right_lies_on_the_diagonal():
    figure = calibration_figure([CalibrationBin(certainty=0.5, right=0.5, low=0.3, high=0.7, plants=10)])
    diagonal = parts(figure, "line")[0]
    (dot,) = parts(figure, "circle")
    assert float(dot["cx"]) == pytest.approx((float(diagonal["x1"]) + float(diagonal["x2"])) / 2, abs=0.11)
    assert float(dot["cy"]) == pytest.approx((float(diagonal["y1"]) + float(diagonal["y2"])) / 2, abs=0.11)


def test_names_of_a_study_are_text_and_nothing_else():
    hostile = '</text><script>alert(1)</script> & "x"'
    figure = confusion_figure([hostile, "b"], [[1, 0], [0, 1]])
    assert "<script>" not in figure.svg
    assert hostile in [t["text"] for t in parts(figure, "text")]


def test_the_same_numbers_give_the_same_bytes():
    one, two = (bar_figure("a", "b", ["x"], [(1.0, 0.5, 2.0)], "points") for _ in range(2))
    assert one.svg == two.svg
