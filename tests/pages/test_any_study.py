"""The study picker, and the Identify page of studies that are nothing like irises."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.builders import labelled_table, make_named_study
from tests.servers import ROOT
from ui.server.startup import STARTUP

FRAME = str(ROOT / "ui" / "frame.py")
TWO = {"Kama": 15, "Rosa": 15}


@pytest.fixture
def open_page(context, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()

    def run(page="identify", **query):
        STARTUP.wait(30)
        at = AppTest.from_file(FRAME, default_timeout=60)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        at.switch_page(f"../pages/{page}.py")
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    yield run
    STARTUP.close()


def picker(at):
    return next(iter(s for s in at.selectbox if s.label == "Study"), None)


def name_of(at):
    return next(h.value for h in at.get("html") if "<p class='flora-name" in h.value)


def boxes(at):
    return [b for b in at.text_input if b.label.startswith("Landmark")]


def test_one_study_needs_no_picker(open_page):
    assert picker(open_page()) is None


def test_the_study_is_chosen_in_the_box_and_carried_by_the_address(context, open_page):
    make_named_study(context, "wheat", labelled_table(TWO, ("kernel length (mm)", "kernel width (mm)")))
    at = open_page()
    assert picker(at).options == ["Fisher's irises", "Wheat"]
    assert at.query_params["study"] == "iris"
    picker(at).set_value("wheat").run()
    assert at.title[0].value == "Identify a kernel"
    assert at.query_params["study"] == "wheat"
    assert "sepal_length" not in at.query_params
    at.switch_page("../pages/guide.py").run()
    at.switch_page("../pages/identify.py").run()
    assert at.title[0].value == "Identify a kernel"
    assert not at.exception


def test_an_address_asks_for_a_study_and_an_unknown_one_is_said(context, open_page):
    make_named_study(context, "wheat", labelled_table(TWO, ("kernel length (mm)", "kernel width (mm)")))
    assert open_page(study="wheat").title[0].value == "Identify a kernel"
    at = open_page(study="rosa")
    assert "rosa" in at.warning[0].value
    assert at.title[0].value == "Identify a flower"


def test_a_study_without_a_model_says_what_to_do_next(context, open_page):
    make_named_study(context, "wheat", labelled_table(TWO), champion=False)
    at = open_page(study="wheat")
    assert "no model yet. Train one" in at.info[0].value
    assert not at.error
    assert not at.exception


def test_counts_ratios_and_names_without_a_genus(context, open_page):
    text = labelled_table({"Kama": 12, "SEKER": 12}, ("spike number", "compactness"))
    make_named_study(context, "cereals", text, organism="ear")
    at = open_page(study="cereals")
    assert at.title[0].value == "Identify an ear"
    assert [s.label for s in at.slider] == ["Spike number", "Compactness"]
    next(b for b in at.button if b.label == "Show an example").click().run()
    assert "SEKER" in name_of(at) or "Kama" in name_of(at)
    assert not at.exception


def test_many_measurements_are_boxes_a_page_at_a_time(context, open_page):
    headers = tuple(f"landmark {i} (mm)" for i in range(50))
    make_named_study(context, "marks", labelled_table({"Planta alba": 30, "Planta rubra": 30}, headers))
    at = open_page(study="marks")
    next(b for b in at.button if b.label == "Show an example").click().run()
    assert not at.slider
    assert len(boxes(at)) == 36
    assert "50 of 50 measured" in " ".join(m.value for m in at.markdown)
    boxes(at)[0].set_value("").run()
    assert "49 of 50 measured" in " ".join(m.value for m in at.markdown)
    pages = next(s for s in at.selectbox if s.label == "Measurements")
    pages.set_value(36).run()
    assert len(boxes(at)) == 14
    assert "49 of 50 measured" in " ".join(m.value for m in at.markdown)
    assert not at.exception


def test_a_row_is_pasted_from_a_spreadsheet(context, open_page):
    headers = tuple(f"landmark {i} (mm)" for i in range(9))
    make_named_study(context, "marks", labelled_table({"Planta alba": 20, "Planta rubra": 20}, headers))
    at = open_page(study="marks")
    at.text_area[0].set_value("20\t20\t20\t20\t20\t20\t20\t20\tNA").run()
    next(b for b in at.button if b.label == "Use these values").click().run()
    assert [n.value for n in boxes(at)] == ["20"] * 8 + [""]
    assert "Planta alba" in name_of(at).replace("<i>", "").replace("</i>", "")
    at.text_area[0].set_value("20\t20").run()
    next(b for b in at.button if b.label == "Use these values").click().run()
    assert "The row has 2 cells" in at.error[0].value.replace("\\", "")


def test_of_forty_species_the_likeliest_are_listed(context, open_page):
    plants = {f"Carex {a}{b}olia": 4 for a in "bcdfghjk" for b in "aeiou"}
    make_named_study(context, "sedges", labelled_table(plants, ("beak length (mm)", "utricle length (mm)")))
    at = open_page(study="sedges")
    next(b for b in at.button if b.label == "Show an example").click().run()
    shown = next(h.value for h in at.get("html") if "<table class='flora-candidates'" in h.value)
    assert 5 <= shown.count("<tr>") - 1 <= 10
    assert "other species, each less likely" in shown
    assert not at.exception
