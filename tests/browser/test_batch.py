"""A messy table in a real browser: dropped, one column matched by hand, named, downloaded, and read row by row."""

import csv
import io

import pytest

from tests.browser.conftest import IDLE, sign_as

pytestmark = pytest.mark.browser

MESSY = (
    "Sammlung Beispiel;;;;;;\r\n"
    "Beleg;Länge Kelchblatt (mm);Breite Kelchblatt (mm);Q7;Petal width (mm);Notiz;Formel\r\n"
    "001;51;35;1,4;2;gut;=1+1\r\n"
    "002;59;30;4,2;15;;ok\r\n"
    "003;60;27;5,1;16;;ok\r\n"
    "004;abc;30;4,2;15;;ok\r\n"
    "005;;;1,4;2;;ok\r\n"
    "006;51;35;14;2;;ok\r\n"
    "007;63;33;6,0;ca. 25;;@x\r\n"
    "008;-5;33;6,0;25;;\r\n"
)
SPECIES = ["Iris setosa", "Iris versicolor", "Iris virginica", "", "Iris setosa", "none of these", "Iris virginica", ""]


def test_a_messy_table_is_named_row_by_row_in_four_clicks(visit, tmp_path):
    (tmp_path / "Beispiel Liste.csv").write_bytes(MESSY.encode("cp1252"))
    page = visit("/batch")
    sign_as(page, "Ada")
    clicks = 1  # the drop
    page.set_input_files("input[type=file]", str(tmp_path / "Beispiel Liste.csv"))
    page.wait_for_selector("text=Which column holds petal length?", timeout=60_000)
    page.get_by_role("button", name="‘Q7’").click()
    clicks += 1
    page.wait_for_selector("text=Which column holds petal length?", state="detached", timeout=60_000)
    page.get_by_role("button", name="Record 6 identifications").click()
    clicks += 1
    page.wait_for_selector("text=6 identifications recorded.", timeout=60_000)
    page.wait_for_selector(IDLE)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Table (.csv)").click()
    clicks += 1
    assert clicks <= 4
    assert downloading.value.suggested_filename == "Beispiel-Liste-identified.csv"
    rows = list(csv.reader(io.StringIO(downloading.value.path().read_text("utf-8-sig"))))
    header, rows = rows[0], rows[1:]
    own = [line.split(";") for line in MESSY.split("\r\n")[2:-1]]
    assert header[:7] == MESSY.split("\r\n")[1].split(";")
    # A cell that a spreadsheet would run is told to be text; every other cell, and a negative number, stands as it stood.
    shown = [[f"'{cell}" if cell[:1] in ("=", "@") else cell for cell in row] for row in own]
    assert [row[:7] for row in rows] == shown
    assert [row[header.index("flora_species")] for row in rows] == SPECIES
    reasons = [row[header.index("flora_issues")] for row in rows]
    assert "abc" in reasons[3]
    assert "must be above 0" in reasons[7]
    assert all(row[header.index("flora_id")] for row, name in zip(rows, SPECIES, strict=True) if name)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="List of issues").click()
    listed = downloading.value.path().read_text("utf-8-sig")
    assert "\n6," in listed
    assert "\n10," in listed
    # A filter of their own for the failed rows, and an address that survives a reload.
    page.get_by_role("radio", name="failed 2").click()
    page.wait_for_selector("text=1 to 2 of 2 rows")
    page.reload()
    page.wait_for_selector("text=6 identifications recorded.", timeout=60_000)
