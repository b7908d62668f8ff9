"""Who shows the program, and who watches a model, in a real browser: a season at one click, the tour, the monitor, and gone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import IDLE
from tests.builders import labelled_table
from tests.servers import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def settle(page):
    page.wait_for_timeout(250)
    page.wait_for_selector(IDLE)


@pytest.fixture
def fresh(tmp_path):
    with WebServer(tmp_path / "context") as server:
        server.wait_for("/readyz", 200)
        yield server


def test_a_season_is_shown_and_taken_away_without_a_trace(visit, fresh):
    page = visit("/", address=fresh.address)
    page.get_by_text("Show it to somebody").click()
    page.get_by_role("button", name="Load a simulated season").click()
    expect(page.get_by_role("heading", name="Fisher's irises, a simulated season")).to_be_visible(timeout=60_000)
    settle(page)
    assert "study=season" in page.url
    expect(page.locator(".st-key-simulated-chip")).to_be_visible()
    page.get_by_text("Show it to somebody").click()
    page.get_by_role("button", name="Begin the tour").click()
    settle(page)
    for i, name in enumerate(("identify", "batch", "determine", "monitor", "models"), start=1):
        expect(page.get_by_text(f"{i} of 5.")).to_be_visible(timeout=20_000)
        expect(page).to_have_url(re.compile(f"/{name}\\?"))
        expect(page.locator(".st-key-simulated-chip")).to_be_visible()
        if i < 5:
            page.get_by_role("button", name="Next stop").click()
            settle(page)
    page.get_by_role("button", name="That was the tour").click()
    settle(page)

    page.goto(f"{fresh.address}/monitor?study=season")
    settle(page)
    expect(page.get_by_role("heading", name="How right are the names?")).to_be_visible()
    page.get_by_text("How do we know?").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(5, timeout=20_000)
    page.locator(".st-key-simulated-chip button").first.click()
    page.get_by_role("button", name="Remove the simulated season").click()
    settle(page)
    page.goto(f"{fresh.address}/")
    settle(page)
    expect(page.get_by_text("Nothing was recorded yet.")).to_be_visible()
    expect(page.get_by_role("heading", name="Fisher's irises", exact=True)).to_be_visible()
    page.goto(f"{fresh.address}/studies")
    settle(page)
    assert "season" not in page.locator('[data-testid="stMain"]').inner_text()
    page.close()


def test_two_tables_are_held_against_each_other(visit, fresh, tmp_path):
    plants = {"Planta alba": 60, "Planta rubra": 60}
    (tmp_path / "before.csv").write_text(labelled_table(plants))
    (tmp_path / "now.csv").write_text(labelled_table(plants, seed=1))
    page = visit("/monitor", address=fresh.address)
    expect(page.get_by_role("link", name="Identify and record a plant")).to_be_visible()
    page.get_by_text("Compare two tables of your own").click()
    for i, name in enumerate(("before.csv", "now.csv")):
        page.locator("input[type=file]").nth(i).set_input_files(str(tmp_path / name))
        settle(page)
    expect(page.get_by_text("These 120 rows look")).to_be_visible()
    page.close()
