"""Small tables that go wrong easily, one of each kind: what is right for each stands beside it."""

import io
from collections import Counter

import pytest

from flora_core.errors import BadTable, Refused
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.studies import Choices, propose
from tests.servers import SHARED

CASES = SHARED / "cases"
IRIS = {"Iris setosa": 50, "Iris versicolor": 50, "Iris virginica": 50}
FLOWER = ("sepal length", "sepal width", "petal length", "petal width")


def proposed(context, name, **said):
    return propose(context, io.BytesIO((CASES / name).read_bytes()), name, Choices(**said))


def batch(context, name):
    stream = io.BytesIO((CASES / name).read_bytes())
    plan = plan_batch(context, stream, BatchRequest(study="iris", name=name))
    return plan, run_batch(context, stream, plan, record=False)


@pytest.mark.parametrize(
    ("name", "species"),
    [
        ("cv1.csv", {"Rosa 'Queen Elizabeth'", "Rosa 'Queen Mother'", "Rosa 'Iceberg'"}),
        ("sect2.csv", {"Taraxacum sect. Ruderalia", "Taraxacum sect. Erythrosperma", "Hypochaeris radicata"}),
        ("nm_group.csv", {"Brassica oleracea Capitata Group", "Brassica oleracea Gemmifera Group", "Brassica rapa"}),
        ("nm_misapp.csv", {"Carex flava", "Carex flava auct.", "Carex nigra"}),
        ("nfd_labels.csv", {"Grüner Veltliner", "Traminer rosé", "Müller-Thurgau"}),
        ("codes_na3.csv", {"NA", "NC", "NL"}),
    ],
)
def test_names_are_neither_merged_nor_split(context, name, species):
    found = proposed(context, name)
    assert found.refusals == ()
    assert found.plants.table.plants == dict.fromkeys(sorted(species), 50)


def test_a_misapplied_name_is_asked_about_and_codes_are_said(context):
    assert any("another plant" in w for w in proposed(context, "nm_misapp.csv").warnings)
    assert any("'NA' in 'species' was kept" in note for note in proposed(context, "codes_na3.csv").notes)
    found = proposed(context, "g_na.csv")
    assert found.group == "site"
    assert Counter(found.plants.groups.tolist()).keys() == {"NA", "NB", "NC"}


def test_sums_do_not_train(context):
    found = proposed(context, "subtotals.csv")
    assert found.plants.table.plants == IRIS
    assert found.left_out["a summary of other rows"] == 6
    assert all("summary of other rows" in issue.problem for issue in found.issues)


@pytest.mark.parametrize(("name", "summaries"), [("sum_col2.csv", 3), ("sw12.csv", 12)])
def test_summaries_are_not_named_as_plants(context, name, summaries):
    _, summary = batch(context, name)
    refused = [issue for issue in summary.issues if "summary of other rows" in issue.problem]
    assert len(refused) == summary.not_identified == summaries


@pytest.mark.parametrize("name", ["train_reorder.csv", "train_reunit.csv", "x_two_stacked.xlsx"])
def test_a_second_header_stops_training_and_nothing_below_it_is_named(context, name):
    found = proposed(context, name)
    assert "is a second header" in found.refusals[0]
    plan, summary = batch(context, name)
    below = [issue for issue in summary.issues if "second header" in issue.problem]
    assert len(below) > 10
    assert summary.identified <= min(issue.row for issue in below) - 2
    assert plan.mapping


@pytest.mark.parametrize("name", ["onehot.csv", "leak_index_overlap.csv"])
def test_what_gives_the_name_away_is_left_out(context, name):
    found = proposed(context, name)
    assert found.measured == FLOWER
    assert any("Left out" in text for text in (*found.warnings, *found.notes))


def test_our_own_answers_are_never_learned_from(context):
    assert proposed(context, "own_out.csv").refusals
    found = proposed(context, "own_out.csv", label="flora_species")
    assert "this program's own answers" in found.refusals[0]


def test_day_numbers_are_left_out(context):
    found = proposed(context, "serials.csv")
    assert sum("looks like a date" in issue.problem for issue in found.issues) == 3
    assert all(m.high < 20 for m in found.study.measurements)


def test_workbooks_are_read_as_they_were_meant(context):
    assert any("4 rows are hidden" in note for note in proposed(context, "x_hiddenrows.xlsx").notes)
    found = proposed(context, "x_mergedlabel.xlsx")
    assert found.plants.table.plants == IRIS
    assert any("merged downwards" in note for note in found.notes)
    plan, _ = batch(context, "x_id16.xlsx")
    assert plan.layout.preview[0][0] == "1234567890123400"


@pytest.mark.parametrize("name", ["onehot.csv", "cv1.csv", "subtotals.csv", "serials.csv", "g_na.csv"])
def test_a_study_knows_its_own_headers(context, name):
    from flora_core.tables.columns.matching import guess_columns

    found = proposed(context, name)
    guessed = guess_columns(found.study, found.layout.header, found.layout.preview, found.layout.decimal)
    assert {found.layout.header[a.column]: a.measurement for a in guessed.assigned} == dict(
        zip(found.measured, found.study.names, strict=True)
    )


def test_what_is_no_table_is_still_refused(context):
    with pytest.raises(BadTable):
        propose(context, io.BytesIO(b""), "empty.csv", Choices())


def tables(*names):
    from flora_core.workflows.monitor.two_tables import read_table

    return [read_table(io.BytesIO((CASES / name).read_bytes()), name) for name in names]


@pytest.mark.parametrize(
    ("name", "column", "said"),
    [
        ("d_nan.csv", "x", "'x' is missing or no number in 100% of 500 rows of d_nan.csv"),
        ("d_missingcol.csv", "z", "'z' of d_ref.csv is not in d_missingcol.csv"),
    ],
)
def test_a_column_that_is_empty_or_gone_is_said_counted_and_tested(name, column, said):
    from flora_core.workflows.monitor.two_tables import drift_of_tables

    found = drift_of_tables(*tables("d_ref.csv", name))
    (figure,) = [figure for figure in found.figures if figure.method == "missing"]
    assert (figure.column, figure.value, figure.n, figure.alert) == (column, 1.0, 500, True)
    assert figure.p_value < 1e-9
    assert any(note.startswith(said) for note in found.notes)


def test_a_table_against_itself_lacks_nothing():
    from flora_core.workflows.monitor.two_tables import drift_of_tables

    found = drift_of_tables(*tables("d_ref.csv", "d_ref.csv"))
    assert [figure.method for figure in found.figures if figure.method == "missing"] == []


def test_labels_that_no_probability_names_are_refused():
    from flora_core.workflows.monitor.two_tables import estimate_of_tables

    shares = {"a": "pa", "b": "pb", "c": "pc"}
    with pytest.raises(Refused, match="holds species that no --probability names: A, B, C"):
        estimate_of_tables(*tables("e_ref.csv", "e_labels.csv"), identified="said", true="true", probabilities=shares)
