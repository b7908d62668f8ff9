"""The leaderboard: best first, sortable numbers, an interval as a picture, and the score against a setting with its answer."""

import base64

import plotly.graph_objects as go
import pytest

from flora_core.model import Candidate
from ui.charts import candidates as charts

INK = "#06100a"


def tried(algorithm, loss, plants=150, **settings):
    return Candidate(
        algorithm=algorithm,
        hyperparameters=settings,
        log_loss=loss,
        accuracy=0.9,
        balanced_accuracy=0.9,
        seconds=0.2,
        plants=plants,
        low=0.84,
        high=0.94,
        log_loss_low=loss - 0.01,
        log_loss_high=loss + 0.01,
    )


SOME = (
    tried("logistic", 0.35, C=0.1),
    tried("logistic", 0.08, C=10.0),
    tried("svm", 0.11, C=1.0, gamma="scale"),
    tried("svm", 0.12, C=10.0, gamma="scale"),
    tried("lda", 0.05, shrinkage="none"),
    tried("forest", 0.02, plants=60, trees=100),
)


def test_rows_are_best_first_and_those_of_a_part_of_the_plants_last():
    rows = charts.leaderboard_rows(SOME, INK)
    assert [row["Log loss"] for row in rows] == [0.05, 0.08, 0.11, 0.12, 0.35, 0.02]
    assert [row["Place"] for row in rows] == [1, 2, 3, 4, 5, None]
    assert rows[1]["Settings"] == "Freedom (C) 10.0"
    picture = base64.b64decode(rows[0]["95 % interval"].partition(",")[2]).decode()
    assert picture.startswith("<svg")
    assert "circle" in picture


def test_a_candidate_far_behind_is_an_arrow_and_squeezes_nobody():
    rows = charts.leaderboard_rows((*SOME, tried("knn", 9.0, neighbours=3)), INK)
    far = base64.b64decode(rows[5]["95 % interval"].partition(",")[2]).decode()
    assert rows[5]["Log loss"] == 9.0
    assert "circle" not in far
    near = base64.b64decode(rows[1]["95 % interval"].partition(",")[2]).decode()
    assert "circle" in near


def test_settings_of_which_several_values_were_tried_can_be_shown():
    assert charts.settings_tried(SOME) == {"C": "Freedom (C)"}


def test_what_a_setting_does_is_said_family_by_family():
    said = charts.setting_effect(SOME, "C")
    assert "Logistic regression: lowest at 10.0 (log loss 0.080), highest at 0.1 (0.350): it matters here" in said
    assert "Support vector machine: lowest at 1.0 (log loss 0.110), highest at 10.0 (0.120): within chance" in said


@pytest.mark.parametrize("setting", ["C", "gamma", "shrinkage"])
def test_a_line_a_family_and_a_level_for_those_without_the_setting(setting):
    rows = (*SOME, tried("svm", 0.2, C=1.0, gamma="0.1"), tried("lda", 0.06, shrinkage="auto"))
    picture = charts.score_against_setting(rows, setting, INK)
    go.Figure(picture.figure.to_dict())
    having = {c.algorithm for c in rows if setting in c.hyperparameters}
    assert len(picture.figure.data) == len(having)
    assert len(picture.figure.layout.shapes) == 4 - len(having)


def test_the_best_so_far_is_said_with_its_plants():
    said = charts.best_sentence(SOME, "flowers")
    assert said.startswith("**Linear discriminant analysis** (Shrinkage none): 135 of 150 unseen flowers named right")
    assert "Next, logistic regression: log loss 0.080; behind." in said
