"""The Identify page as a script: what it shows, what its widgets do, and what happens when something is wrong."""

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
    return (
        card.replace("<i>", "")
        .replace("</i>", "")
        .split("<p class='flora-name'>")[1]
        .split("</p>")[0]
        .split(" <span")[0]
    )


def slider(at, label):
    return next(s for s in at.slider if s.label.startswith(label))


def box(at, label):
    return next(b for b in at.number_input if b.label.startswith(label))


def missing(at, label):
    return next(c for c in at.checkbox if c.label.startswith(label))


def errors(at):
    return [e.value.replace("\\", "") for e in at.error]


def test_a_first_visitor_sees_a_flower_with_its_name(page):
    at = page()
    assert not at.exception
    assert at.title[0].value == "Identify a flower"
    assert name_of(at) == "Iris versicolor"
    assert len(at.slider) == len(at.number_input) == 4


def test_the_address_carries_the_measurements(page):
    at = page(sepal_length="6", sepal_width="2.7", petal_length="4.9", petal_width="1.6")
    assert name_of(at) == "Iris cf. virginica"
    assert slider(at, "Petal length").value == 4.9
    assert box(at, "Petal length").value == 5.1


def test_slider_and_box_agree_and_the_address_follows(page):
    at = page()
    slider(at, "Petal length").set_value(1.4)
    slider(at, "Petal width").set_value(0.2).run()
    assert box(at, "Petal length").value == 1.4
    assert at.query_params["petal_length"] == "1.4"
    box(at, "Sepal length").set_value(5.13).run()
    assert slider(at, "Sepal length").value == 5.13
    assert at.query_params["sepal_length"] == "5.13"


def test_a_measurement_left_out_is_missing_in_all_three_views(page):
    at = page()
    missing(at, "Petal width").check().run()
    assert box(at, "Petal width").value is None
    assert slider(at, "Petal width").disabled
    assert "petal_width" not in at.query_params
    assert any("Measuring the **petal width** next would tell most" in i.value for i in at.info)
    missing(at, "Petal width").uncheck().run()
    assert box(at, "Petal width").value is not None


def test_an_emptied_box_is_not_measured(page):
    at = page()
    box(at, "Petal width").set_value(None).run()
    assert missing(at, "Petal width").value is True


def test_millimetres_show_the_same_flower_in_other_numbers(page):
    at = page(sepal_length="5.1", sepal_width="3.5", petal_length="1.4", petal_width="0.2")
    at.segmented_control[0].set_value("mm").run()
    assert box(at, "Petal length (mm)").value == 14
    assert at.query_params["unit"] == "mm"
    assert at.query_params["petal_length"] == "14"
    assert name_of(at) == "Iris setosa"
    again = page(sepal_length="51", sepal_width="35", petal_length="14", petal_width="2", unit="mm")
    assert name_of(again) == "Iris setosa"
    assert box(again, "Petal length (mm)").value == 14


def test_a_stranger_is_asked_about_and_one_click_mends_it(page):
    at = page(sepal_length="5.1", sepal_width="3.5", petal_length="14", petal_width="0.2")
    assert name_of(at) == "None of these"
    at.button(key="use-correction").click().run()
    assert box(at, "Petal length").value == 1.4
    assert name_of(at) == "Iris setosa"


def test_a_flower_in_millimetres_read_as_centimetres_is_refused_and_mended(page, context):
    at = page(sepal_length="51", sepal_width="35", petal_length="14", petal_width="2")
    assert errors(at)[0] == "Sepal length is 51.0 cm. These plants have 3.5 to 9.5 cm. Is it in millimetres?"
    assert not any(b.label == "Record" for b in at.button)
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
    at = page()
    box(at, "Petal length").set_value(value).run()
    assert sentence in errors(at)


@pytest.mark.parametrize("text", ["abc", "inf", "nan", "", "1e999", "<script>"])
def test_an_address_that_can_t_be_read_says_so_and_leaves_the_value_out(page, text):
    at = page(petal_length=text, petal_width="0.2")
    assert not at.exception
    assert "which is not a number; it was left out" in at.warning[0].value.replace("\\", "")
    assert box(at, "Petal length").value is None


def test_an_address_in_a_strange_unit_says_so(page):
    at = page(petal_length="1.4", unit="furlong")
    assert "is not a unit that is known here" in at.warning[0].value.replace("\\", "")


def test_exploring_records_nothing_and_record_writes_once(page, context):
    at = page(sepal_length="51", sepal_width="35", petal_length="14", petal_width="2", unit="mm")
    slider(at, "Petal width").set_value(3.0).run()
    assert context.records.newest("iris") == ()
    next(t for t in at.text_input if t.label == "Identified by").input("Ada")
    next(t for t in at.text_input if t.label == "Catalogue number").input("0042")
    next(b for b in at.button if b.label == "Record").click().run()
    (recorded,) = context.records.newest("iris")
    assert recorded.plant.typed == ("51", "35", "14", "3")
    assert recorded.plant.used == (5.1, 3.5, 1.4, 0.3)
    assert (recorded.recording.unit, recorded.recording.by, recorded.plant.catalogue_number) == ("mm", "Ada", "0042")
    assert recorded.id in at.success[0].value
    assert at.get("download_button")
    at.run()
    assert len(context.records.newest("iris")) == 1


def test_without_a_name_nothing_is_recorded(page, context):
    at = page()
    next(b for b in at.button if b.label == "Record").click().run()
    assert errors(at) == [
        "Not recorded. Who identifies? Give a name; a record without a person can't be asked about later."
    ]
    assert context.records.newest("iris") == ()


def test_the_next_flower_begins_with_an_empty_form_and_the_same_person(page, context):
    at = page()
    next(t for t in at.text_input if t.label == "Identified by").input("Ada")
    next(b for b in at.button if b.label == "Record").click().run()
    next(b for b in at.button if b.label == "Next flower").click().run()
    assert [b.value for b in at.number_input] == [None] * 4
    assert "Nothing was measured" in errors(at)[0]
    box(at, "Petal length").set_value(1.4).run()
    assert next(t for t in at.text_input if t.label == "Identified by").value == "Ada"


def test_a_database_that_went_away_records_nothing_and_says_so(page, context):
    at = page()
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
            box(at, measurement.label.capitalize()).set_value(float(value))
        at.run()
        assert not at.exception
        assert name_of(at).startswith("Iris")
