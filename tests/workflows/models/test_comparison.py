import dataclasses

import numpy as np
import pytest

from flora_core.errors import Refused, Unknown
from flora_core.learning.comparison import model_comparison
from flora_core.workflows.models.comparison import compare_versions, comparison_document
from flora_core.workflows.models.training import train_version
from tests.workflows.models.test_training import determined


def test_a_version_against_itself_trained_again_differs_in_nothing(context, champion):
    context.registry.register(champion, "Ada")
    found, gate = compare_versions(context, "iris", 1, 2)
    assert found.overall.value == 0
    assert (found.overall.plants, found.overall.p) == (150, 1)
    assert found.log_loss == 0
    assert found.determined is None
    assert gate.passed
    document = comparison_document(found, gate)
    assert document["by_species"]["Iris setosa"]["plants"] == 50
    assert document["gate"]["passed"] is True


def test_a_version_is_not_compared_with_itself_nor_with_one_that_is_not_there(context):
    with pytest.raises(Refused, match="compared with itself"):
        compare_versions(context, "iris", 1, 1)
    with pytest.raises(Unknown, match="no model version 9"):
        compare_versions(context, "iris", 1, 9)


def test_determined_plants_judge_only_versions_that_did_not_learn_from_them(context, champion):
    context.registry.register(champion, "Ada")
    determined(context, "Iris setosa")
    found, _ = compare_versions(context, "iris", 1, 2)
    assert (found.determined.plants, found.determined.champion) == (1, 1.0)
    assert found.overall.plants == 150
    learned = train_version(context, "iris", algorithm="bayes", with_determinations=True, by="Ada").version
    found, _ = compare_versions(context, "iris", 1, learned)
    assert found.determined is None
    assert found.overall.plants == 151
    determined(context, "Iris setosa", sepal_length=5.0)
    found, _ = compare_versions(context, "iris", 1, learned)
    assert found.determined.plants == 1


def test_a_champion_is_not_asked_to_learn_from_plants_that_came_after_it(context, champion, monkeypatch):
    study = context.studies.get("iris")
    plants = context.studies.plants(study)
    more = dataclasses.replace(
        plants,
        values=np.concatenate([plants.values, plants.values[:3] + 0.05]),
        species=np.concatenate([plants.species, plants.species[:3]]),
    )
    context.studies.add_table(study, more, "Ada", after=1)
    asked = {}

    def compare(*words, champion_knew, **named):
        asked["knew"] = champion_knew
        return real(*words, champion_knew=champion_knew, **named)

    real = model_comparison.compare
    monkeypatch.setattr(model_comparison, "compare", compare)
    new = train_version(context, "iris", algorithm="lda", by="Ada").version
    found, _ = compare_versions(context, "iris", 1, new)
    assert found.overall.plants == 153
    assert asked["knew"].tolist() == [True] * 150 + [False] * 3
    compare_versions(context, "iris", new, 1)
    assert asked["knew"].all()
