"""What a screen keeps of a table: a page of its rows under a filter, and the first records' identifiers."""

import io

import pytest

from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.result_rows import FILTERS, STATES, ScreenSink, first_identifiers, page_of_rows
from tests.builders import table_text

ROWS = [
    ["a1", "5.1", "3.5", "1.4", "0.2"],
    ["a2", "6.0", "2.7", "4.9", "1.6"],
    ["a3", "x", "3.5", "1.4", "0.2"],
    ["a4", "", "", "", ""],
    ["a5", "5.1", "3.5", "14", "0.2"],
    ["a6", "6.3", "3.3", "6.0", "2.5"],
]


@pytest.fixture
def kept(context, tmp_path):
    """The rows on disk, the sink and the summary of a recorded table."""
    stream = io.BytesIO(table_text(ROWS).encode())
    understood = plan_batch(context, stream, BatchRequest(study="iris", name="flowers.csv"))
    with (tmp_path / "rows").open("wb") as file:
        screen = ScreenSink(file, understood)
        summary = run_batch(context, stream, understood, sinks=[screen], record=True, by="Ada")
        screen.close()
    return str(tmp_path / "rows"), screen, summary


def test_every_row_is_kept_in_its_order_under_the_number_a_spreadsheet_shows(kept):
    path, _, summary = kept
    page, total = page_of_rows(path, FILTERS[0], 0, 100)
    assert total == summary.rows == len(ROWS)
    assert [row.row for row in page] == [2, 3, 4, 5, 6, 7]
    assert [row.cells[0] for row in page] == [row[0] for row in ROWS]


def test_a_page_is_a_part_of_what_a_filter_lets_through(kept):
    path, *_ = kept
    for chosen in FILTERS:
        whole, total = page_of_rows(path, chosen, 0, 100)
        firsts = range(0, total, 2)
        parts = [row for first in firsts for row in page_of_rows(path, chosen, first, 2)[0]]
        assert parts == whole, chosen
        assert len(whole) == total
    assert [row.row for row in page_of_rows(path, "failed", 0, 9)[0]] == [4, 5]


def test_each_row_is_in_one_state_and_the_counts_add_up(kept):
    path, screen, summary = kept
    assert sum(screen.states.values()) == summary.rows
    assert {state: page_of_rows(path, state, 0, 0)[1] for state in STATES} == screen.states
    assert screen.states["failed"] == summary.not_identified
    assert screen.states["fits nothing"] == summary.fit_nothing
    assert screen.sure.sum() == screen.states["named"]
    assert screen.unsure.sum() == screen.states["unsure"]


def test_a_row_without_a_name_says_why_and_which_cell(kept):
    path, *_ = kept
    (failed, _), ((stranger,), _) = page_of_rows(path, "failed", 0, 9), page_of_rows(path, "fits nothing", 0, 9)
    assert failed[0].reason.startswith("sepal length 'x' is not a number")
    assert failed[0].refused == {1}
    assert stranger.reason.startswith("fits no species\nDid you mean petal length 1.4 cm")
    assert stranger.interpreted == {3}


def test_what_is_drawn_and_counted_are_the_plants_that_got_a_name(kept):
    _, screen, summary = kept
    assert len(screen.drawn) == len(screen.drawn_species) == summary.identified
    assert (screen.drawn_species < 0).sum() == summary.fit_nothing


def test_the_first_identifiers_are_those_of_the_first_recorded_rows(kept, context):
    path, _, summary = kept
    every = [row.identifier for row in page_of_rows(path, FILTERS[0], 0, 100)[0] if row.identifier]
    assert len(every) == summary.recorded
    for most in (0, 1, 3, len(every), 500):
        assert first_identifiers(path, most) == every[:most]
    assert context.records.get(every[0]).id == every[0]
