"""A field botanist's way through the Identify page, in a real browser."""

import re
import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import IDLE, sign_as

pytestmark = pytest.mark.browser

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text())["theme"]

SETOSA = "/identify?sepal_length=5.1&sepal_width=3.5&petal_length=1.4&petal_width=0.2"


def name(page):
    return page.locator(".flora-name")


def says(page, text):
    page.wait_for_function("([s, t]) => document.querySelector(s)?.innerText.includes(t)", arg=[".flora-name", text])
    page.wait_for_selector(IDLE)


def test_a_slider_moved_by_keyboard_changes_the_name_box_and_address(visit):
    page = visit(SETOSA)
    says(page, "Iris setosa")
    slider = page.get_by_role("slider", name="Petal length (cm)")
    slider.focus()
    for _ in range(31):
        page.keyboard.press("ArrowRight")
    says(page, "None of these")
    page.get_by_role("slider", name="Petal width (cm)").focus()
    for _ in range(11):
        page.keyboard.press("ArrowRight")
    # Not one press is lost, although the page was drawn anew in between.
    page.wait_for_url(re.compile("petal_length=4.5&petal_width=1.3"))
    expect(page.get_by_role("textbox", name="Petal length (cm), typed")).to_have_value("4.5")


def test_reload_and_a_shared_link_show_the_same_flower(visit):
    page = visit("/identify?sepal_length=6&sepal_width=2.7&petal_length=4.9&petal_width=1.6")
    says(page, "Iris cf. virginica")
    page.reload()
    page.wait_for_selector(IDLE)
    says(page, "Iris cf. virginica")
    other = visit(page.url.removeprefix(page.url.split("/identify?")[0]))
    says(other, "Iris cf. virginica")


def test_everything_by_keyboard_alone_from_the_first_box_to_the_record(visit, new_server):
    page = visit("/identify", address=new_server.address)
    says(page, "No measurement yet")
    # The browser's own order of focus: from the unit through the measurements to the record, and no mouse.
    page.get_by_role("textbox", name="Petal length (cm), typed").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("1,4")
    page.keyboard.press("Enter")
    says(page, "Iris setosa")
    for label, value in (("Petal width", "0.2"), ("Sepal width", "3.5"), ("Sepal length", "5.1")):
        page.get_by_role("textbox", name=f"{label} (cm), typed").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"{label.lower().replace(' ', '_')}={value}"))
    says(page, "Iris setosa")
    page.get_by_role("textbox", name="Petal length (cm), typed").focus()
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"
        )
        seen.add(label.strip().split("\n")[0])
        if label.startswith("Identified by"):
            break
    assert "Identified by" in " ".join(seen)
    page.keyboard.type("Ada Lovelace")
    page.keyboard.press("Enter")
    page.get_by_text("Recorded as").wait_for()
    page.get_by_text("by Ada Lovelace").wait_for()
    # Who gave a name once is not asked again, in another window either.
    later = visit(SETOSA, address=new_server.address)
    later.get_by_text("Signed Ada Lovelace, today.").wait_for()
    assert later.get_by_label("Identified by").count() == 0


def test_the_slip_can_be_downloaded_and_names_the_plant(visit, tmp_path):
    page = visit(SETOSA)
    sign_as(page, "Grace")
    page.get_by_role("button", name="Record", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Determination slip").click()
    download.value.save_as(tmp_path / "slip.html")
    slip = (tmp_path / "slip.html").read_text()
    assert "<i>Iris setosa</i>" in slip
    assert "Recorded by Grace" in slip
    assert re.fullmatch(r"slip-\w{10}-1\.html", download.value.suggested_filename)


def test_did_you_mean_is_one_click(visit):
    page = visit("/identify?sepal_length=5.1&sepal_width=3.5&petal_length=14&petal_width=0.2")
    says(page, "None of these")
    page.get_by_text("Did you mean petal length 1.4 cm?").wait_for()
    page.get_by_role("button", name="Yes, use these values").click()
    says(page, "Iris setosa")


def test_unit_not_measured_and_the_next_question(visit):
    page = visit("/identify?sepal_length=6&sepal_width=2.7&petal_length=5.1&petal_width=1.6")
    page.get_by_role("radio", name="mm").click()
    page.wait_for_url(re.compile("unit=mm"))
    expect(page.get_by_role("textbox", name="Petal length (mm), typed")).to_have_value("51")
    for label in ("petal length", "petal width"):
        page.get_by_role("button", name=f"Empty {label}").click()
        expect(page.get_by_role("textbox", name=f"{label.capitalize()} (mm), typed")).to_have_value("")
    page.get_by_text("next would tell most").wait_for()
    expect(page.get_by_role("slider", name="Petal length (mm)")).to_be_enabled()


#: What is typed -> what is read, or the sentence of a refusal that asks; in English and in German.
TYPED = {
    "en-US": {
        "read": "0.2 cm",
        "left out": "left out",
        "none": "not measured",
        "½": "It is a fraction",
        "5,1-5,3": "Is its middle",
    },
    "de-DE": {
        "read": "0,2 cm",
        "left out": "ausgelassen",
        "none": "nicht gemessen",
        "½": "ein Bruch",
        "5,1-5,3": "Ist die Mitte",
    },
}


@pytest.mark.parametrize("locale", TYPED)
def test_a_decimal_comma_is_read_as_one_and_a_fraction_or_range_is_asked_about(visit, locale):
    page, words = visit("/identify", locale=locale), TYPED[locale]
    box = page.locator(".st-key-box-petal-width input")
    mark = page.locator(".st-key-box-petal-width .flora-read")
    for text in ("0,2", "0.2", ".2", "2 mm", "1/2", "½", "5,1-5,3"):
        asked = words.get("½" if text == "1/2" else text, "")
        # While the page is drawn again the box of before may still stand beside it.
        expect(box).to_have_count(1)
        box.fill(text)
        box.press("Enter")
        expect(mark).to_contain_text(words["left out"] if asked else words["read"])
        expect(box).to_have_count(1)
        expect(box).to_have_value(text)
        if asked:
            expect(page.locator(".flora-problem")).to_contain_text(asked)
        box.fill("")
        box.press("Enter")
        expect(mark).to_contain_text(words["none"])


def test_name_record_and_slip_in_the_first_screen_with_few_clicks(visit):
    page = visit(SETOSA)
    says(page, "Iris setosa")
    sign_as(page, "Grace")
    button = page.get_by_role("button", name="Record", exact=True)
    assert button.bounding_box()["y"] + button.bounding_box()["height"] <= 900
    button.click()
    with page.expect_download():
        page.get_by_role("button", name="Determination slip").click()


def test_the_flower_stands_in_the_plot_where_it_belongs(visit):
    page = visit(SETOSA)
    page.wait_for_selector(".js-plotly-plot .scatterlayer")
    point = page.evaluate(
        "(() => { const d = document.querySelector('.js-plotly-plot').data[3]; return [d.x[0], d.y[0]]; })()"
    )
    assert point == [1.4, 0.2]


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_on_a_phone_language_and_person_stand_whole_at_the_head(visit, locale):
    page = visit(SETOSA, wide=False, locale=locale)
    for chip in page.locator(".st-key-chips button:visible").all():
        box = chip.bounding_box()
        assert box["x"] >= 48
        assert box["x"] + box["width"] <= 390
        assert box["width"] > 60


def test_on_a_phone_the_name_stays_in_sight_while_measuring(visit):
    page = visit(SETOSA, wide=False)
    says(page, "Iris setosa")
    page.get_by_role("slider", name="Petal width (cm)").scroll_into_view_if_needed()
    box = name(page).bounding_box()
    assert 0 <= box["y"] <= 844 - box["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    record = page.get_by_role("button", name="Record", exact=True).bounding_box()
    assert record["y"] + record["height"] <= 844


def test_a_phone_has_its_places_at_the_foot_and_each_page_begins_at_its_top(visit):
    page = visit("/guide", wide=False)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 900)")
    places = page.locator(".st-key-places")
    link = places.get_by_role("link", name="Determine")
    assert link.bounding_box()["height"] >= 44
    link.click()
    page.wait_for_url(re.compile("/determine"))
    page.wait_for_selector(IDLE)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


@pytest.mark.parametrize("dark", [False, True])
def test_pages_follow_the_browser_s_colours(visit, dark):
    page = visit(SETOSA, dark=dark)
    ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    chosen = THEME["dark" if dark else "light"]["backgroundColor"]
    assert ground == f"rgb{tuple(bytes.fromhex(chosen[1:]))}"


def test_the_page_speaks_the_browser_s_language_or_another_that_is_chosen(visit):
    page = visit("/identify?petal_length=1,4", locale="de-DE")
    expect(page.get_by_role("textbox", name="Kronblattlänge (cm), getippt")).to_have_value("1,4")
    expect(page.locator(".st-key-box-petal-length .flora-read")).to_contain_text("1,4 cm")
    expect(page.locator(".flora-says")).to_contain_text(
        "Das Maß liegt im Bereich ihrer Exemplare; bestimmt ohne Kelchblattlänge"
    )
    assert page.title() == "Erkennen · Flora Classification"
    page.get_by_role("button", name="DE", exact=True).click()
    page.get_by_text("Español").click()
    expect(page.get_by_role("textbox", name="Longitud del pétalo (cm), escrito")).to_have_value("1,4")
    expect(page.locator(".flora-says")).to_contain_text("La medida está dentro")
    page.get_by_role("link", name="Determinar", exact=True).click()
    expect(page.get_by_role("heading", name="Determinar")).to_be_visible()
