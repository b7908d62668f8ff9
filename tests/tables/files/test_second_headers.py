import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.files.reading import read_layout, read_parts, read_whole
from flora_core.tables.files.second_headers import mark_second_headers

HEADER = "species,petal length,petal width,sepal length"
ROWS = ["Iris setosa,1.4,0.2,5.1", "Iris setosa,1.3,0.3,4.9", "Iris setosa,1.5,0.2,5.0"]


def whole(*lines):
    stream = io.BytesIO("\n".join(lines).encode())
    layout = read_layout(stream, "flowers.csv")
    return read_whole(stream, layout, 1000), layout, stream


@pytest.mark.parametrize(
    "second",
    [
        "species,sepal length,petal width,petal length",
        "Species,Petal Length (mm),Petal Width (mm),Sepal Length (mm)",
        "taxon,stem height,leaf area,leaf number",
        "SPECIES,PETAL WIDTH,PETAL LENGTH,SEPAL LENGTH",
    ],
)
def test_what_stands_below_another_header_is_marked(second):
    part, _, _ = whole(HEADER, *ROWS, second, *ROWS)
    assert part.below.tolist() == [0, 0, 0, 5, 5, 5, 5]
    assert list(part.second_headers) == [5]


def test_the_first_header_again_marks_nothing_and_ends_what_was_marked():
    assert whole(HEADER, *ROWS, HEADER, *ROWS)[0].below is None
    part, _, _ = whole(HEADER, *ROWS, "species,petal width,petal length,sepal length", *ROWS, HEADER, *ROWS)
    assert part.below.tolist() == [0] * 3 + [5] * 4 + [0] * 4


@pytest.mark.parametrize("row", ["Iris setosa,NA,NA,NA", "Iris setosa,lost,lost,5.1", "Iris setosa,-,broken,eaten"])
def test_missing_and_spoilt_cells_are_no_header(row):
    assert whole(HEADER, *ROWS, row, *ROWS)[0].below is None


def test_what_was_seen_in_one_part_holds_in_the_next():
    lines = [HEADER, *ROWS, "species,petal width,petal length,sepal length", *ROWS * 5]
    _, layout, stream = whole(*lines)
    parts = list(read_parts(stream, layout, rows=2))
    marks = np.concatenate([np.zeros(len(p)) if p.below is None else p.below for p in parts])
    assert marks.tolist() == [0] * 3 + [5] * 16
    assert list(mark_second_headers(iter(parts[:1]), layout)) == parts[:1]


@given(
    st.permutations(["petal length", "petal width", "sepal length", "sepal width"]),
    st.sampled_from(["", " (mm)", " [cm]", "_mm"]),
)
def test_any_order_and_unit_of_a_second_header_is_seen(names, unit):
    first = "species,petal length,petal width,sepal length,sepal width"
    rows = ["Iris setosa,1.4,0.2,5.1,3.5", "Iris setosa,1.3,0.3,4.9,3.0"]
    second = "species," + ",".join(f"{name}{unit}" for name in names)
    part, _, _ = whole(first, *rows, second, *rows)
    assert (part.below is None) == (second == first)


def test_units_alone_in_the_middle_of_a_table_are_a_second_header():
    rows = [f"Iris setosa,{5 + i / 10},{3 + i / 10}" for i in range(8)]
    text = "\n".join(["species,petal length (cm),petal width (cm)", *rows, ",mm,mm", *rows])
    stream = io.BytesIO(text.encode())
    layout = read_layout(stream, "t.csv")
    part = read_whole(stream, layout, 100)
    assert part.below is not None
    assert (part.below > 0).sum() == 9
    same = io.BytesIO(text.replace(",mm,mm", ",cm,cm").encode())
    assert read_whole(same, read_layout(same, "t.csv"), 100).below is None
