"""A season's plants determined by keyboard, in a real browser."""

import shutil

import pytest
from playwright.sync_api import expect

from flora_core.workflows.context import open_context
from tests.browser.conftest import IDLE, sign_as
from tests.conftest import settings_in
from tests.servers import WebServer
from tests.workflows.determine.conftest import recorded

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def season(first_start, tmp_path_factory):
    """A server with three recorded flowers, and its context."""
    folder = tmp_path_factory.mktemp("determine") / "context"
    shutil.copytree(first_start, folder)
    context = open_context(settings_in(folder))
    recorded(context, "ordinary")
    recorded(context, "stranger", petal_length=7.9)
    recorded(context, "unsure", sepal_length=6.0, sepal_width=2.7, petal_length=4.9, petal_width=1.6)
    with WebServer(folder) as server:
        server.wait_for("/readyz", 200)
        yield server, context
    context.close()


def press(page, key):
    page.keyboard.press(key)
    page.wait_for_timeout(150)
    page.wait_for_selector(IDLE)


def shown(page, number):
    expect(page.get_by_role("heading", name=f"No. {number}")).to_be_visible()


def test_plants_are_confirmed_and_corrected_by_keys_and_the_person_is_kept_across_pages(visit, season):
    server, context = season
    page = visit(address=server.address)
    page.get_by_role("link", name="Determine").click()
    shown(page, "stranger")
    page.get_by_label("Determined by").fill("Ada 1")
    # What is typed into a box presses no button.
    page.get_by_label("Determined by").press("y")
    page.get_by_label("Determined by").press("Tab")
    page.wait_for_selector(IDLE)
    page.get_by_role("heading", name="Determine").click()
    press(page, "n")
    shown(page, "unsure")
    press(page, "b")
    shown(page, "stranger")
    press(page, "y")
    expect(page.get_by_text("none of these, determined by Ada 1y")).to_be_visible()
    shown(page, "unsure")
    press(page, "2")
    shown(page, "ordinary")
    said = {
        d.recorded.plant.catalogue_number: d.determination.given.written for d in context.determinations.latest("iris")
    }
    assert said == {"stranger": "none of these", "unsure": "Iris versicolor"}
    page.get_by_role("link", name="Identify").click()
    page.get_by_role("textbox", name="Petal length (cm), typed").fill("1.4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed Ada 1y, today.")).to_be_visible()


def test_an_identification_is_corrected_where_it_was_recorded(visit, season):
    server, context = season
    page = visit("/identify?sepal_length=5.1&sepal_width=3.5&petal_length=1.4&petal_width=0.2", address=server.address)
    sign_as(page, "Grace")
    page.get_by_text("Collector and site").click()
    page.get_by_role("textbox", name="Site").fill("Gaspé")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("Confirm or correct").click()
    page.get_by_role("button", name="Iris virginica").click()
    expect(page.get_by_text("Iris virginica, determined by Grace")).to_be_visible()
    newest = context.records.newest("iris", 1)[0]
    assert newest.recording.site == "Gaspé"
    assert [s.given.species for s in context.determinations.of(newest.id)] == ["Iris virginica"]


def test_on_a_phone_every_answer_lies_above_the_places_without_scrolling(visit, season):
    page = visit("/determine", address=season[0].address, wide=False)
    sign_as(page, "Grace")
    page.get_by_text("Signed Grace").wait_for()
    page.wait_for_selector(IDLE)
    places = page.locator(".st-key-places").bounding_box()["y"]
    for name in ("Iris setosa", "None of these"):
        button = page.locator(".st-key-answers-inbox button").filter(has_text=name).last
        expect(button).to_be_visible()
        lies = button.bounding_box()
        assert lies["y"] + lies["height"] <= places
        assert lies["height"] >= 44


def test_ten_determinations_on_a_phone_take_ten_presses_and_no_scrolling(visit, season):
    server, context = season
    for i in range(12):
        recorded(context, f"ten-{i}", petal_length=7.0 + i / 10)
    before = sum(1 for _ in context.determinations.latest("iris"))
    page = visit("/determine", address=server.address, wide=False)
    sign_as(page, "Hedwig")
    page.get_by_text("Signed Hedwig").wait_for()
    page.wait_for_selector(IDLE)
    for i in range(10):
        plant = page.locator(".st-key-bench h2").inner_text()
        places = page.locator(".st-key-places").bounding_box()["y"]
        answer = page.locator(".st-key-answers-inbox button").filter(has_text="None of these").last
        lies = answer.bounding_box()
        assert lies["y"] >= 0
        assert lies["y"] + lies["height"] <= places, i
        page.mouse.click(lies["x"] + lies["width"] / 2, lies["y"] + lies["height"] / 2)
        expect(page.locator(".st-key-bench h2")).not_to_have_text(plant)
        page.wait_for_selector(IDLE)
        assert page.locator('[data-testid="stMain"]').evaluate("box => box.scrollTop") == 0
    assert sum(1 for _ in context.determinations.latest("iris")) == before + 10


def test_five_quick_keys_count_five_times_and_are_taken_back_one_by_one(visit, season):
    server, context = season
    for i in range(6):
        recorded(context, f"quick-{i}", petal_length=8.2 + i / 10)
    page = visit("/determine", address=server.address)
    sign_as(page, "Erika")
    page.get_by_text("Signed Erika").wait_for()
    page.wait_for_selector(IDLE)

    def said():
        return [
            d.determination.given.written
            for d in context.determinations.latest("iris")
            if d.determination.by == "Erika"
        ]

    heading = page.locator(".st-key-bench h2")
    first = heading.inner_text()
    page.get_by_role("heading", name="Determine").click()
    for key in "12130":
        page.keyboard.press(key)
        page.wait_for_timeout(30)  # no hand is quicker
    expect(page.get_by_text("none of these, determined by Erika")).to_be_visible()
    page.wait_for_selector(IDLE)
    assert sorted(said()) == ["Iris setosa", "Iris setosa", "Iris versicolor", "Iris virginica", "none of these"]
    for left in range(4, -1, -1):
        page.keyboard.press("u")
        expect(page.get_by_text("counts no more")).to_be_visible()
        page.wait_for_timeout(300)
        page.wait_for_selector(IDLE)
        assert len(said()) == left
    expect(heading).to_have_text(first)
