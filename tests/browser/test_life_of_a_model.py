"""The whole way of a botanist with a genus of her own, in a real browser: trained, compared, promoted, used, taken back."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import IDLE
from tests.servers import SHARED, WebServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COLUMNS = [
    "area_mm2",
    "perimeter_mm",
    "compactness",
    "kernel_length_mm",
    "kernel_width_mm",
    "asymmetry_coefficient",
    "kernel_groove_length_mm",
]


def kernels(folder):
    """The real table of wheat kernels where it is there, else one like it."""
    real = SHARED / "datasets" / "wheat_seeds.csv"
    if real.exists():
        return real
    rng = np.random.default_rng(7)
    middles = {
        "Kama": [14.3, 14.3, 0.88, 5.5, 3.2, 2.7, 5.1],
        "Rosa": [18.3, 16.1, 0.88, 6.1, 3.7, 3.6, 6.0],
        "Canadian": [11.9, 13.2, 0.85, 5.2, 2.9, 4.8, 5.1],
    }
    spread = np.array([0.9, 0.5, 0.015, 0.2, 0.15, 1.0, 0.2])
    lines = [",".join([*COLUMNS, "variety"])]
    for name, middle in middles.items():
        values = np.abs(np.array(middle) + spread * rng.normal(size=(40, 7)))
        lines += [",".join([*(f"{v:.4f}" for v in row), name]) for row in values]
    made = folder / "kernels.csv"
    made.write_text("\n".join(lines) + "\n")
    return made


def settle(page):
    page.wait_for_timeout(250)
    page.wait_for_selector(IDLE)


def choose(page, label, option):
    page.get_by_test_id("stSelectbox").filter(has=page.get_by_text(label, exact=True)).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def fill(page, label, text):
    page.get_by_label(label, exact=True).last.fill(text)
    page.keyboard.press("Enter")
    settle(page)


def turn_to(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()
    settle(page)


def train(page, algorithm, knob, value, version):
    choose(page, "Algorithm", algorithm)
    fill(page, knob, value)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name=f"Version {version}: {algorithm}")).to_be_visible(timeout=90_000)
    settle(page)


def sign(page, why):
    fill(page, "Reason", why)


def test_a_genus_of_ones_own(visit, tmp_path):
    with WebServer(tmp_path / "context") as server:
        server.wait_for("/readyz", 200)
        page = visit("/studies", address=server.address)
        page.set_viewport_size({"width": 1360, "height": 1600})
        page.locator("input[type=file]").set_input_files(str(kernels(tmp_path)))
        page.get_by_role("textbox", name="Name for addresses").wait_for()
        settle(page)
        fill(page, "Title", "Wheat")
        fill(page, "Name for addresses", "wheat")
        fill(page, "What is measured, one of them", "kernel")
        expect(page.get_by_role("heading", name=re.compile("plants of 3 species"))).to_be_visible()
        page.get_by_label("Made by").fill("Ada")
        page.get_by_label("Made by").press("Tab")
        page.get_by_role("button", name="Make the study").click()
        page.get_by_text("was made of").wait_for()
        page.get_by_role("link", name="Train a first model").click()
        settle(page)
        assert "study=wheat" in page.url
        train(page, "logistic regression", "Freedom (C)", "3", 1)
        page.get_by_role("button", name="Use version 1").click()
        page.get_by_text("This version is now in use.").wait_for()

        turn_to(page, "Train")
        train(page, "decision tree", "Depth", "2", 2)
        page.get_by_role("link", name="Next: compare it with the champion, version 1").click()
        settle(page)
        page.get_by_role("button", name="Compare these two").click()
        page.get_by_text("May it take the place?").wait_for(timeout=90_000)
        settle(page)
        fill(page, "Reason", "a key can be printed")
        page.get_by_role("button", name="Promote version 2").click()
        page.get_by_text("Version 2 identifies from now on.").wait_for()

        turn_to(page, "Identify")
        for box, value in zip(
            page.get_by_role("textbox", name=re.compile(", typed$")).all(),
            ["11.2", "13.1", "0.82", "5.2", "2.8", "4.4", "5.1"],
            strict=True,
        ):
            box.fill(value)
            page.keyboard.press("Enter")
            settle(page)
        assert "Canadian" in page.locator(".flora-name").inner_text()

        turn_to(page, "Models")
        page.get_by_role("button", name="Roll back to version 1").click()
        sign(page, "a key is not worth its mistakes")
        page.get_by_role("button", name="Roll back to version 1").last.click()
        page.get_by_text("Version 1 identifies again.").wait_for()
        page.get_by_role("radio", name="History").click()
        settle(page)
        rows = [row.inner_text().split("\t") for row in page.locator(".flora-facts tbody tr").all()]
        told = [(row[1], row[2], row[3], row[4].split("\n")[0]) for row in reversed(rows)]
        assert [row[:3] for row in told] == [
            ("v1", "registered", "Ada"),
            ("v1", "promoted", "Ada"),
            ("v2", "registered", "Ada"),
            ("v2", "promoted", "Ada"),
            ("v1", "rolled back", "Ada"),
        ]
        assert told[1][3].startswith("The first version of this study")
        assert told[3][3] == "a key can be printed"
        assert told[4][3] == "a key is not worth its mistakes"
