"""A whole table, from the file to its record: every row back, in order, and the counts add up."""

import csv
import io
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flora_core.errors import BadTable, Conflict, FloraError, Refused, TooLarge, Unknown
from flora_core.tables.rows.checking import DuplicatePolicy
from flora_core.workflows.batch import (
    ADDED,
    BatchRequest,
    check_size,
    plan_batch,
    remember_columns,
    run_batch,
    summary_document,
)
from flora_core.workflows.identify import identify
from tests.builders import FLOWERS, HEADER, SETOSA, run_table, table_text

SPECIES = ["Iris setosa", "Iris setosa", "Iris versicolor", "Iris virginica"]


def understood(context, text=None, **said):
    return plan_batch(
        context, io.BytesIO((text or table_text()).encode()), BatchRequest(study="iris", name="t.csv", **said)
    )


# What was understood.


def test_what_was_understood_is_told_before_any_plant_is_named(context):
    found = understood(context, table_text(header=["nr", "Kelchblattlänge (mm)", "SW", "PL", "note"]))
    assert found.mapping == {"Kelchblattlänge (mm)": "sepal_length", "SW": "sepal_width", "PL": "petal_length"}
    assert found.id_name == "nr"
    assert found.first.values[0].tolist() == pytest.approx([0.51, 3.5, 1.4, np.nan], nan_ok=True)
    assert found.first_rows.tolist() == [2, 3, 4, 5]
    assert "'Kelchblattlänge (mm)' is in mm and was converted to cm (times 0.1)." in found.notes
    assert "No column holds petal width; the flowers are named without." in found.notes


def test_a_column_that_could_be_a_measurement_too_is_named(context):
    found = understood(context, "petal length left,petal length right,PW\n1.4,1.5,0.2\n")
    assert "'petal length right' could be petal length too; 'petal length left' is read." in found.notes


def test_inches_are_written_out(context):
    found = understood(context, "sepal length (in),sepal width (in)\n2.0,1.4\n")
    assert (
        "'sepal length (in)' and 'sepal width (in)' are in inches and were converted to cm (times 2.54)." in found.notes
    )


def test_a_plant_in_each_column_is_refused_with_what_to_do(context):
    with pytest.raises(Refused) as refused:
        understood(context, "plant,A1,A2,A3\nsepal length,5.1,4.9,5.9\npetal length,1.4,1.4,4.2\n")
    assert refused.value.message == (
        "The measurements stand in rows (sepal length and petal length), a plant in each column. Turn the table, so that each "
        "plant is a row: copy it, and paste it transposed."
    )


def test_numbers_beyond_everything_are_issues_and_no_warnings(context):
    text = "plant,sepal length,petal length\nA1,1e400,1.4\nA2,1e60,1.4\nA3,1e49,1.4\nA4,5.1,1.4\n"
    summary = run_table(context, text).summary
    assert [issue.problem for issue in summary.issues][:2] == [
        "sepal length '1e400' is too large for a measurement",
        "sepal length '1e60' is too large for a measurement",
    ]
    assert summary.identified == 1


def test_columns_that_a_person_matched_are_known_of_the_next_file(context):
    text = table_text(header=["id", "c1", "c2", "c3", "c4"])
    said = {"columns": dict(zip(("c1", "c2", "c3", "c4"), SETOSA, strict=True)), "units": {"c1": "mm"}, "id_column": ""}
    with pytest.raises(Refused, match="No column of this file was recognised"):
        understood(context, text)
    remember_columns(context, understood(context, text, **said), "Ada")
    again = understood(context, text.replace("5.1", "5.2"))
    assert again.remembered
    assert again.mapping == said["columns"]
    assert again.assignment.of("sepal_length").unit == "mm"
    assert again.id_name == ""
    assert again.assignment.assigned[0].because == "so it was said of an earlier file"
    # What is said now counts before what was said then.
    assert understood(context, text, columns={"c1": "", "id": "sepal_length"}).mapping["id"] == "sepal_length"


def test_a_study_or_column_that_is_not_there_is_refused(context):
    with pytest.raises(Unknown, match="There is no study 'rosa'"):
        plan_batch(context, io.BytesIO(table_text().encode()), BatchRequest(study="rosa", name="t.csv"))
    with pytest.raises(Unknown, match="There is no column 'petal lenth'. Did you mean 'petal length'"):
        understood(context, columns={"petal lenth": "petal_length"})
    with pytest.raises(
        Unknown,
        match="'petal length divided by 7' is not a change that is known here. One is written like 'sepal length divided by 10'.",
    ):
        understood(context, changes=("petal length divided by 7",))


def test_the_recipe_changes_with_all_that_decides_and_with_nothing_else(context):
    recipe = understood(context).recipe
    assert understood(context, table_text().replace("5.1", "5.2")).recipe == recipe
    for said in (
        {"units": {"PL": "mm"}},
        {"duplicates": DuplicatePolicy.LATEST},
        {"middle_of_ranges": True},
        {"id_column": ""},
        {"changes": ("sepal and petal swapped",)},
        {"columns": {"petal width": ""}},
    ):
        assert (
            understood(context, table_text().replace("petal length", "PL"), **said).recipe
            != understood(context, table_text().replace("petal length", "PL")).recipe
        )


def test_a_file_beyond_the_limit_is_refused_by_name():
    check_size(100_000_000, 100)
    with pytest.raises(
        TooLarge, match=r"The file has 101 MB; the limit is 100 MB \(FLORA_MAX_UPLOAD_MB\). The command takes any size"
    ):
        check_size(101_000_000, 100)


# Every row back.


def test_every_row_comes_back_in_order_with_our_columns_beside_its_own(context):
    ran = run_table(context, table_text())
    assert list(ran.table[0]) == [*HEADER, *ADDED]
    assert [[row[name] for name in HEADER] for row in ran.table] == FLOWERS
    assert ran.names == SPECIES
    first = ran.table[0]
    assert (first["flora_id"], first["flora_fits"], first["flora_qualifier"], first["flora_prediction_set"]) == (
        "",
        "yes",
        "",
        "Iris setosa",
    )
    assert first["flora_model"] == "iris v1"
    assert float(first["flora_probability"]) > 0.99


def test_a_table_says_of_a_flower_what_is_said_of_it_alone(context):
    flowers = [
        *FLOWERS,
        ["b1", "6.0", "2.7", "4.9", "1.6"],
        ["b2", "5.9", "2.8", "", "1.8"],
        ["b3", "9.0", "1.5", "1.0", "3.0"],
    ]
    ran = run_table(context, table_text(flowers))
    for row, flower in zip(ran.table, flowers, strict=True):
        alone = identify(context, "iris", dict(zip(SETOSA, flower[1:], strict=True)))
        assert row["flora_species"] == alone.answer.species
        assert row["flora_qualifier"] == alone.answer.qualifier
        assert row["flora_prediction_set"] == " | ".join(alone.answer.prediction_set)
        assert row["flora_fits"] == ("yes" if alone.fits else "no")
        assert float(row["flora_probability"]) == pytest.approx(alone.probability.max(), abs=5e-5)


def test_a_row_that_can_t_be_identified_has_its_reason_and_nothing_else_of_ours(context):
    ran = run_table(context, table_text([["a", "x", "3.5", "1.4", "0.2"], *FLOWERS]))
    assert {name: value for name, value in ran.table[0].items() if name in ADDED and value} == {
        "flora_issues": "Sepal length 'x' is not a number. Write a number like 5.1, or leave the cell empty."
    }


def test_columns_of_an_earlier_run_are_replaced(context):
    first = run_table(context, table_text())
    out = io.StringIO()
    writer = csv.DictWriter(out, first.table[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(first.table)
    again = run_table(context, out.getvalue())
    assert again.table == first.table
    assert "The columns flora_id, flora_species" in again.said


def test_the_summary_counts_every_row(context):
    ran = run_table(
        context, table_text([*FLOWERS, ["b1", "6.0", "2.7", "4.9", "1.6"], ["b3", "9.0", "1.5", "1.0", "3.0"], ["x"]])
    )
    s = ran.summary
    assert (s.rows, s.identified, s.not_identified, s.unsure, s.fit_nothing) == (7, 6, 1, 1, 1)
    assert s.species == {"Iris setosa": 2, "Iris versicolor": 1, "Iris virginica": 2}
    assert s.sentence(ran.understood.model.study) == (
        "7 rows: 6 identified, 1 not. Iris setosa 2, Iris virginica 2 and Iris versicolor 1. 1 flower could be another species "
        "too (cf.). 1 flower fits no species of this study."
    )
    shown = [float(row["flora_probability"]) for row in ran.table if row["flora_fits"] == "yes"]
    assert s.certainty == pytest.approx(np.mean(shown), abs=1e-4)


def test_the_document_is_the_contract_s(context):
    ran = run_table(context, table_text([*FLOWERS, ["x", "y", "3.5", "1.4", "0.2"]]))
    document = summary_document(ran.understood, ran.summary, "out.csv")
    assert {
        "rows",
        "identified",
        "not_identified",
        "issues",
        "mapping",
        "notes",
        "model_version",
        "output",
    } <= document.keys()
    assert (document["rows"], document["identified"], document["not_identified"]) == (5, 4, 1)
    assert document["issues"] == [
        {
            "row": 6,
            "column": "sepal length",
            "value": "y",
            "problem": "sepal length 'y' is not a number",
            "suggestion": "Write a number like 5.1, or leave the cell empty.",
        }
    ]
    assert document["mapping"]["petal length"] == "petal_length"
    assert document["output"] == "out.csv"


def test_issues_beyond_those_that_are_listed_stand_in_their_rows_all_the_same(context, monkeypatch):
    monkeypatch.setattr("flora_core.workflows.batch.summary.MOST_ISSUES", 3)
    ran = run_table(
        context,
        table_text([["a", "x", "3.5", "1.4", "0.2"]] * 5),
        id_column="",
        columns={"sepal length": "sepal_length"},
    )
    assert (len(ran.summary.issues), ran.summary.issue_count) == (3, 5)
    assert "Only the first 3 of 5 issues are listed; every row has its own in flora_issues." in ran.said
    assert all(row["flora_issues"] for row in ran.table)


def test_rows_beyond_those_that_are_searched_for_a_mix_up_are_counted(context, monkeypatch):
    monkeypatch.setattr("flora_core.workflows.batch.corrections.MOST_SEARCHED", 2)
    ran = run_table(context, table_text([["a", "5.1", "3.5", "14", "0.2"]] * 5), id_column="")
    assert "Of the rows that fit no species the first 2 were searched for a mix-up, 3 more were not." in ran.said
    assert [("Did you mean" in row["flora_issues"]) for row in ran.table] == [True, True, False, False, False]


def test_a_table_of_many_parts_is_the_same_as_one_of_one(context, monkeypatch):
    shuffled = random.Random(3)
    rows = [[str(shuffled.randrange(150)), *shuffled.choice(FLOWERS)[1:]] for _ in range(300)]
    rows[7][1] = "x"
    rows[200][3] = "60"
    whole = run_table(context, table_text(rows), id_column="id", duplicates=DuplicatePolicy.REPLICATE)
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 500)
    parted = run_table(context, table_text(rows), id_column="id", duplicates=DuplicatePolicy.REPLICATE)
    assert parted.table == whole.table
    assert parted.sentences == whole.sentences


cells = st.sampled_from(["5.1", "4.9", "1.4", "0.2", "6.0", "60", "5,1", "NA", "", "x", "<5", "2-3", "=1", "-9", "0"])


@given(
    st.lists(st.lists(cells, min_size=5, max_size=5), min_size=1, max_size=12),
    st.sampled_from(list(DuplicatePolicy)),
    st.booleans(),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_in_are_rows_out_whatever_they_hold(context, rows, policy, record):
    try:
        ran = run_table(
            context,
            table_text([["a0", "5.1", "3.5", "1.4", "0.2"], *rows]),
            duplicates=policy,
            id_column="id",
            record=record,
            again=True,
            columns=dict(zip(HEADER[1:], SETOSA, strict=True)),
        )
    except BadTable:
        return  # a first row of words is taken for a second header
    assert len(ran.table) == len(rows) + 1 == ran.summary.rows == ran.summary.identified + ran.summary.not_identified
    assert [row["id"].removeprefix("'") for row in ran.table[1:]] == [row[0] for row in rows]
    assert sum(bool(row["flora_species"]) for row in ran.table) == ran.summary.identified
    assert all(row["flora_issues"] for row in ran.table if not row["flora_species"])
    recorded = [row["flora_id"] for row in ran.table if row["flora_id"]]
    assert len(recorded) == (ran.summary.identified if record else 0)


# Duplicates.


def test_replicates_of_one_plant_get_one_answer_and_disagreement_is_said(context):
    rows = [["42", *FLOWERS[0][1:]], ["43", *FLOWERS[2][1:]], ["42", *FLOWERS[2][1:]], ["43", "7.1", "", "4.6", "1.4"]]
    ran = run_table(context, table_text(rows), id_column="id", duplicates=DuplicatePolicy.REPLICATE)
    assert ran.table[0]["flora_species"] == ran.table[2]["flora_species"]
    assert ran.table[0]["flora_probability"] == ran.table[2]["flora_probability"]
    assert "By themselves its rows disagree: Iris setosa and Iris versicolor." in ran.sentences[0]
    assert ran.table[1]["flora_species"] == ran.table[3]["flora_species"] == "Iris versicolor"
    assert "disagree" not in ran.table[1]["flora_issues"]


def test_the_mean_of_replicates_leaves_out_what_was_not_measured(context):
    rows = [["42", "5.0", "3.5", "1.4", "0.2"], ["42", "5.2", "", "1.6", "0.2"], ["43", *FLOWERS[2][1:]]]
    ran = run_table(context, table_text(rows), id_column="id", duplicates=DuplicatePolicy.REPLICATE, record=True)
    used = context.records.get(ran.table[0]["flora_id"]).plant.used
    assert used == pytest.approx((5.1, 3.5, 1.5, 0.2))


# Recording.


def test_every_identified_row_is_recorded_with_the_file_and_who(context):
    ran = run_table(context, table_text([*FLOWERS, ["b", "x", "1", "1", "1"]]), "flowers of the bog.csv", record=True)
    assert ran.summary.recorded == 4
    assert ran.table[4]["flora_id"] == ""
    for number, (row, flower) in enumerate(zip(ran.table[:4], FLOWERS, strict=True), start=2):
        found = context.records.get(row["flora_id"])
        assert found.plant.row == number
        assert found.plant.catalogue_number == flower[0]
        assert found.plant.used == tuple(map(float, flower[1:]))
        assert found.plant.typed == tuple(flower[1:])
        assert ran.understood.model.study.species_names[found.plant.species] == row["flora_species"]
    r = found.recording
    assert (r.by, r.door, r.source, r.source_sha256, r.version, r.plants) == (
        "Ada",
        "command",
        "flowers of the bog.csv",
        ran.understood.sha256,
        1,
        4,
    )


def test_what_was_typed_is_kept_beside_what_was_used_to_the_letter(context):
    text = 'id,PL (mm),PW,note\na,"14,0","ca. 0.2",x\nb,14,"0.2 cm","y"\nc,1e1,\t.2,z\n'
    ran = run_table(context, text, record=True)
    plants = [context.records.get(row["flora_id"]).plant for row in ran.table]
    assert [plant.used for plant in plants] == [(None, None, 1.4, 0.2)] * 2 + [(None, None, 1.0, 0.2)]
    assert [plant.typed for plant in plants] == [
        ("", "", "14,0", "ca. 0.2"),
        ("", "", "14", "0.2 cm"),
        ("", "", "1e1", "\t.2"),
    ]


def test_the_same_file_again_is_recognised_and_not_recorded_twice(context):
    first = run_table(context, table_text(), record=True)
    second = run_table(context, table_text(), "another name.csv", record=True)
    assert (second.summary.recorded, second.summary.recorded_before != "") == (0, True)
    assert "This file was recorded before," in second.said
    assert "by Ada; it was not recorded again." in second.said
    # It is the same answer, so its identifiers are the recorded ones.
    assert [row["flora_id"] for row in second.table] == [row["flora_id"] for row in first.table]
    assert len(context.records.find_by_checksum("iris", first.understood.sha256)) == 1
    third = run_table(context, table_text(), record=True, again=True)
    assert third.summary.recorded == 4
    assert third.table[0]["flora_id"] != first.table[0]["flora_id"]


def test_a_file_of_which_nothing_could_be_named_is_recorded_once_it_can(context):
    ranges = table_text([["a", "5.0-5.2", "3.4-3.6", "1.3-1.5", "0.1-0.3"]])
    first = run_table(context, ranges, record=True)
    assert (first.summary.identified, first.summary.recorded) == (0, 0)
    second = run_table(context, ranges, record=True, middle_of_ranges=True)
    assert (second.summary.recorded, second.summary.recorded_before) == (1, "")


def test_the_same_file_read_differently_is_not_given_the_identifiers_of_another_reading(context):
    run_table(context, table_text(), record=True)
    other = run_table(context, table_text(), record=True, columns={"petal width": ""})
    assert "with other columns or another model; it was not recorded again." in other.said
    assert {row["flora_id"] for row in other.table} == {""}


def test_a_record_needs_a_person(context):
    with pytest.raises(Refused, match=r"Who identifies\? Give a name"):
        run_table(context, table_text(), record=True, by="  ")


def test_a_batch_that_is_stopped_half_way_records_nothing(context, monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 100)

    class Enough(Exception):
        pass

    def progress(done, total, doing):
        if done > total / 2:
            raise Enough

    stream = io.BytesIO(table_text(FLOWERS * 20).encode())
    found = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv", id_column=""))
    with pytest.raises(Enough):
        run_batch(context, stream, found, by="Ada", progress=progress)
    assert context.records.newest("iris") == ()
    assert context.records.find_by_checksum("iris", found.sha256) == ()
    assert run_batch(context, stream, found, by="Ada").recorded == 80


def test_a_sink_that_fails_records_nothing(context):
    class Full:
        def write(self, found):
            raise OSError("no space left")

    stream = io.BytesIO(table_text().encode())
    found = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv"))
    with pytest.raises(OSError, match="no space"):
        run_batch(context, stream, found, by="Ada", sinks=[Full()])
    assert context.records.newest("iris") == ()


def test_somebody_who_records_the_same_file_at_the_same_time_is_told(context):
    stream = io.BytesIO(table_text().encode())
    found = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv"))

    class Rival:
        done = False

        def write(self, part):
            if not self.done:
                self.done = True
                run_batch(context, io.BytesIO(table_text().encode()), found, by="Eva")

    with pytest.raises(Conflict, match=r"t.csv was recorded by Eva just now"):
        run_batch(context, stream, found, by="Ada", sinks=[Rival()])
    assert [r.by for r in context.records.find_by_checksum("iris", found.sha256)] == ["Eva"]


def test_progress_only_ever_grows_and_ends_at_one(context, monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 100)
    told = []
    stream = io.BytesIO(table_text(FLOWERS * 20).encode())
    found = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv"))
    run_batch(context, stream, found, record=False, progress=lambda *step: told.append(step))
    shares = [done / total for done, total, _ in told]
    assert shares == sorted(shares)
    assert (shares[-1], told[-1][2]) == (1.0, "80 rows")


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0", b"id,x\n", b"\x00" * 50])
def test_a_file_that_can_t_be_read_is_refused_and_leaves_nothing(context, content):
    with pytest.raises(FloraError):
        run_table(context, content, record=True)
    assert context.records.newest("iris") == ()


def test_the_answer_says_what_accuracy_remains_without_a_column(context):
    text = table_text(header=["nr", "sepal length", "sepal width", "x", "y"])
    found = understood(context, text)
    assert found.without is not None
    assert found.without.missing == ("petal_length", "petal_width")
    assert found.without.accuracy < 0.9 < found.without.complete
    assert found.without.sentence in found.notes
    summary = run_batch(context, io.BytesIO(text.encode()), found, record=False)
    document = summary_document(found, summary, "")
    assert document["without"] == {
        "measurements": ["petal_length", "petal_width"],
        "plants": 150,
        "accuracy": round(found.without.accuracy, 4),
        "accuracy_low": round(found.without.low, 4),
        "accuracy_high": round(found.without.high, 4),
        "accuracy_with_all": round(found.without.complete, 4),
    }
    assert summary_document(understood(context), summary, "")["without"] is None


def test_an_empty_column_is_missing_too(context):
    found = understood(context, "SL,SW,PL,PW\n5.1,3.5,1.4,\n6.0,2.9,4.5,NA\n")
    assert found.without is not None
    assert found.without.missing == ("petal_width",)


@pytest.mark.parametrize("written", ['"=""{}"""', "'{}", "{}"])
def test_a_catalogue_number_that_was_kept_as_text_is_the_number(context, written):
    rows = "".join(f"{written.format(f'00{i:02d}')},5.1,3.5,1.4,0.2\n" for i in range(12))
    text = "catalogNumber,sepal length,sepal width,petal length,petal width\n" + rows
    found = understood(context, text)
    seen = []
    sink = type("Sink", (), {"write": lambda self, chunk: seen.extend(chunk.catalogue_numbers.to_pylist())})()
    run_batch(context, io.BytesIO(text.encode()), found, sinks=[sink], record=False)
    assert seen == [f"00{i:02d}" for i in range(12)]
