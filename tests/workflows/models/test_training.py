import shutil

import numpy as np
import pytest

from flora_core.determination import AnswerKind, GivenName
from flora_core.errors import ArtifactRefused, Refused, Unknown
from flora_core.storage.records.determinations import Slip
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import promote
from flora_core.workflows.models.training import TrainingRequest, train_version
from tests.builders import make_plants, make_study, typed_flower


def test_a_version_is_registered_with_its_card_and_is_no_champion(context):
    told = []
    card = train_version(
        context, "iris", algorithm="bayes", hyperparameters={"smoothing": 0.01}, by="Ada",
        progress=lambda *step: told.append(step),
    )
    assert (card.version, card.algorithm, card.hyperparameters, card.trained_by) == (
        2,
        "bayes",
        {"smoothing": 0.01},
        "Ada",
    )
    assert context.registry.card("iris", 2) == card
    assert context.registry.champion_version("iris") == 1
    assert told[-1][0] == told[-1][1]


def test_training_that_is_stopped_registers_nothing(context):
    class StopError(Exception):
        pass

    def stop(done, total, doing):
        raise StopError

    with pytest.raises(StopError):
        train_version(context, "iris", algorithm="lda", by="Ada", progress=stop)
    assert len(context.registry.versions("iris")) == 1


def test_a_table_that_is_not_fit_to_learn_from_is_refused_in_words(context):
    context.studies.add(make_study(), make_plants((20, 1)), "Ada")
    with pytest.raises(
        Refused, match=r"Fewer than 2 plants: Planta speciesb \(1\)\. Add plants or leave the species out"
    ):
        train_version(context, "made_up", by="Ada")


def test_wrong_settings_are_refused_before_anything_is_learned(context):
    with pytest.raises(Unknown, match="'oak' is not an algorithm"):
        train_version(context, "iris", algorithm="oak", by="Ada")
    with pytest.raises(Refused, match="belong to one algorithm"):
        train_version(context, "iris", hyperparameters={"C": 1}, by="Ada")


def determined(context, name, level=2, **values):
    (recorded,) = record(context, [identify(context, "iris", typed_flower(**values))], by="Ada", door="page")
    slip = Slip(recorded.id, GivenName(AnswerKind.SPECIES, name), "Grace", "2026-06-03", level)
    context.determinations.add([slip], entered_by="Grace")


def test_determined_plants_are_learned_from_on_request(context):
    determined(context, "Iris setosa")
    determined(context, "Iris virginica", petal_length=6.0, petal_width=2.2, sepal_length=6.9)
    determined(context, "Iris pumila", sepal_length=5.0)
    determined(context, "Iris setosa", level=1, sepal_length=4.9)
    without = train_version(context, "iris", algorithm="bayes", by="Ada")
    assert (without.table.rows, without.table.determined) == (150, 0)
    with_them = train_version(context, "iris", algorithm="bayes", with_determinations=True, by="Ada")
    assert (with_them.table.rows, with_them.table.determined) == (152, 2)
    assert with_them.table.plants == {"Iris setosa": 51, "Iris versicolor": 50, "Iris virginica": 51}
    assert with_them.table.source == "scikit-learn load_iris, and 2 determined plants"
    model = context.model("iris", with_them.version)
    assert [5.1, 3.5, 1.4, 0.2] in np.round(model.reference.values[150:], 9).tolist()


def test_a_request_survives_being_kept_as_text():
    request = TrainingRequest(algorithm="forest", hyperparameters={"trees": 30, "features": "sqrt"}, search=4, seed=7)
    assert TrainingRequest.model_validate_json(request.model_dump_json()) == request


def test_a_champion_whose_files_are_lost_is_replaced_by_a_new_version(context):
    shutil.rmtree(context.settings.models / "iris" / "1")
    context._loaded.clear()
    with pytest.raises(ArtifactRefused, match="Where there is none, train a new one .* --overrule"):
        context.champion("iris")
    version = train_version(context, "iris", algorithm="lda", by="Ada").version
    with pytest.raises(ArtifactRefused, match="--overrule"):
        promote(context, "iris", version, by="Ada", why="the old one is lost")
    assert promote(context, "iris", version, by="Ada", why="the old one is lost", overrule=True).promoted
    assert context.champion("iris").card.version == version
