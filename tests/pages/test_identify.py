"""The Identify page as a script: what it shows, what its widgets do, and what happens when something is wrong."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.servers import ROOT
from ui.server.startup import STARTUP

FRAME = str(ROOT / "ui" / "frame.py")


@pytest.fixture
def page(context, monkeypatch):
    """Opens the page on the test's own context."""
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)

    def open_page(**query):
        at = AppTest.from_file(FRAME, default_timeout=30).run()
        at.switch_page("../pages/identify.py")
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    yield open_page
    STARTUP.close()


def name_of(at):
    card = next(h.value for h in at.get("html") if "flora-name" in h.value)
    return card.replace("<i>", "").replace("</i>", "").split("<p class='flora-name'>")[1].split(" <span")[0]


def has_name(at):
    return any("<p class='flora-name'>" in h.value for h in at.get("html"))


def slider(at, label):
    return next(s for s in at.slider if s.label.startswith(label))


def box(at, label):
    return next(b for b in at.text_input if b.label.startswith(label) and b.label.endswith(", typed"))


def button(at, label):
    return next(b for b in at.button if b.label == label)


def html(at):
    """What stands on the page, without its style sheet."""
    return " ".join(h.value for h in at.get("html") if not h.value.startswith(":root"))


def reads(at):
    """What stands below the boxes."""
    marks = [h.value for h in at.get("html") if "class='flora-read" in h.value]
    return [re.sub(r"<[^>]+>", "", mark).strip("✓✕ ") for mark in marks]


def errors(at):
    return [e.value.replace("\\", "") for e in at.error]


SETOSA = {"sepal_length": "5.1", "sepal_width": "3.5", "petal_length": "1.4", "petal_width": "0.2"}


def test_a_first_visitor_is_invited_and_nothing_is_named(page):
    at = page()
    assert not at.exception
    assert at.title[0].value == "Identify a flower"
    assert not has_name(at)
    assert "No measurement yet" in html(at)
    assert reads(at) == ["not measured"] * 4
    assert button(at, "Record").disabled
    assert not errors(at)


def test_the_example_is_labelled_and_recorded_only_once_a_value_is_one_s_own(page):
    at = page()
    button(at, "Show an example").click().run()
    assert name_of(at) == "Iris versicolor"
    assert "flora-example'>Example" in html(at)
    assert button(at, "Record").disabled
    assert "An example can’t be recorded." in html(at)
    assert "petal_length" not in at.query_params
    box(at, "Petal length").set_value("4.2").run()
    assert "flora-example'>Example" not in html(at)
    assert not button(at, "Record").disabled


def test_the_address_carries_what_was_typed(page):
    at = page(sepal_length="6", sepal_width="27 mm", petal_length="4,9", petal_width="1.6")
    assert name_of(at) == "Iris cf. virginica"
    assert slider(at, "Petal length").value == 4.9
    assert box(at, "Petal length").value == "4,9"
    assert box(at, "Sepal width").value == "27 mm"
    assert reads(at)[:3] == ["6 cm", "2.7 cm", "4.9 cm"]


def test_slider_and_box_agree_and_the_address_follows(page):
    at = page(**SETOSA)
    slider(at, "Petal length").set_value(1.7).run()
    assert box(at, "Petal length").value == "1.7"
    assert at.query_params["petal_length"] == "1.7"
    box(at, "Sepal length").set_value("5.13").run()
    assert slider(at, "Sepal length").value == 5.13
    assert at.query_params["sepal_length"] == "5.13"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,2", "0.2 cm"),
        ("0.2", "0.2 cm"),
        (".2", "0.2 cm"),
        (",2", "0.2 cm"),
        ("2 mm", "0.2 cm"),
        ("2mm", "0.2 cm"),
        ("ca. 0,2", "0.2 cm, about"),
    ],
)
def test_what_is_typed_stays_and_what_was_read_is_said(page, text, said):
    at = page(sepal_length="5.1", sepal_width="3.5", petal_length="1.4")
    box(at, "Petal width").set_value(text).run()
    assert box(at, "Petal width").value == text
    assert reads(at)[3] == said
    assert slider(at, "Petal width").value == 0.2
    assert name_of(at) == "Iris setosa"


@pytest.mark.parametrize(
    ("text", "why", "offer"),
    [
        ("1/2", "It is a fraction.", "0.5 cm"),
        ("½", "It is a fraction.", "0.5 cm"),
        ("0,1-0,3", "It is a range. Is its middle meant, 0.2 cm?", "0.2 cm"),
        ("1,234", "It can be read in two ways.", "1.234 cm"),
    ],
)
def test_a_text_that_may_mean_something_else_is_asked_about_and_only_it_is_left_out(page, text, why, offer):
    at = page(sepal_length="5.1", sepal_width="3.5", petal_length="1.4")
    box(at, "Petal width").set_value(text).run()
    assert box(at, "Petal width").value == text
    assert why in html(at)
    assert reads(at)[3] == "left out"
    assert name_of(at) == "Iris setosa"
    assert button(at, "Record").disabled
    next(b for b in at.button if b.label.replace("\\", "") == f"Use {offer}").click().run()
    assert box(at, "Petal width").value == offer
    assert reads(at)[3] == offer


def test_a_range_longer_than_these_plants_is_asked_about_too(page):
    at = page()
    box(at, "Sepal length").set_value("5,1-5,3").run()
    assert "It is a range. Is its middle meant, 5.2 cm?" in html(at)
    assert not has_name(at)


def test_an_emptied_box_is_not_measured(page):
    at = page(**SETOSA)
    box(at, "Petal width").set_value("").run()
    assert reads(at)[3] == "not measured"
    assert "petal_width" not in at.query_params
    assert name_of(at) == "Iris setosa"
    button(at, "Empty petal length").click().run()
    assert box(at, "Petal length").value == ""


def test_a_slider_of_an_empty_box_works_at_once(page):
    at = page()
    assert not slider(at, "Petal length").disabled
    slider(at, "Petal length").set_value(1.4).run()
    assert box(at, "Petal length").value == "1.4"
    assert has_name(at)


def test_everything_can_be_emptied_and_brought_back(page):
    at = page(**SETOSA)
    button(at, "Clear all").click().run()
    assert reads(at) == ["not measured"] * 4
    assert not errors(at)
    button(at, "Bring back").click().run()
    assert box(at, "Petal length").value == "1.4"


def test_millimetres_show_the_same_flower_in_other_numbers(page):
    at = page(**SETOSA)
    at.segmented_control[0].set_value("mm").run()
    assert box(at, "Petal length (mm)").value == "14"
    assert at.query_params["unit"] == "mm"
    assert at.query_params["petal_length"] == "14"
    assert name_of(at) == "Iris setosa"
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["xaxis"]["title"]["text"] == "Petal length (mm)"
    assert figure["data"][-1]["x"] == [14.0]
    assert "14.0 mm" in html(at) or "14 mm" in html(at)
    again = page(sepal_length="51", sepal_width="35", petal_length="14", petal_width="2", unit="mm")
    assert name_of(again) == "Iris setosa"
    assert box(again, "Petal length (mm)").value == "14"


def test_another_unit_never_rewrites_what_a_person_typed(page):
    at = page()
    box(at, "Petal length").set_value("14").run()
    box(at, "Petal width").set_value("0.2 cm").run()
    assert reads(at)[2] == "14 cm"
    at.segmented_control[0].set_value("mm").run()
    assert box(at, "Petal length (mm)").value == "14"
    assert box(at, "Petal width (mm)").value == "0.2 cm"
    assert reads(at)[2:] == ["14 mm", "2 mm"]


def test_a_stranger_is_asked_about_and_one_click_mends_it(page):
    at = page(**{**SETOSA, "petal_length": "14"})
    assert name_of(at) == "None of these"
    at.button(key="use-correction").click().run()
    assert box(at, "Petal length").value == "1.4"
    assert name_of(at) == "Iris setosa"


def test_a_flower_in_millimetres_read_as_centimetres_is_refused_and_mended(page, context):
    at = page(sepal_length="51", sepal_width="35", petal_length="14", petal_width="2")
    assert "Sepal length is 51.0 cm. These plants have 3.5 to 9.5 cm. Is it in millimetres?" in html(at)
    assert button(at, "Record").disabled
    at.button(key="use-correction").click().run()
    assert name_of(at) == "Iris setosa"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            0.0,
            "Petal length is 0.0 cm. It must be above 0; leave it empty if not measured. These plants have 0.8 to 8.0 cm.",
        ),
        (
            -1.0,
            "Petal length is -1.0 cm. It must be above 0; leave it empty if not measured. These plants have 0.8 to 8.0 cm.",
        ),
        (31.0, "Petal length is 31.0 cm. These plants have 0.8 to 8.0 cm. Is it in millimetres?"),
    ],
)
def test_a_value_that_can_t_be_gets_its_sentence(page, value, sentence):
    at = page(petal_width="0.2")
    box(at, "Petal length").set_value(f"{value:g}").run()
    assert sentence in html(at)
    assert has_name(at)
    assert at.get("plotly_chart")


@pytest.mark.parametrize("text", ["abc", "inf", "1e999", "<script>", "1" * 500])
def test_an_address_that_can_t_be_read_says_so_and_leaves_the_value_out(page, text):
    at = page(petal_length=text, petal_width="0.2")
    assert not at.exception
    assert reads(at)[2] == "left out"
    assert "<script>" not in html(at)


def test_an_address_in_a_strange_unit_says_so(page):
    at = page(petal_length="1.4", unit="furlong")
    assert "is not a unit that is known here" in at.warning[0].value.replace("\\", "")


def test_exploring_records_nothing_and_record_writes_once(page, context):
    at = page(sepal_length="51", sepal_width="3,5 cm", petal_length="14", petal_width="2", unit="mm")
    slider(at, "Petal width").set_value(3.0).run()
    assert context.records.newest("iris") == ()
    next(t for t in at.text_input if t.label == "Identified by").input("Ada")
    next(t for t in at.text_input if t.label == "Catalogue number").input("0042")
    button(at, "Record").click().run()
    (recorded,) = context.records.newest("iris")
    assert recorded.plant.typed == ("51", "3,5 cm", "14", "3")
    assert recorded.plant.used == (5.1, 3.5, 1.4, 0.3)
    assert (recorded.recording.unit, recorded.recording.by, recorded.plant.catalogue_number) == ("mm", "Ada", "0042")
    assert recorded.id in at.success[0].value
    assert at.get("download_button")
    at.run()
    assert len(context.records.newest("iris")) == 1


def test_without_a_name_nothing_is_recorded(page, context):
    at = page(**SETOSA)
    button(at, "Record").click().run()
    assert errors(at) == [
        "Not recorded. Who identifies? Give a name; a record without a person can't be asked about later."
    ]
    assert context.records.newest("iris") == ()


def test_the_next_flower_begins_with_an_empty_form_without_an_error_and_the_same_person(page, context):
    at = page(**SETOSA)
    next(t for t in at.text_input if t.label == "Identified by").input("Ada")
    button(at, "Record").click().run()
    button(at, "Next flower").click().run()
    assert reads(at) == ["not measured"] * 4
    assert not errors(at)
    box(at, "Petal length").set_value("1.4").run()
    # A name is asked for once.
    assert "Identified by" not in [t.label for t in at.text_input]
    assert "Signed <b>Ada</b>" in html(at)


def test_a_database_that_went_away_records_nothing_and_says_so(page, context):
    at = page(**SETOSA)
    context.database.path.rename(context.database.path.with_suffix(".gone"))
    next(t for t in at.text_input if t.label == "Identified by").input("Ada")
    next(b for b in at.button if b.label == "Record").click().run()
    assert not at.exception
    assert "is gone" in errors(at)[0]


def test_a_tampered_champion_is_a_sentence_and_no_traceback(page, context):
    STARTUP.close()
    (context.settings.models / "iris" / "1" / "model.joblib").write_bytes(b"x")
    at = page()
    assert not at.title or "is not the file that was registered" in " ".join(errors(at))
    assert "is not the file that was registered" in " ".join(errors(at))


def test_a_start_that_fails_is_a_sentence_with_a_way_on(page, monkeypatch, tmp_path):
    STARTUP.close()
    (tmp_path / "bad.db").write_text("not a database " * 100)
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{tmp_path}/bad.db")
    at = page()
    assert "is damaged. Restore it from a backup" in errors(at)[0]
    assert at.button[0].label == "Try again"


def test_the_picture_is_told_in_words(page):
    at = page(sepal_length="5.1", sepal_width="3.5", petal_length="1.4", petal_width="0.2")
    alternative = at.get("plotly_chart")[0].proto.alt
    assert "petal length 1.4 cm, larger than in 35 % of Iris setosa, 0 % of Iris versicolor" in alternative


def test_every_flower_of_the_training_table_has_a_page(page, champion):
    at = page()
    for row in champion.reference.values[::25]:
        for measurement, value in zip(champion.study.measurements, row, strict=True):
            box(at, measurement.label.capitalize()).set_value(f"{value:g}")
        at.run()
        assert not at.exception
        assert name_of(at).startswith("Iris")
