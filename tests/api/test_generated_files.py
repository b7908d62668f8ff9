"""Files that nobody thought of, from bytes up: named or refused with a sentence by workflow and API, never a fault of ours."""

import io
import time
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flora_core.errors import FloraError
from flora_core.workflows.batch import BatchRequest, plan_batch, queue, run_batch
from flora_core.workflows.batch.sinks import TableSink
from tests.api.test_api import Front, client_of
from tests.builders import HEADER
from tests.conftest import examples

NAMES = [
    *HEADER,
    "id",
    "Species",
    "sepal length (mm)",
    "Länge",
    "n",
    "mean",
    "",
    " ",
    "=1+1",
    "\u202ename",
    "x" * 1001,
    "1",
]
CELLS = st.one_of(
    st.sampled_from(
        ["5.1", "3,5", "1.4 cm", "n/a", "", " ", "-1", "1e400", "NaN", "2.0-2.5", "½", "٣٫٥", "=A1", "0x10", "5.1.2"]
    ),
    st.floats().map(str),
    st.text(max_size=12),
)
#: Cells as they are typed by most: a file of these and of the others is named row by row, and not refused as a whole.
PLAIN = st.integers(1, 99).map(lambda tenths: str(tenths / 10))
MIXED = st.one_of(PLAIN, PLAIN, PLAIN, CELLS)
LIMITS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@st.composite
def tables(draw):
    """A table as text of any encoding, sometimes spoilt."""
    width = draw(st.integers(1, 8))
    names = st.lists(st.sampled_from(NAMES), min_size=width, max_size=width, unique=draw(st.booleans()))
    header = draw(st.one_of(st.just(HEADER), st.just(HEADER), names))
    cells = draw(st.sampled_from([MIXED, CELLS]))
    shortest = draw(st.sampled_from([0, len(header)]))
    rows = draw(st.lists(st.lists(cells, min_size=shortest, max_size=len(header) + 1), max_size=12))
    sign = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    above = draw(st.sampled_from(["", "A title", "sep=;", "# comment", "\n\n"]))
    text = end.join([*filter(None, [above]), sign.join(header), *map(sign.join, rows)]) + draw(
        st.sampled_from(["", end])
    )
    content = text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])), "replace")
    return spoilt(draw, content)


def spoilt(draw, content):
    """The same, with bytes changed, cut off or put between, in one of three files."""
    if draw(st.integers(0, 2)) or not content:
        return content
    # A share and not a number of bytes: what a ZIP file packs to depends on the moment it was written.
    place = int(draw(st.floats(0, 1)) * len(content))
    return content[:place] + draw(st.binary(max_size=8)) + content[place + draw(st.integers(0, 20)) :]


@st.composite
def workbooks(draw):
    """A workbook as a program writes it, with parts replaced by others in one of three."""
    book = openpyxl.Workbook()
    for number in range(draw(st.integers(1, 2))):
        sheet = book.active if not number else book.create_sheet()
        values = st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(10**15), 10**15),
            st.floats(allow_nan=False, allow_infinity=False),
            st.dates().filter(lambda day: day.year > 1900),
            st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=10).map(
                lambda t: t.lstrip("=")
            ),
        )
        sheet.append(draw(st.one_of(st.just(HEADER), st.lists(st.sampled_from(HEADER), max_size=6))))
        for row in draw(st.lists(st.lists(values, max_size=6), max_size=6)):
            sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    if draw(st.integers(0, 2)):
        return kept.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        which = draw(st.sampled_from(old.namelist()))
        for name in old.namelist():
            content = old.read(name)
            if name == which:
                place = int(draw(st.floats(0, 1)) * len(content))
                far = st.sampled_from([b"XFD1048576", b"A200000000", b"<c r='a1'>", b"<row", b"99999999999", b"&#0;"])
                content = content[:place] + draw(st.one_of(far, st.binary(max_size=10))) + content[place:]
            new.writestr(name, content)
    return spoilt(draw, changed.getvalue())


@pytest.fixture
def ask(context, monkeypatch):
    """Have a file named by the workflow, then by the API."""
    monkeypatch.setattr(queue, "MOST_WAITING", 1_000_000)
    client = client_of(Front(context))
    named, reasons = [], []

    def asked(content, name):
        try:
            understood = plan_batch(context, io.BytesIO(content), BatchRequest(study="iris", name=name))
            out = io.BytesIO()
            run_batch(context, io.BytesIO(content), understood, sinks=[TableSink(out, "csv", understood)], record=False)
            named.append(True)
        except FloraError as refused:
            reasons.append(refused.message)
        answer = client.post("/api/v1/batch", content=content, params={"name": name})
        assert answer.status_code in (202, 413, 422), answer.text
        while answer.json().get("state") in ("waiting", "running"):
            time.sleep(0.002)
            answer = client.get(answer.json()["address"])
        assert answer.json().get("state", "refused") in ("done", "refused"), answer.text

    yield asked
    # Not every file was refused: the rows of many were looked at.
    assert named
    assert all(reason.strip() for reason in reasons)


@pytest.mark.slow
def test_generated_tables_are_named_or_refused(ask):
    @given(st.one_of(st.binary(max_size=3000), tables(), tables(), tables()))
    @settings(max_examples=examples(100, 3000), **LIMITS)
    def tried(content):
        ask(content, "t.csv")

    tried()


@pytest.mark.slow
def test_generated_workbooks_are_named_or_refused(ask):
    @given(workbooks())
    @settings(max_examples=examples(12, 300), **LIMITS)
    def tried(content):
        ask(content, "t.xlsx")

    tried()
