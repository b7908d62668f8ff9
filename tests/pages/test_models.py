"""The Models page as a script: cards, a comparison, the gate, promotion, the way back, the history, the key."""

import pickle

import pytest

from flora_core.workflows.jobs import worker
from flora_core.workflows.jobs.requests import ask_for_comparison, comparison_asked
from flora_core.workflows.models.lifecycle import history, retire, roll_back
from flora_core.workflows.models.training import train_version
from flora_core.workflows.models.transfer import export_version
from tests.pages.test_identify import page  # noqa: F401  the fixture that opens a page on the test's own context
from tests.pages.test_train import words
from tests.servers import ROOT
from tests.workflows.models.test_lifecycle import worse  # noqa: F401  a challenger of one question


@pytest.fixture
def models(page):  # noqa: F811
    def open_page(view="Versions"):
        at = page(view=view)
        at.switch_page(str(ROOT / "pages" / "models.py"))
        return at.run()

    return open_page


def compared(context, champion, challenger):
    job = ask_for_comparison(context, "iris", comparison_asked(context, "iris", champion, challenger), "")
    context.jobs.claim("a test")
    worker.run_job(context, job.id, "a test")


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
    assert "The gate is shut" in " ".join(w.value for w in at.error)
    assert "is named worse" in words(at)
    at.text_input(key="promote.by").set_value("Ada")
    at.text_input(key="promote.why").set_value("a lesson").run()
    assert at.button(key="promote").disabled
    at.checkbox(key="overrule").check().run()
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
    assert "Cannot tell with 150 plants" in " ".join(w.value for w in at.warning)
    at.text_input(key="promote.by").set_value("Ada")
    at.text_input(key="promote.why").set_value("trained again").run()
    at.button(key="promote").click().run()
    assert context.registry.champion_version("iris") == 2


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
    at = models()
    at.selectbox(key="models.iris.card").set_value(2).run()
    at.text_input(key="retire.by").set_value("Ada")
    at.text_input(key="retire.why").set_value("a wrong table").run()
    at.button(key="retire").click().run()
    assert context.registry.retired("iris") == {2}
    assert "retired</span>" in words(at)
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
    assert "(stated)" in words(models())
