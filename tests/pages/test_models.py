"""The Models page as a script: cards, a comparison, the gate, promotion, the way back, the history, the key."""

import pickle
import re
import shutil

import pytest

from flora_core.workflows.jobs import worker
from flora_core.workflows.jobs.requests import ask_for_comparison, comparison_asked
from flora_core.workflows.models.lifecycle import history, retire, roll_back
from flora_core.workflows.models.shadow import watch_in_shadow
from flora_core.workflows.models.training import train_version
from flora_core.workflows.models.transfer import export_version
from tests.pages.test_identify import page  # noqa: F401  the fixture that opens a page on the test's own context
from tests.pages.test_train import words
from tests.servers import ROOT
from tests.workflows.models.test_lifecycle import worse  # noqa: F401  a challenger of one question
from tests.workflows.models.test_shadow import determine_at_random
from tests.workflows.monitor.seasons import flowers, record_flowers


@pytest.fixture
def lost(context):
    """The champion's files are lost before the server starts; another version is there."""
    train_version(context, "iris", algorithm="bayes", by="Ada")
    shutil.rmtree(context.settings.models / "iris" / "1")
    context._loaded.clear()


@pytest.fixture
def models(page):  # noqa: F811
    def open_page(view="Versions", **query):
        at = page(view=view, **query)
        at.switch_page(str(ROOT / "pages" / "models.py"))
        return at.run()

    return open_page


def compared(context, champion, challenger):
    job = ask_for_comparison(context, "iris", comparison_asked(context, "iris", champion, challenger), "")
    context.jobs.claim("a test")
    worker.run_job(context, job.id, "a test")


def verdict(at):
    """Mark and headline of the one verdict on the screen."""
    (body,) = [html.body for html in at.get("html") if "flora-verdict" in html.body and "<h2" in html.body]
    found = re.search(r"aria-hidden='true'>(.)</span><b>(.*?)</b>", body)
    return found[1], found[2]


def test_versions_are_listed_with_their_cards_and_the_champion_has_no_way_out(models):
    at = models()
    assert not at.exception
    assert "<b>Version 1</b>" not in words(at)
    assert "**Version 1** identifies now" in words(at)
    assert "98.0 %" in words(at)
    assert [b.label for b in at.button] == []


def test_one_version_alone_says_what_to_do(models):
    at = models("Compare")
    assert "There is only one version" in words(at)


def test_a_worse_version_is_promoted_only_by_overruling_and_rolled_back_in_one_click(models, context, worse):  # noqa: F811
    at = models("Compare")
    at.button(key="compare").click().run()
    (job,) = context.jobs.active()
    context.jobs.claim("a test")
    worker.run_job(context, job.id, "a test")
    at.run()
    assert not at.exception
    assert verdict(at) == ("✕", "The gate is shut")
    assert "is named worse" in words(at)
    assert at.button(key="promote").label == "Promote version 2 all the same"
    at.text_input(key="promote.by").set_value("Ada")
    at.button(key="promote").click().run()
    assert "Say why" in at.error[0].value
    assert context.registry.champion_version("iris") == 1
    at.text_input(key="promote.why").set_value("a lesson")
    at.button(key="promote").click().run()
    assert "Version 2 identifies from now on" in words(at).replace("\\", "")
    newest = history(context, "iris")[-1]
    assert (newest.kind, newest.by, newest.why, newest.overruled) == ("promoted", "Ada", "a lesson", True)
    # A name is asked for once.
    assert not any(box.key == "rollback.by" for box in at.text_input)
    at.text_input(key="rollback.why").set_value("the lesson is over").run()
    at.button(key="rollback").click().run()
    assert context.registry.champion_version("iris") == 1
    at = models("History")
    assert "Over the gate." in words(at)
    assert "the lesson is over" in words(at)


def test_an_equal_version_passes_the_gate(models, context, champion):
    context.registry.register(champion, "Ada")
    compared(context, 1, 2)
    at = models("Compare")
    assert verdict(at) == ("?", "Cannot tell with 150 plants")
    at.text_input(key="promote.by").set_value("Ada")
    at.text_input(key="promote.why").set_value("trained again")
    at.button(key="promote").click().run()
    assert context.registry.champion_version("iris") == 2
    at.button(key="undo").click().run()
    assert context.registry.champion_version("iris") == 1
    assert history(context, "iris")[-1].by == "Ada"


def test_there_is_one_verdict_and_the_margin_decides_which(models, context, champion):
    context.registry.register(champion, "Ada")
    compared(context, 1, 2)
    at = models("Compare")
    assert at.selectbox(key="margin").value == 2.0
    at.selectbox(key="margin").set_value(5.0).run()
    assert not at.exception
    assert verdict(at) == ("✓", "As good, within 5 points")
    # What was shown is reason enough: one click promotes.
    assert at.text_input(key="promote.why").value == "As good as version 1 within 5 points on 150 plants."
    at.text_input(key="promote.by").set_value("Ada")
    at.button(key="promote").click().run()
    assert context.registry.champion_version("iris") == 2


def test_figures_bear_their_standard_names(models, context, champion):
    context.registry.register(champion, "Ada")
    compared(context, 1, 2)
    shown = words(models("Compare"))
    for standard in ("accuracy", "log loss", "calibration error", "confusion matrix", "reliability diagram", "McNemar"):
        assert standard in shown


def test_somebody_quicker_is_said_and_nothing_is_changed(models, context, champion):
    for _ in range(2):
        context.registry.register(champion, "Ada")
    compared(context, 1, 3)
    at = models("Compare")
    at.text_input(key="promote.by").set_value("Ada")
    at.text_input(key="promote.why").set_value("newest").run()
    context.registry.promote("iris", 3, "Grace", "quicker")
    at.button(key="promote").click().run()
    assert "Version 3 of iris is the champion already" in at.error[0].value.replace("\\", "")


def test_a_version_is_retired_and_stays_to_be_read(models, context, champion):
    context.registry.register(champion, "Ada")
    at = models(version="2")
    assert "Version 2: linear discriminant analysis" in [h.value for h in at.header]
    at.text_input(key="retire.by").set_value("Ada")
    at.text_input(key="retire.why").set_value("a wrong table").run()
    at.button(key="retire").click().run()
    assert context.registry.retired("iris") == {2}
    assert at.dataframe[0].value["State"].tolist() == ["retired", "identifies"]
    assert not at.exception


def test_a_tree_is_shown_as_a_key_and_any_other_model_by_a_short_one(models, context):
    train_version(context, "iris", algorithm="tree", by="Ada")
    at = models("Key")
    assert "A short key in place of the model" in words(at)
    at.selectbox(key="key.iris").set_value(2).run()
    assert "This key is the model itself" in words(at)
    assert "<td>1a</td><td>Petal" in words(at)


def test_no_champion_yet(models, context):
    """As after a study was made and its first version was trained."""
    train_version(context, "iris", algorithm="bayes", by="Ada")
    with pytest.raises(Exception, match="no other champion"):
        roll_back(context, "iris", by="Ada", why="x")
    retire(context, "iris", 2, by="Ada", why="x")
    assert not models("Compare").exception


def test_a_file_that_is_none_is_refused_and_one_of_ours_comes_in(models, context):
    at = models("Files")
    at.file_uploader(key="import.file").upload("evil.skops", pickle.dumps({"a": 1}), "application/octet-stream")
    at.text_input(key="import.by").set_value("Ada").run()
    at.button(key="import").click().run()
    assert "This is a pickle or joblib file" in at.error[0].value
    assert len(context.registry.versions("iris")) == 1
    _, content = export_version(context, "iris", 1)
    at.file_uploader(key="import.file").upload("iris.skops", content, "application/octet-stream").run()
    at.button(key="import").click().run()
    assert "Brought in as version 2" in words(at).replace("\\", "")
    assert "(stated)" in models().dataframe[0].value["Named right"].iloc[0]


def test_runs_stand_side_by_side_with_parameters_data_and_code(models, context):
    card = train_version(context, "iris", algorithm="logistic", hyperparameters={"C": 3.0}, seed=7, by="Ada")
    rows = models().dataframe[0].value
    assert rows["Version"].tolist() == ["v2", "v1"]
    newest = rows.iloc[0]
    assert newest["Settings"] == "C 3.0"
    assert newest["Seed"] == 7
    assert newest["Table"] == card.table.sha256[:8]
    assert f"scikit-learn {card.libraries['scikit-learn']}" in newest["Code"]


def test_a_first_model_needs_no_champion_to_defend(models, context, monkeypatch):
    monkeypatch.setattr(type(context.registry), "champion_version", lambda registry, study: None)
    at = models("Compare")
    assert not at.exception
    assert at.text_input(key="promote.why").value.startswith("The first version of this study")
    assert at.button(key="promote").label == "Let version 1 identify"


def test_a_version_in_the_shadow_is_promoted_in_one_click_and_the_way_back_lets_it_watch_again(
    models, context, champion
):
    context.registry.register(champion, "Ada")
    at = models("Shadow")
    at.text_input(key="person").set_value("Ada").run()
    at.button(key="shadow.start").click().run()
    assert context.registry.watching_version("iris") == 2
    values, kinds = flowers(champion, 12, seed=3)
    determine_at_random(context, record_flowers(context, values, 0), kinds)
    at = models("Shadow")
    assert "both say the same of **12**" in words(at)
    assert "About" in words(at)
    if any(box.key == "person" for box in at.text_input):
        at.text_input(key="person").set_value("Ada").run()
    at.button(key="shadow.promote").click().run()
    assert not at.exception
    assert context.registry.champion_version("iris") == 2
    assert history(context, "iris")[-1].why.startswith("Watched 12 plants in the shadow.")
    at.button(key="undo").click().run()
    assert not at.exception
    assert context.registry.champion_version("iris") == 1
    assert context.registry.watching_version("iris") == 2


def test_the_gate_on_the_page_hears_the_shadow_at_every_margin(models, context, champion):
    context.registry.register(champion, "Ada")
    watch_in_shadow(context, "iris", 2, by="Ada", why="to see")
    values, kinds = flowers(champion, 12, seed=3)
    determine_at_random(context, record_flowers(context, values, 0), kinds)
    compared(context, 1, 2)
    at = models("Compare")
    assert words(at).count("In the shadow, on plants drawn at random") == 1
    at.selectbox(key="margin").set_value(5.0).run()
    assert words(at).count("In the shadow, on plants drawn at random") == 1


def test_where_the_champion_s_files_are_lost_another_version_identifies_in_its_place(lost, context, models):
    at = models()
    assert not at.exception
    assert "The files of version 1, which identifies, are missing or damaged" in at.error[0].value
    assert at.selectbox(key="lost.version").options == ["2"]
    assert at.button(key="lost.promote").disabled
    at.text_input(key="lost.by").set_value("Ada").run()
    at.text_input(key="lost.why").set_value("its disk broke").run()
    at.button(key="lost.promote").click().run()
    assert "Version 2 identifies from now on" in at.success[0].value
    assert not at.error
    assert context.registry.champion_version("iris") == 2


def test_a_page_that_can_t_name_plants_leads_to_another_version(lost, page):  # noqa: F811
    at = page()
    assert not at.exception
    assert "can't be read" in at.error[0].value.replace("\\", "")
    assert {link.label for link in at.get("page_link")} >= {"Let another version identify", "Train a new version"}
