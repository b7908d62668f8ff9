"""In a real browser: a study is made of a table like that of the wheat kernels, and every page works on it."""

import re
import shutil

import pytest

from flora_core.workflows.context import open_context
from flora_core.workflows.models.training import train_version
from tests.browser.conftest import IDLE
from tests.builders import labelled_table
from tests.conftest import settings_in
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


class Clicks:
    """Counts the clicks of a job."""

    def __init__(self):
        self.count = 0

    def __call__(self, element):
        element.click()
        self.count += 1


def test_from_a_labelled_table_to_an_identifying_study_in_five_clicks(visit, own_server, tmp_path):
    table = tmp_path / "wheat.csv"
    table.write_text(labelled_table({"Kama": 14, "Rosa": 14, "Canadian": 14}, HEADERS, label="variety"))
    click = Clicks()
    page = visit("/", address=own_server.address)
    click(page.get_by_role("link", name="Studies", exact=True).first)
    page.wait_for_selector(IDLE)
    click.count += 1  # the file box, of which a browser's own dialogue follows
    page.locator("input[type=file]").set_input_files(str(table))
    page.get_by_text("42 plants of 3 species").wait_for()
    page.get_by_label("Made by").fill("Ada")
    page.get_by_label("Made by").press("Tab")
    click(page.get_by_role("button", name="Make, train and use"))
    page.get_by_text("Version 1 identifies: ").wait_for(timeout=120_000)
    click(page.get_by_role("link", name=re.compile("^Identify a")))
    page.get_by_role("textbox", name=re.compile(", typed$")).first.wait_for()
    assert "study=wheat" in page.url
    assert click.count <= 5


def test_comparing_and_promoting_takes_three_clicks(visit, first_start, tmp_path):
    shutil.copytree(first_start, tmp_path / "context")
    context = open_context(settings_in(tmp_path / "context"))
    train_version(context, "iris", algorithm="logistic", by="Ada")
    context.close()
    with WebServer(tmp_path / "context") as server:
        server.wait_for("/readyz", 200)
        click = Clicks()
        page = visit("/models?view=Versions", address=server.address)
        click(page.get_by_role("radio", name="Compare"))
        click(page.get_by_role("button", name="Compare these two"))
        page.get_by_text("May it take the place?").wait_for(timeout=120_000)
        page.wait_for_selector(IDLE)
        assert page.locator("h2.flora-verdict").count() == 1
        page.get_by_label("Your name", exact=True).last.fill("Ada")
        page.get_by_label("Reason", exact=True).last.fill("needed for the lesson")
        click(page.get_by_role("button", name=re.compile("^Promote version 2")))
        page.get_by_text("Version 2 identifies from now on.").wait_for()
        assert click.count <= 3
        page.close()
