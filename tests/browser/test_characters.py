"""A botanist's whole work with characters that are seen, in a real browser: from her table to a name, a monitor and a key."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from flora_core.workflows.context import open_context
from tests.browser.conftest import IDLE
from tests.conftest import settings_in
from tests.servers import WebServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEADER = "plant height (cm),number of flowers,flower colour,leaf margin,hairiness,basal leaves present"
#: Of each species: height, flowers, and how many of ten plants show each state.
BELLS = {
    "Campanula patula": (
        40,
        5,
        "violet*6 purple*2 blue/violet*2",
        "crenate*9 entire",
        "glabrous*8 pubescent*2",
        "no*9 yes",
    ),
    "Campanula rotundifolia": (30, 3, "blue*7 white weiß BLUE", "entire*9 crenate", "glabrous*9 pubescent", "yes*9 no"),
    "Campanula trachelium": (
        75,
        9,
        "violet*5 blue*3 purple*2",
        "serrate*9 crenate",
        "tomentose*6 pubescent*4",
        "yes*5 no*5",
    ),
}


def repeated(text: str) -> list[str]:
    """The word of "blue*3", three times."""
    word, _, times = text.partition("*")
    return [word] * int(times or 1)


def bells(each: int, seed: int) -> list[str]:
    """Rows of a labelled table, without its header: plants of each species, in turns."""
    rng, rows = np.random.default_rng(seed), []
    for name, (height, flowers, *characters) in BELLS.items():
        columns = [[word for one in text.split() for word in repeated(one)] for text in characters]
        for _ in range(each):
            seen = [str(rng.choice(words)) for words in columns]
            rows.append(
                f"{name},{height * np.exp(0.15 * rng.normal()):.1f},{1 + rng.poisson(flowers)},{','.join(seen)}"
            )
    return rows


def settle(page):
    page.wait_for_timeout(250)
    page.wait_for_selector(IDLE)


def turn_to(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_url(re.compile(f"/{name.lower()}"))
    settle(page)


def type_into_cell(page, box, row, column, text):
    """Type into a cell of an editable table, as a person does: from the first cell by arrows."""
    grid = box.get_by_test_id("data-grid-canvas").first
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 40, "y": 52}, force=True)
    for key in ["ArrowDown"] * row + ["ArrowRight"] * column:
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    editor = page.locator("#portal textarea, #portal input")
    editor.fill(text)
    editor.press("Enter")
    expect(box.locator(f"#glide-cell-{column}-{row}")).to_have_text(text)
    settle(page)


def press_pill(page, character, *states):
    for state in states:
        page.locator(f".st-key-states-{character} button").filter(has_text=re.compile(f"^{state}$")).click()
        settle(page)


def test_from_a_table_with_states_to_a_key(visit, tmp_path):
    with WebServer(tmp_path / "context") as server:
        server.wait_for("/readyz", 200)
        (tmp_path / "bells.csv").write_text("\n".join([f"species,{HEADER}", *bells(40, seed=3)]) + "\n")
        page = visit("/studies", address=server.address)
        page.set_viewport_size({"width": 1360, "height": 1600})

        # The study: what is seen was found, and is mended by hand.
        page.locator("input[type=file]").first.set_input_files(str(tmp_path / "bells.csv"))
        page.get_by_role("heading", name="What is seen").wait_for()
        page.get_by_text("hairiness: glabrous < pubescent < tomentose").wait_for()
        settle(page)
        colour = page.get_by_test_id("stExpander").filter(has_text="flower colour:")
        colour.locator("summary").click()
        cells = colour.locator("[id^=glide-cell-0-]")
        expect(cells).to_have_text(["blue", "violet", "purple", "white"])
        type_into_cell(page, colour, 2, 3, "violet")
        type_into_cell(page, colour, 3, 4, "like milk, without a tinge")
        page.get_by_label("Made by").fill("Ada")
        page.get_by_label("Made by").press("Tab")
        settle(page)
        page.get_by_role("button", name="Make the study").click()
        page.get_by_text("was made of 120 plants").wait_for()

        # The model.
        page.get_by_role("link", name="Train a first model").click()
        settle(page)
        page.get_by_test_id("stSelectbox").filter(has=page.get_by_text("Algorithm", exact=True)).locator(
            "input"
        ).click()
        page.get_by_role("option", name="decision tree", exact=True).click()
        settle(page)
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_role("heading", name="Version 1: decision tree")).to_be_visible(timeout=90_000)
        page.get_by_role("button", name="Use version 1").click()
        page.get_by_text("This version is now in use.").wait_for()

        # One plant: pills, a counter and a slider, some left out, two states at once.
        turn_to(page, "Identify")
        pills = page.locator(".st-key-states-flower-colour button").filter(has_text=re.compile(r"\w"))
        expect(pills).to_have_text(["violet", "blue", "white"])
        press_pill(page, "flower-colour", "blue", "violet")
        press_pill(page, "leaf-margin", "serrate")
        press_pill(page, "hairiness", "tomentose")
        count = page.locator(".st-key-count-number-of-flowers input")
        count.fill("9")
        count.press("Enter")
        settle(page)
        expect(page.locator(".flora-name")).to_contain_text("trachelium")
        assert "flower_colour=violet+or+blue" in page.url
        why = page.locator(".flora-why").inner_text()
        assert "violet or blue" in why
        assert re.search(r"\d+ % of 40 \(\d+ to \d+ %\)", why)
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_text("Recorded as").wait_for()

        # A table: states as they are typed, in other languages, misspelt, and one that nobody knows.
        turn_to(page, "Batch")
        typed = [
            "b1,41,5,violett,crenate,glabrous,no",
            "b2,29,3,blue or white,entire,glabrous,ja",
            "b3,77,10,purpel,serrate,tomentose,+",
            "b4,31,3,red,entire,glabrous,yes",
        ]
        grown = [f"c{i},{28 + i % 5},3,blue,entire,glabrous,yes" for i in range(40)]
        (tmp_path / "summer.csv").write_text("\n".join([f"plant,{HEADER}", *typed, *grown]) + "\n")
        page.locator("input[type=file]").first.set_input_files(str(tmp_path / "summer.csv"))
        page.get_by_role("button", name="Record 42 identifications").wait_for(timeout=60_000)
        page.get_by_text("Flower colour 'purpel' is not a state that is known here").wait_for()
        page.get_by_text("Did you mean violet? There are: violet, blue, white.").first.wait_for()
        page.get_by_role("button", name="Record 42 identifications").click()
        page.get_by_text("42 identifications recorded.").wait_for(timeout=60_000)
        settle(page)
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Table (.csv)").click()
        rows = list(csv.DictReader(io.StringIO(downloading.value.path().read_text("utf-8-sig"))))
        named = [row["flora_species"] for row in rows[:4]]
        assert named == ["Campanula patula", "Campanula rotundifolia", "", ""]

        # A competent person has a look.
        turn_to(page, "Determine")
        number = page.locator(".st-key-bench h2").inner_text()
        page.locator(".st-key-answers-inbox button").filter(has_text="Campanula").first.click()
        expect(page.locator(".st-key-bench h2")).not_to_have_text(number)
        settle(page)

        # The monitor: the summer brought almost nothing but harebells, which the states show too.
        turn_to(page, "Monitor")
        expect(page.get_by_role("heading", name="Do the plants measure as they did?")).to_be_visible()
        table = page.get_by_test_id("stDataFrame").first
        margin = table.locator("td").filter(has_text=re.compile("^Leaf margin"))
        expect(margin).to_have_text("Leaf margin (entire)")
        page.close()

        # The key leads through states.
        page = visit("/models?study=bells&view=Key", address=server.address)
        page.get_by_role("button", name="Key to print").wait_for()
        settle(page)
        key = page.get_by_test_id("stMain").inner_text()
        assert re.search(r"\d[ab]\s+(Flower colour|Leaf margin|Hairiness|Basal leaves present) [a-z]+", key)
        assert re.search(r"By the leaf margin: with [a-z]+", key)
        page.close()
    context = open_context(settings_in(tmp_path / "context"))
    try:
        study = context.studies.get("bells")
        colours = study.measurement("flower_colour")
        assert [state.label for state in colours.states] == ["violet", "blue", "white"]
        assert colours.states[2].how == "like milk, without a tinge"
        assert "purple" in colours.states[0].synonyms
        assert study.measurement("number_of_flowers").kind == "counted"
        kept = context.records.newest("bells", 100)
        assert len(kept) == 43
        first = next(
            one for one in kept if one.plant.catalogue_number not in {f"c{i}" for i in range(40)} | {"b1", "b2"}
        )
        assert first.plant.typed[study.names.index("flower_colour")] == "violet or blue"
        assert sum(1 for _ in context.determinations.latest("bells")) == 1
    finally:
        context.close()
