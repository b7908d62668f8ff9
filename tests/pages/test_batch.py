"""The Batch page as a script: the drop, what was understood, the run, the result, and the way back."""

import csv
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from tests.servers import ROOT
from ui.server.startup import STARTUP

GOOD = b"specimen,sepal_length,sepal_width,petal_length,petal_width\nA1,5.1,3.5,1.4,0.2\nA2,5.9,3.0,4.2,1.5\nA3,x,3.0,4.2,1.5\n"


@pytest.fixture
def page(context, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)
    at = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
    yield at.switch_page("../pages/batch.py").run()
    STARTUP.close()


def drop(page, content, name="flowers.csv"):
    page.file_uploader[0].upload(name, content, "text/csv")
    page.run()
    return settled(page)


def settled(page):
    """The page once the rows are named."""
    if "batch.work" in page.session_state:
        page.session_state["batch.work"].wait(60)
        page.run()
    return page


def said(page):
    parts = [m.value for m in page.markdown] + [h.value for h in page.get("html")]
    parts += [e.value for kind in (page.error, page.warning, page.info, page.success) for e in kind]
    return " ".join(parts).replace("\\", "")


def button(page, label):
    return next(b for b in page.button if b.label == label)


def box(page, label):
    return next(b for b in page.selectbox if b.label == label)


def said_by(page):
    return [m.value for m in page.markdown if m.value.startswith("Identified by")]


def record(page, by="Ada"):
    if not said_by(page):  # asked once, and remembered
        page.text_input(key="person").set_value(by)
    page.button(key="batch.record").click().run()
    return settled(page)


def answer(page, label):
    button(page, label).click().run()
    return settled(page)


def table(page):
    return list(csv.DictReader(io.StringIO(page.session_state["batch.work"].result("csv").decode("utf-8-sig"))))


def test_an_empty_page_teaches_what_a_table_looks_like(page):
    assert not page.exception
    assert "What a table looks like" in [s.value for s in page.header]
    assert any(b.label == "Example table" for b in page.get("download_button"))


def test_every_row_comes_back_named_or_with_its_reason_and_is_recorded(page, context):
    drop(page, GOOD)
    assert "as they were read" in said(page)
    assert "2 of 3 rows have a name." in said(page)
    assert context.records.newest("iris") == ()
    record(page)
    assert not page.exception
    assert "2 identifications recorded." in said(page)
    rows = table(page)
    assert [row["specimen"] for row in rows] == ["A1", "A2", "A3"]
    assert [row["flora_species"] for row in rows] == ["Iris setosa", "Iris versicolor", ""]
    assert "'x'" in rows[2]["flora_issues"] or "x" in rows[2]["flora_issues"]
    assert context.records.get(rows[0]["flora_id"]).recording.by == "Ada"
    assert context.records.get(rows[0]["flora_id"]).recording.door == "page"


def test_nobody_named_is_refused_and_nothing_is_lost(page, context):
    drop(page, GOOD)
    page.text_input(key="person").set_value("")
    page.button(key="batch.record").click().run()
    assert "Who identifies? Give a name" in said(page)
    assert context.records.newest("iris") == ()
    assert page.session_state["batch.work"].understood is not None


def test_a_column_that_nobody_could_guess_is_asked_with_what_it_would_change(page):
    drop(page, GOOD.replace(b"petal_length", b"q7"))
    assert "Which column holds petal length?" in said(page)
    answer(page, "‘q7’")
    assert "Which column holds" not in said(page)
    record(page)
    assert table(page)[1]["flora_species"] == "Iris versicolor"
    # The same header is matched so the next time.
    button(page, "Another file").click().run()
    drop(page, GOOD.replace(b"petal_length", b"q7").replace(b"A1", b"B1"))
    assert "as you matched them in an earlier file" in said(page)


def test_a_table_of_something_else_can_be_matched_too(page):
    drop(page, b"one,two\n5.1,3.5\n5.9,3.0\n")
    assert "No column of this file was recognised as a measurement of iris" in said(page)
    assert "--map" not in said(page)
    box(page, "Sepal length (cm)").set_value("one").run()
    settled(page)
    box(page, "Sepal width (cm)").set_value("two").run()
    settled(page)
    assert page.session_state["batch.work"].summary.identified == 2


def test_a_unit_is_asked_never_applied_silently_and_can_be_taken_back(page):
    rows = [b"sepal_length,sepal_width,petal_length,petal_width"]
    rows += [b"5.%d,3.%d,%s,0.2" % (i % 4, 3 + i % 4, b"1.4" if i < 12 else b"14") for i in range(18)]
    drop(page, b"\n".join(rows))
    assert "Is ‘petal_length’ in rows 14 to 19 in mm?" in said(page)
    assert "changes 6 rows: failed → <i>I. setosa</i>" in said(
        page
    ) or "changes 6 rows: fits nothing → <i>I. setosa</i>" in said(page)
    answer(page, "Divide them by ten")
    assert {row["flora_species"] for row in table(page)} == {"Iris setosa"}
    assert "as was agreed, in 6 rows" in said(page)
    answer(page, "Take the last answer back")
    assert {row["flora_species"] for row in table(page)} != {"Iris setosa"}
    answer(page, "Leave as is")
    assert "Is ‘petal_length’" not in said(page)


def test_the_same_file_again_is_recognised_and_not_recorded_twice(page, context):
    drop(page, GOOD)
    record(page)
    button(page, "Another file").click().run()
    drop(page, GOOD)
    assert "by Ada. Record it again" in page.checkbox(key="batch.again").label
    record(page)
    assert len(context.records.newest("iris", 100)) == 2
    button(page, "Another file").click().run()
    drop(page, GOOD)
    page.checkbox(key="batch.again").check()
    record(page)
    assert len(context.records.newest("iris", 100)) == 4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "empty"), (b"a,b\n", "no rows"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls")],
)
def test_what_is_no_table_is_refused_in_a_sentence(page, content, sentence):
    drop(page, content)
    assert not page.exception
    assert sentence in said(page)
    assert button(page, "Another file")


def test_rows_can_be_filtered_by_what_became_of_them(page):
    drop(page, GOOD)
    assert any("1 to 3 of 3 rows" in c.value for c in page.caption)
    page.button_group(key="batch.filter").set_value("failed").run()
    assert any("1 to 1 of 1 row;" in c.value for c in page.caption)
    assert "is not a number" in said(page)


def test_the_table_has_the_reader_s_own_headings_and_the_name_first(page):
    drop(page, GOOD.replace(b"specimen", b"Beleg"))
    shown = next(h.value for h in page.get("html") if "flora-rows" in h.value)
    assert "flora_" not in shown
    head = shown[: shown.index("</thead>")]
    assert head.index("Name or reason") < head.index(">Beleg<") < head.index(">sepal_length<")


def test_the_result_has_an_address_that_survives_the_session(page, context):
    drop(page, GOOD)
    record(page)
    identifier = page.session_state["batch.work"].identifier
    assert page.query_params["table"] in (identifier, [identifier])
    before = table(page)
    again = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
    again.query_params["table"] = identifier
    again.switch_page("../pages/batch.py").run()
    settled(again)
    assert "recorded" in said(again)
    assert table(again) == before
    assert len(context.records.newest("iris", 100)) == 2
    other = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
    other.query_params["table"] = "a" * 26
    other.switch_page("../pages/batch.py").run()
    assert "There is no such batch" in said(other)


def test_downloads_hold_the_records_names_and_no_formula(page):
    drop(page, GOOD.replace(b"A2", b"=1+1"))
    record(page)
    work = page.session_state["batch.work"]
    assert "'=1+1" in work.result("csv").decode()
    assert work.result("xlsx")[:2] == b"PK"
    assert work.result("darwin core")[:2] == b"PK"
    assert work.result("issues").decode("utf-8-sig").splitlines()[0] == "row,column,value,problem,suggestion"


def pick(page, *rows):
    page.multiselect[0].set_value(list(rows)).run()
    return page


def test_picked_rows_are_confirmed_or_corrected_where_they_are_shown(page, context):
    drop(page, GOOD)
    record(page)
    pick(page, 2)
    assert not page.exception
    next(b for b in page.button if b.label == "Confirm: *Iris setosa*").click().run()
    assert "Iris setosa, determined by Ada." in said(page)
    pick(page, 2, 3)
    assert not any(b.label.startswith("Confirm") for b in page.button)
    next(b for b in page.button if b.label == "*Iris virginica*").click().run()
    assert "**2 plants**: Iris virginica, determined by Ada." in said(page)
    assert "So far: <i>Iris setosa</i> and <i>Iris virginica</i>" in said(page)
    slips = context.determinations.of_each(row["flora_id"] for row in table(page)[:2])
    assert [[s.given.species for s in each] for each in slips.values()] == [
        ["Iris setosa", "Iris virginica"],
        ["Iris virginica"],
    ]


def test_a_row_that_was_not_recorded_can_t_be_determined(page):
    drop(page, GOOD)
    assert not page.multiselect
    record(page)
    assert not any(option.startswith("row 4") for option in page.multiselect[0].options)


def test_downloads_are_of_the_run_also_after_something_else_was_said_of_the_file(page):
    drop(page, GOOD)
    record(page)
    work = page.session_state["batch.work"]
    before = work.result("xlsx")
    # A sign and a matching under which nothing can be understood.
    work.say(columns=dict.fromkeys(("sepal_length", "sepal_width", "petal_length", "petal_width"), ""))
    assert work.understood is None
    assert cells(work.result("xlsx")) == cells(before)


def test_two_downloads_at_once_do_not_write_into_each_other(page):
    drop(page, GOOD)
    record(page)
    work = page.session_state["batch.work"]
    with ThreadPoolExecutor(4) as at_once:
        made = list(at_once.map(work.result, ["xlsx", "darwin core"] * 4))
    for archive in made:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            assert opened.testzip() is None
    assert all("xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(one)).namelist() for one in made[::2])
    assert all("meta.xml" in zipfile.ZipFile(io.BytesIO(one)).namelist() for one in made[1::2])


def cells(workbook):
    return list(openpyxl.load_workbook(io.BytesIO(workbook)).active.values)


def test_a_decimal_sign_that_nobody_can_tell_is_asked(page):
    rows = b"A1;1,234;3,101;1,402;1,101\n"
    drop(page, b"specimen;sepal length;sepal width;petal length;petal width\n" + 8 * rows)
    assert "Is 1,234 one number with a decimal comma" in said(page)
    assert button(page, "The decimal sign is a comma")


LONG = "plant,character,value\n" + "".join(
    f"p{i},{name},{value}\n"
    for i in range(5)
    for name, value in (("sepal length", 5.1), ("sepal width", 3.5), ("petal length", 1.4), ("petal width", 0.2))
)
TWO_ROWS = (
    "no,sepal,,petal,\n,length,width,length,width\n" + "1,5.1,3.5,1.4,0.2\n2,4.9,3.0,1.4,0.2\n3,4.7,3.2,1.3,0.2\n"
)


@pytest.mark.parametrize(
    ("text", "offer", "rows"), [(LONG, "Spread it: a row for each plant", 5), (TWO_ROWS, "Join the two header rows", 3)]
)
def test_another_arrangement_is_offered_by_a_button(page, text, offer, rows):
    at = drop(page, text.encode())
    assert "--" not in at.error[0].value
    button(at, offer).click().run()
    assert not at.exception, at.exception
    assert len(table(settled(at))) == rows
    assert all(row["flora_species"] == "Iris setosa" for row in table(at))
