"""The Train page as a script: knobs made from the algorithms, a request in the queue, a result with its next step."""

import json

import pytest

from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.storage.job_queue import JobQueue
from flora_core.workflows.jobs import worker
from flora_core.workflows.jobs.requests import describe_job, leaderboard_text
from flora_core.workflows.models.training import TrainingRequest, train_version
from tests.pages.test_identify import page  # noqa: F401  the fixture that opens a page on the test's own context
from tests.servers import ROOT


@pytest.fixture
def train(page):  # noqa: F811
    at = page()
    at.switch_page(str(ROOT / "pages" / "train.py"))
    return at.run()


def words(at):
    return " ".join(
        element.value for kind in ("markdown", "caption", "html", "info", "success") for element in at.get(kind)
    )


def choose(at, algorithm):
    at.selectbox(key="train.iris.algorithm").set_value(algorithm).run()


def test_a_first_visitor_sees_what_is_learned_from_and_what_will_be_shown(train):
    assert not train.exception
    assert train.title[0].value == "Train a model"
    assert "<b>150 flowers</b> of 3 species" in words(train)
    assert "whether its certainties can be believed" in words(train)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_hyperparameter_has_a_widget_with_its_sentence(train, name):
    choose(train, name)
    assert not train.exception
    shown = words(train).replace("\\", "")
    assert ALGORITHMS[name].sentence in shown
    labels = [w.label for w in (*train.selectbox, *train.number_input)]
    for knob in ALGORITHMS[name].hyperparameters:
        assert knob.label in labels
        assert knob.sentence in shown


def test_a_training_is_asked_for_with_what_was_changed_and_nothing_else(train, context):
    choose(train, "forest")
    train.number_input(key="train.iris.forest.trees").set_value(30)
    train.text_input(key="person").set_value("Ada")
    train.button(key="train.start").click().run()
    assert not train.error
    (job,) = context.jobs.active()
    assert (job.by, job.kind) == ("Ada", "train")
    request = TrainingRequest.model_validate_json(job.request)
    assert request == TrainingRequest(algorithm="forest", hyperparameters={"trees": 30})
    assert "Train: random forest; trees 30" in words(train).replace("\\", "")
    train.button(key=f"cancel-{job.id}").click().run()
    assert context.jobs.get(job.id).state == "cancelled"


def test_without_a_name_or_twice_the_same_is_refused_in_words(train):
    train.button(key="train.start").click().run()
    assert train.error[0].value.replace("\\", "").startswith("Say who you are")
    train.text_input(key="person").set_value("Ada")
    train.button(key="train.start").click().run()
    assert not train.error
    train.button(key="train.start").click().run()
    assert "The same was asked for by Ada already" in train.error[0].value


def test_a_result_is_there_for_whoever_comes_later(train, context):
    job = context.jobs.enqueue("iris", "train", TrainingRequest(algorithm="tree").model_dump_json(), "Ada")
    context.jobs.claim("a test")
    worker.run_job(context, job.id, "a test")
    train.run()
    assert not train.exception
    assert "Version 2: decision tree" in [s.value for s in train.header]
    spec = json.loads(train.get("plotly_chart")[0].proto.spec)
    assert sum(cell[0] for heat in spec["data"] for row in heat["customdata"] for cell in row) == 150
    for picture, standard in (
        ("by species", "recall"),
        ("how sure", "reliability diagram"),
        ("more plants?", "learning curve"),
        ("what matters", "permutation importance"),
    ):
        train.segmented_control(key="train.picture").set_value(picture).run()
        assert not train.exception
        assert train.get("plotly_chart")[0].proto.alt
        assert standard in words(train)


def test_how_many_settings_are_tried_is_said_in_words_and_how_long_it_takes(train, context):
    amount = train.segmented_control(key="train.iris.auto.amount")
    assert amount.options == ["the usual ones", "a few: 12", "many: 40", "another number"]
    assert "4 candidates, and 10 more settings on a part of the flowers" in words(train).replace("\\", "")
    assert "going by earlier trainings" in words(train)
    amount.set_value("a few: 12").run()
    train.text_input(key="person").set_value("Ada")
    train.button(key="train.start").click().run()
    (job,) = context.jobs.active()
    assert TrainingRequest.model_validate_json(job.request).search == 12


def test_families_of_one_s_own_choice_are_tried_together(train, context):
    choose(train, "several")
    train.pills(key="train.iris.families").set_value(["lda", "knn"]).run()
    assert not train.exception
    assert "Tries linear discriminant analysis and nearest neighbours on the same plants" in words(train)
    train.text_input(key="person").set_value("Ada")
    train.button(key="train.start").click().run()
    assert not train.error
    (job,) = context.jobs.active()
    assert TrainingRequest.model_validate_json(job.request) == TrainingRequest(algorithm="lda,knn")
    assert describe_job(job) == "Train the best of linear discriminant analysis and nearest neighbours"


def test_another_number_of_settings_can_be_said(train, context):
    choose(train, "tree")
    train.segmented_control(key="train.iris.one.amount").set_value("another number").run()
    train.number_input(key="train.iris.search").set_value(7)
    train.text_input(key="person").set_value("Ada")
    train.button(key="train.start").click().run()
    (job,) = context.jobs.active()
    assert TrainingRequest.model_validate_json(job.request) == TrainingRequest(algorithm="tree", search=7)


def test_the_leaderboard_grows_on_the_page_while_a_training_runs(train, context):
    row = context.registry.card("iris", 1).candidates[0]
    job = context.jobs.enqueue("iris", "train", TrainingRequest().model_dump_json(), "Ada")
    context.jobs.claim("a test")
    train.run()
    assert "The first candidate is being tried" in words(train)
    for n in (1, 2):
        rows = tuple(row.model_copy(update={"log_loss": 0.5 - i / 10, "why": ""}) for i in range(n))
        context.jobs.heartbeat(job.id, "a test", n, 9, "trying", leaderboard=leaderboard_text(rows))
        train.run()
        assert not train.exception
        (board,) = train.dataframe
        assert board.value["Log loss"].tolist() == sorted(c.log_loss for c in rows)
    assert "Best so far" in words(train)


def test_what_a_setting_did_to_this_study_stands_below_it(train, context):
    train_version(context, "iris", algorithm="logistic", search=4, by="Ada")
    choose(train, "logistic")
    assert "In this study: Logistic regression: lowest at" in words(train).replace("\\", "")


def test_an_interrupted_training_can_be_started_again(train, context):
    job = context.jobs.enqueue("iris", "train", TrainingRequest(algorithm="tree").model_dump_json(), "Ada")
    context.jobs.claim("a test")
    context.jobs.finish(job.id, "a test", "interrupted", "The server was ended while it worked on this.")
    train.run()
    assert "The server was ended while it worked on this" in words(train).replace("\\", "")
    train.button(key=f"again-{job.id}").click().run()
    assert [j.by for j in JobQueue(context.database).active()] == ["Ada"]
