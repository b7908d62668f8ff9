"""The Studies page as a script: what is listed, what a table comes to, and what is made of it."""

import pytest
from streamlit.testing.v1 import AppTest

from flora_core.workflows.jobs import worker
from flora_core.workflows.jobs.requests import ask_for_training
from flora_core.workflows.models.training import TrainingRequest
from tests.builders import labelled_table
from tests.servers import ROOT
from ui.server.startup import STARTUP

TWO = {"Planta alba": 15, "Planta rubra": 15}


@pytest.fixture
def page(context, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)
    at = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
    yield at.switch_page("../pages/studies.py").run()
    STARTUP.close()


def give(at, text, name="plants.csv"):
    return at.file_uploader(key="studies.file").upload(name, text.encode(), "text/csv").run()


def named(widgets, label):
    return next(w for w in widgets if w.label == label)


def test_studies_are_listed_with_their_champions(page):
    assert not page.exception
    row = page.dataframe[0].value.iloc[0]
    assert (row["Study"], row["Chosen"], row["Plants"], row["Identifies"]) == ("Fisher's irises", "chosen", 150, "v1")


def test_a_table_becomes_a_study_and_every_page_works_on_it(page, context):
    at = give(page, labelled_table(TWO, more={"site": lambda i: "abc"[i % 3]}))
    assert not at.exception, at.exception
    assert named(at.selectbox, "Names of the species").value == "species"
    assert named(at.selectbox, "Population, site or plant").value == "site"
    assert "30 plants of 2 species" in [h.value for h in at.header]
    named(at.text_input, "Made by").set_value("Ada")
    named(at.button, "Make the study").click().run()
    assert not at.exception, at.exception
    assert "was made of 30 plants" in at.success[0].value
    assert at.query_params["study"] == "plants"
    assert context.studies.tables("plants")[0].added_by == "Ada"
    # The table is done with: no word of a study that is there already.
    assert not at.error
    assert not [b for b in at.button if b.label == "Make the study"]


def test_one_click_makes_trains_and_uses_a_study(page, context):
    at = give(page, labelled_table(TWO))
    assert [h.value for h in at.header if h.value[0].isdigit() and h.value[1] == "."] == [
        "1. A labelled table",
        "2. Check what was read",
        "3. Make, train and use",
    ]
    named(at.text_input, "Made by").set_value("Ada")
    named(at.button, "Make, train and use").click().run()
    assert not at.exception, at.exception
    assert not at.error
    (job,) = context.jobs.active()
    context.jobs.claim("a test")
    assert worker.run_job(context, job.id, "a test") == "done"
    at.run()
    assert not at.exception, at.exception
    assert not at.error
    assert context.registry.champion_version("plants") == 1
    newest = context.registry.events("plants")[-1]
    assert (newest.kind, newest.by) == ("promoted", "Ada")
    shown = " ".join(m.value for m in at.markdown)
    assert "Version 1 identifies: " in shown


def test_a_first_version_never_takes_the_place_of_a_champion(context):
    request = TrainingRequest(algorithm="bayes", use_if_first=True)
    job = ask_for_training(context, "iris", request, "Ada")
    context.jobs.claim("a test")
    assert worker.run_job(context, job.id, "a test") == "done"
    assert context.registry.champion_version("iris") == 1


def test_the_same_table_again_is_offered_under_a_free_name(page, context):
    at = give(page, labelled_table(TWO))
    named(at.text_input, "Made by").set_value("Ada")
    named(at.button, "Make the study").click().run()
    at = at.file_uploader(key="studies.file.1").upload("plants.csv", labelled_table(TWO).encode(), "text/csv").run()
    assert named(at.text_input, "Name for addresses").value == "plants_2"
    assert not at.error


def test_a_slip_of_the_pen_is_offered_as_the_common_name(page):
    at = give(page, labelled_table({"Adelie": 40, "Gento": 1, "Gentoo": 49}))
    assert next(b for b in at.button if b.label == "Count as Gentoo")


def test_names_that_may_be_one_are_merged_by_a_button(page):
    at = give(page, labelled_table({**TWO, "Planta rubbra": 3}))
    next(b for b in at.button if b.label == "Count as Planta rubra").click().run()
    assert not at.exception, at.exception
    assert "33 plants of 2 species" in [h.value for h in at.header]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (labelled_table({"Planta alba": 9}), "There is one species only (Planta alba)"),
        (labelled_table({"1": 9, "2": 9}), "'species' holds numbers (1 and 2)"),
        ("", "is empty"),
        ("a\n1\n", "has only one column"),
    ],
)
def test_what_cannot_be_a_study_is_said_and_not_made(page, text, sentence):
    at = give(page, text)
    assert not at.exception, at.exception
    assert any(sentence in e.value.replace("\\", "") for e in at.error)
    assert all(b.disabled for b in at.button if b.label == "Make the study")


def test_nobody_makes_nothing(page):
    at = give(page, labelled_table(TWO))
    named(at.button, "Make the study").click().run()
    assert "Not made. Who makes this" in at.error[0].value


def adding(at, text, name="more.csv"):
    at = named(at.radio, "Use this table for").set_value("More plants for Fisher's irises").run()
    return at.file_uploader(key="growing.file").upload(name, text.encode(), "text/csv").run()


FLOWERS = """flower,sepal length,sepal width,petal length,petal width,species
a,5.0,3.4,1.5,0.2,I. setosa
b,6.3,2.9,5.0,1.8,Iris virginica
c,5.7,2.8,4.5,1.3,Iris versicolour
d,4.7,3.2,1.4,0.2,Iris pumila
e,4.8,3.1,1.5,0.2,Iris pumila
"""


def test_more_plants_become_the_next_training_table(page, context):
    at = adding(page, FLOWERS)
    assert not at.exception, at.exception
    next(b for b in at.button if b.label == "Count as Iris versicolor").click().run()
    assert "5 plants to be added" in [h.value for h in at.header]
    preview = at.dataframe[1].value
    assert preview["To be added"].tolist() == [2, 1, 1, 1]
    assert preview["Plants so far"].tolist() == [0, 50, 50, 50]
    named(at.text_input, "Added by").set_value("Ada")
    named(at.button, "Add the plants").click().run()
    assert not at.exception, at.exception
    assert at.success[0].value.replace("\\", "") == (
        "5 plants were added to Fisher's irises as table 2, Iris pumila among them for the first time."
    )
    assert context.studies.tables("iris")[-1].counts["Iris pumila"] == 2
    # The same file once more is recognised.
    at = adding(at, FLOWERS, "again.csv")
    assert any("These very plants are in iris already" in e.value for e in at.error)
    assert named(at.button, "Add the plants").disabled


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("name,kernel\nIris setosa,4\n", "No column of this file was recognised as a measurement of iris"),
    ],
)
def test_what_cannot_be_added_is_said(page, text, sentence):
    at = adding(page, text)
    assert not at.exception, at.exception
    assert any(sentence in e.value.replace("\\", "") for e in at.error)


def test_nobody_adds_nothing(page, context):
    at = adding(page, FLOWERS)
    named(at.button, "Add the plants").click().run()
    assert "Not added. Who makes this" in at.error[0].value
    assert len(context.studies.tables("iris")) == 1


def test_synonyms_are_shown_and_gathered_by_a_checklist(page, context):
    names = (
        "taxonID,scientificName,taxonomicStatus,acceptedNameUsageID\n"
        "1,Planta alba,Accepted,\n2,Planta candida,Synonym,1\n3,Planta rubra,Accepted,\n"
    )
    at = give(page, labelled_table({**TWO, "Planta candida": 12}))
    at = (
        next(u for u in at.file_uploader if u.label.startswith("A checklist"))
        .upload("wfo.csv", names.encode(), "text/csv")
        .run()
    )
    assert not at.exception, at.exception
    assert "42 plants of 3 species" in [h.value for h in at.header]
    assert any("is a synonym of the second" in m.value for m in at.markdown)
    next(c for c in at.checkbox if c.label.startswith("Count plants called by a synonym")).check().run()
    assert not at.exception, at.exception
    assert "42 plants of 2 species" in [h.value for h in at.header]
    named(at.text_input, "Made by").set_value("Ada")
    named(at.button, "Make the study").click().run()
    assert context.checklists.of("plants").gathers
    at.radio[0].set_value(next(o for o in at.radio[0].options if o.startswith("More plants"))).run()
    assert not at.exception, at.exception
    assert any("3 names; synonyms count" in m.value for m in at.markdown)


def test_a_long_table_and_two_header_rows_are_read_by_a_button(page):
    rows = [(f"p{i}", ("Planta alba", "Planta rubra")[i % 2], i) for i in range(30)]
    long = "plant,species,character,value\n" + "".join(
        f"{p},{s},{name},{5 + i / 10 + k}\n" for p, s, i in rows for k, name in enumerate(("leaf length", "leaf width"))
    )
    at = give(page, long)
    assert "is a long table" in at.error[0].value
    assert "--" not in at.error[0].value
    named(at.button, "Spread it: a row for each plant").click().run()
    assert not at.exception, at.exception
    assert "30 plants of 2 species" in [h.value for h in at.header]
    two = "species,leaf,\n,length,width\n" + "".join(f"{s},{5 + i / 10},{6 + i / 7}\n" for _, s, i in rows)
    at = give(at, two, "two.csv")
    named(at.button, "Join the two header rows").click().run()
    assert not at.exception, at.exception
    assert "30 plants of 2 species" in [h.value for h in at.header]
    named(at.button, "Read it as it stands").click().run()
    assert "two header rows" in at.error[0].value
