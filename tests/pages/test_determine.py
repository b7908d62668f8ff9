"""The Determine page as a script: what it shows, what its buttons add, and what happens when something is wrong."""

import pytest
from streamlit.testing.v1 import AppTest

from flora_core.learning.training import train
from flora_core.study import IRIS, Species
from flora_core.workflows.determine import determine
from tests.builders import make_plants, make_study
from tests.pages.test_identify import FRAME, errors
from tests.servers import ROOT
from tests.workflows.determine.conftest import recorded
from ui.determine import tables
from ui.server.startup import STARTUP

UNSURE = {"sepal_length": 6.0, "sepal_width": 2.7, "petal_length": 4.9, "petal_width": 1.6}
PAGE = str(ROOT / "pages" / "determine.py")


@pytest.fixture
def page(context, monkeypatch):
    """Opens the page on the test's own context, signed by Ada."""
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)

    def open_page(by="Ada", **query):
        at = AppTest.from_file(FRAME, default_timeout=30)
        for name, value in query.items():
            at.query_params[name] = value
        at.run()
        at.switch_page(PAGE).run()
        assert not at.exception
        if by:
            next(t for t in at.text_input if t.label == "Determined by").set_value(by).run()
        return at

    yield open_page
    STARTUP.close()


def button(at, label):
    return next(b for b in at.button if b.label.startswith(label))


def texts(at):
    return " ".join(
        [*(m.value for m in at.markdown), *(h.value for h in at.get("html")), *(c.value for c in at.caption)]
    )


def test_an_empty_study_says_what_to_do(page):
    at = page(by="")
    assert at.title[0].value == "Determine"
    assert "No plant waits for a determination. Record some on the Identify or the Batch page" in at.info[0].value


def test_the_plant_that_teaches_most_is_shown_with_reasons_and_answers(page, context):
    recorded(context, "sure")
    recorded(context, "unsure", **UNSURE)
    at = page(by="")
    assert [s.value for s in at.header][:2] == ["No. unsure", "Where it lies among the 150 training flowers"]
    assert "2 species are possible: <i>I. virginica</i> and <i>I. versicolor</i>." in texts(at)
    assert (
        "Plant 1 of the 2 that teach most. 2 are undetermined; 1 of the last 30 days waits: unsure, or fitting no species."
        in texts(at)
    )
    # While the model is unsure no answer is filled, and those that are possible stand out.
    assert [b.label for b in at.button if "Iris" in b.label or b.label == "None of these"] == [
        "*Iris setosa*",
        "***Iris versicolor***",
        "***Iris virginica***",
        "None of these",
    ]
    button(at, "Next").click().run()
    assert at.header[0].value == "No. sure"
    assert button(at, "Confirm").label == "Confirm: *Iris setosa*"


def test_confirming_lays_a_slip_and_shows_the_next_plant(page, context):
    (sure,) = recorded(context, "sure")
    (unsure,) = recorded(context, "unsure", **UNSURE)
    at = page()
    next(t for t in at.text_input if t.label == "Remark").set_value("seen alive")
    button(at, "***Iris virginica").click().run()
    (slip,) = context.determinations.of(unsure)
    assert (slip.given.species, slip.by, slip.level, slip.remark) == ("Iris virginica", "Ada", 2, "seen alive")
    assert at.success[0].value.startswith(f"**{unsure}**: Iris virginica, determined by Ada.".replace("-", r"\-"))
    assert at.header[0].value == "No. sure"
    assert next(t for t in at.text_input if t.label == "Remark").value == ""
    button(at, "*Iris versicolor*").click().run()
    assert context.determinations.of(sure)[0].given.species == "Iris versicolor"
    # The queue is at its end, and nothing waits any more.
    assert "No plant waits for a determination." in at.info[0].value


def test_what_was_laid_down_last_is_taken_back_plant_by_plant(page, context):
    (sure,) = recorded(context, "sure")
    (unsure,) = recorded(context, "unsure", **UNSURE)
    at = page()
    button(at, "***Iris virginica").click().run()
    button(at, "*Iris setosa*").click().run()
    assert at.get("progress")[0].proto.text.startswith("2 of 2 recorded flowers are determined")
    button(at, "Undo").click().run()
    assert context.determinations.of(sure) == ()
    assert at.header[0].value == "No. sure"
    assert at.get("progress")[0].proto.text.startswith("1 of 2 recorded flowers is determined")
    button(at, "Undo the one before").click().run()
    assert context.determinations.of(unsure) == ()
    assert at.header[0].value == "No. unsure"
    assert "counts no more" in at.success[0].value
    assert not any(b.label.startswith("Undo") for b in at.button)
    # The same person may say the same again.
    button(at, "***Iris virginica").click().run()
    assert [s.given.species for s in context.determinations.of(unsure)] == ["Iris virginica"]


def test_nothing_is_added_without_a_person_and_the_page_says_so(page, context):
    (plant,) = recorded(context)
    at = page(by="")
    button(at, "Confirm").click().run()
    assert errors(at)[0].startswith("Not added. Nobody is named. Give the person who determined")
    assert context.determinations.of(plant) == ()
    assert button(at, "Confirm")


@pytest.mark.parametrize(
    ("kind", "name", "written"),
    [
        ("genus only", "", "Iris sp."),
        ("cf.", "versicolor", "Iris cf. versicolor"),
        ("aff.", "I. virginica", "Iris aff. virginica"),
        ("hybrid", "versicolor x virginica", "Iris versicolor × Iris virginica"),
        ("another name", "Iris pseudacorus", "Iris pseudacorus"),
    ],
)
def test_every_other_answer_is_a_few_words_away(page, context, kind, name, written):
    (plant,) = recorded(context)
    at = page()
    at.radio[0].set_value(kind).run()
    next(t for t in at.text_input if t.label == "Name").set_value(name)
    button(at, "Lay down").click().run()
    assert [s.given.written for s in context.determinations.of(plant)] == [written]
    if name == "Iris pseudacorus":
        assert "It counts as “none of these” for the model" in at.info[0].value


def test_a_misspelt_name_is_sent_back_and_the_plant_stays(page, context):
    (plant,) = recorded(context)
    at = page()
    at.radio[0].set_value("another name").run()
    next(t for t in at.text_input if t.label == "Name").set_value("Iris sertosa")
    button(at, "Lay down").click().run()
    assert "Did you mean Iris setosa?" in errors(at)[0]
    assert context.determinations.of(plant) == ()


def test_next_and_back_leave_everything_as_it_is(page, context):
    first, second = recorded(context, "1", "2")
    at = page()
    shown = at.header[0].value
    button(at, "Next").click().run()
    assert at.header[0].value != shown
    button(at, "Back").click().run()
    assert at.header[0].value == shown
    assert context.determinations.of_each([first, second]) == {first: (), second: ()}


def test_a_filter_shows_only_such_plants(page, context):
    recorded(context, "ordinary")
    recorded(context, "stranger", petal_length=7.9)
    at = page()
    filters = next(p for p in at.get("button_group"))
    filters.set_value("fits nothing").run()
    assert at.header[0].value == "No. stranger"
    assert "Did you mean" in at.info[0].value
    assert button(at, "Confirm").label == "Confirm: none of these"
    filters.set_value("rare").run()
    assert "No plant waits here: none is “rare”. 2 others wait." in at.info[0].value


def test_a_plant_that_chance_chose_is_marked_as_such(page, context):
    (plant,) = recorded(context)
    at = page()
    at.get("button_group")[0].set_value("at random").run()
    assert "Plant 1 of the 1 that chance chose. 1 is undetermined." in texts(at)
    button(at, "Confirm").click().run()
    assert [s.source for s in context.determinations.of(plant)] == ["drawn at random"]


def test_a_plant_is_found_by_its_number_with_its_slips_side_by_side(page, context):
    (plant,) = recorded(context, "00042")
    determine(context, "iris", plant, "cf. setosa", by="<b>Grace</b>", date="1928", remark="from a slide")
    determine(context, "iris", plant, "setosa", by="Ada", date="2024")
    at = page()
    find = next(t for t in at.text_input if t.label == "Find a plant")
    find.set_value("43").run()
    assert "'43' is no plant of iris. Give the identifier" in errors(at)[0]
    find.set_value("00042").run()
    assert at.header[0].value == "No. 00042"
    slips = next(h.value for h in at.get("html") if "flora-slips" in h.value)
    assert slips.index("<i>Iris</i> cf. <i>setosa</i>") < slips.index("<i>Iris setosa</i>")
    assert "&lt;b&gt;Grace&lt;/b&gt;" in slips
    assert "<b>" not in slips
    button(at, "Back to the inbox").click().run()
    assert "No plant waits" in at.info[0].value


def test_a_plant_whose_version_is_damaged_can_be_determined_all_the_same(page, context):
    (plant,) = recorded(context, "1")
    context.studies.add(make_study(), make_plants(), "a test")
    determine(context, "iris", plant, "setosa", by="Ada")
    at = page()
    STARTUP.context()._loaded.clear()
    (context.settings.models / "iris" / "1" / "model.joblib").write_bytes(b"x")
    next(t for t in at.text_input if t.label == "Find a plant").set_value("1").run()
    assert any(
        "is not the file that was registered" in e.replace("\\", "")
        for e in [*errors(at), *(w.value for w in at.warning)]
    )


def test_a_study_with_many_species_has_a_list_for_the_others(page, context):
    names = [f"Planta {a}{b}us" for a in "bcd" for b in "xyzw"]
    study = make_study().model_copy(update={"name": "many", "species": tuple(Species(name=n) for n in names)})
    plants = make_plants(per_species=(6,) * 12, gap=8.0)
    context.studies.add(study, plants, "a test")
    context.registry.register(train(study, plants, algorithm="lda"), "a test")
    context.registry.promote("many", 1, "a test", "first")
    from flora_core.workflows.identify import identify, record

    record(context, [identify(context, "many", {"leaf_0": "20", "leaf_1": "20"})], by="Ada", door="page")
    at = page(study="many")
    assert sum(b.label.startswith("*Planta") for b in at.button) == 9
    assert "Other species" in str(at.main)


def test_the_page_knows_the_species_of_the_study(page, context):
    recorded(context)
    assert {f"*{s.name}*" for s in IRIS.species} <= {b.label for b in page().button}


def test_a_table_is_understood_laid_down_and_its_bad_rows_listed(page, context):
    (plant,) = recorded(context, "1")
    at = page()
    table = b"No,checked as,Date\n1,setosa,2024\n1,sertosa,2024\n"
    at.get("file_uploader")[0].upload("slips.csv", table, "text/csv").run()
    columns = {s.label: s for s in at.selectbox}
    assert columns["Catalogue number"].value == "No"
    columns["Determined name"].set_value("checked as").run()
    [b for b in at.button if b.label == "Lay down"][-1].click().run()
    assert at.success[-1].value.replace("\\", "") == "1 of 2 determinations added; 1 can't be used."
    assert [s.by for s in context.determinations.of(plant)] == ["Ada"]
    assert at.dataframe[0].value["row"].tolist() == [3]


def test_all_records_can_be_taken_home_as_an_archive(page, context):
    at = page()
    assert at.get("download_button")[-1].label == "Download 0 plants"
    recorded(context, "1", "2")
    at = page()
    assert at.get("download_button")[-1].label == "Download 2 plants"
    assert tables._packed(context, "iris").startswith(b"PK")


def test_a_file_that_is_no_table_is_refused_with_the_reason(page):
    at = page()
    at.get("file_uploader")[0].upload("slips.csv", b"%PDF-1.7 and so on", "text/csv").run()
    assert "slips.csv is a PDF" in errors(at)[0]
