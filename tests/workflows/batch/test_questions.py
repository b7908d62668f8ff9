"""What is asked about a table: each question with its answers and the rows they change."""

import io
from dataclasses import replace

import pytest

from flora_core.tables.rows.checking import DuplicatePolicy
from flora_core.workflows.batch import BatchRequest, plan_batch
from flora_core.workflows.batch.questions import batch_questions
from tests.builders import table_text

SETOSA = ["5.1", "3.5", "1.4", "0.2"]
VIRGINICA = ["6.3", "3.3", "6.0", "2.5"]


def asked(context, rows, header=None, **said):
    """{key: question} for a table, and what was understood of it."""
    text = (
        table_text([[f"a{i}", *row] for i, row in enumerate(rows)], header=header)
        if header
        else table_text([[f"a{i}", *row] for i, row in enumerate(rows)])
    )
    stream = io.BytesIO(text.encode())
    plan = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv", **said))
    return {question.key: question for question in batch_questions(context, stream, plan)}, plan


def tenfold(row):
    return [f"{10 * float(value):g}" for value in row]


def test_rows_in_another_unit_are_one_question_that_names_them(context):
    found, _ = asked(context, [SETOSA] * 6 + [tenfold(SETOSA)] * 3)
    question = found["change:all values divided by 10"]
    assert question.text == "Are rows 8 to 10 in mm?"
    assert question.why == "as cm, each is ten times too large"
    do, leave = question.answers
    assert do.effect in ("changes 3 rows: failed → I. setosa", "changes 3 rows: fits nothing → I. setosa")
    again, _ = asked(context, [SETOSA] * 6 + [tenfold(SETOSA)] * 3, **do.changes)
    assert not again
    left, _ = asked(context, [SETOSA] * 6 + [tenfold(SETOSA)] * 3, **leave.changes)
    assert question.key not in left


def test_a_single_cell_is_asked_with_what_it_would_be_and_what_the_others_are(context):
    found, _ = asked(context, [SETOSA, VIRGINICA, ["51", *SETOSA[1:]]])
    question = found["change:sepal length divided by 10"]
    assert question.text == "Is 51 in row 4 really 5.1 cm?"
    assert "the others: 5.1 to 6.3" in question.why


def test_a_column_in_another_unit_offers_the_unit_the_division_and_to_leave_it(context):
    rows = [[row[0], row[1], tenfold(row)[2], row[3]] for row in [SETOSA] * 8]
    found, plan = asked(context, rows)
    question = next(q for key, q in found.items() if key.startswith("unit:"))
    labels = [answer.label for answer in question.answers]
    assert labels[0] == "Read it in mm"
    assert labels[-1] == "It is in cm"
    assert question.answers[0].changes == {"units": {plan.layout.header[3]: "mm"}}
    assert "8 rows" in question.answers[0].effect


def test_ranges_and_repeated_numbers_are_asked(context):
    found, _ = asked(context, [SETOSA, ["6.3-6.5", *VIRGINICA[1:]]])
    assert found["ranges"].answers[0].changes == {"middle_of_ranges": True}
    assert found["ranges"].answers[0].effect == "changes 1 row: failed → I. virginica"
    text = table_text(
        [["H-1", *SETOSA], ["H-1", *SETOSA], ["H-2", *SETOSA]], header=["Herbarium Nr", "SL", "SW", "PL", "PW"]
    )
    stream = io.BytesIO(text.encode())
    plan = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv"))
    (question,) = batch_questions(context, stream, plan)
    assert question.text == "Is H-1 one flower or 2?"
    assert question.answers[0].changes == {"duplicates": DuplicatePolicy.REPLICATE}
    settled = replace(plan, request=replace(plan.request, **question.answers[1].changes))
    assert batch_questions(context, stream, settled) == ()


@pytest.mark.parametrize(
    "name",
    [
        "Herbarium Nr",
        "Herbarium-Nr.",
        "Beleg-Nr.",
        "Belegnummer",
        "N° d'herbier",
        "Numero de herbario",
        "Inventar-Nr",
        "Collector's number",
        "Herbarium barcode",
        "Sheet no.",
        "Voucher code",
        "Sammelnummer",
    ],
)
def test_catalogue_numbers_are_known_by_their_heading(context, name):
    text = table_text(
        [["H-1", *SETOSA], ["H-2", *VIRGINICA]],
        header=[name, "sepal length", "sepal width", "petal length", "petal width"],
    )
    assert plan_batch(context, io.BytesIO(text.encode()), BatchRequest(study="iris", name="t.csv")).id_name == name


def test_a_column_that_looks_like_catalogue_numbers_is_asked_about(context):
    header = ["Zettel", "sepal length", "sepal width", "petal length", "petal width"]
    text = table_text([["GZU-0001", *SETOSA], ["GZU-0002", *VIRGINICA], ["GZU-0003", *SETOSA]], header=header)
    stream = io.BytesIO(text.encode())
    plan = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv"))
    (question,) = batch_questions(context, stream, plan)
    assert question.text == "Is ‘Zettel’ the catalogue number?"
    assert [answer.changes for answer in question.answers] == [{"id_column": "Zettel"}, {"id_column": ""}]
