"""In a real browser: a study is made of a table like that of the wheat kernels, and every page works on it."""

import shutil

import pytest

from tests.browser.conftest import IDLE
from tests.builders import labelled_table
from tests.servers import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHEAT = {"Kama": 14, "Rosa": 14, "Canadian": 14, "Canadain": 2}
HEADERS = ("area_mm2", "perimeter_mm", "compactness", "kernel_length_mm", "kernel_width_mm")


@pytest.fixture
def own_server(first_start, tmp_path):
    shutil.copytree(first_start, tmp_path / "context")
    with WebServer(tmp_path / "context") as running:
        running.wait_for("/readyz", 200)
        yield running


def test_a_botanist_makes_a_study_of_a_table(visit, own_server, tmp_path):
    table = tmp_path / "wheat.csv"
    table.write_text(labelled_table(WHEAT, HEADERS, label="variety"))
    page = visit("/studies", address=own_server.address)
    page.locator("input[type=file]").set_input_files(str(table))
    page.get_by_role("button", name="Count as Canadian").click()
    page.get_by_text("44 plants of 3 species").wait_for()
    page.get_by_label("Made by").fill("Ada")
    page.get_by_label("Made by").press("Tab")
    page.get_by_role("button", name="Make the study").click()
    page.get_by_text("was made of 44 plants").wait_for()
    page.wait_for_selector(IDLE)
    assert "study=wheat" in page.url
    page.goto(f"{own_server.address}/identify?study=wheat")
    page.get_by_text("no model yet. Train one").wait_for()
    page.get_by_label("Study", exact=True).wait_for()
    page.close()
