import pytest

from flora_core.errors import Refused, Unknown
from flora_core.workflows.comparing import compare_versions, comparison_document
from flora_core.workflows.train import train_version
from tests.workflows.test_train import determined


def test_a_version_against_itself_trained_again_differs_in_nothing(house, champion):
    house.registry.register(champion, "Ada")
    comparison, gate = compare_versions(house, "iris", 1, 2)
    assert comparison.overall.value == 0
    assert (comparison.overall.plants, comparison.overall.p) == (150, 1)
    assert comparison.log_loss == 0
    assert comparison.determined is None
    assert gate.passed
    document = comparison_document(comparison, gate)
    assert document["by_species"]["Iris setosa"]["plants"] == 50
    assert document["gate"]["passed"] is True


def test_a_version_is_not_compared_with_itself_nor_with_one_that_is_not_there(house):
    with pytest.raises(Refused, match="compared with itself"):
        compare_versions(house, "iris", 1, 1)
    with pytest.raises(Unknown, match="no model version 9"):
        compare_versions(house, "iris", 1, 9)


def test_determined_plants_judge_only_versions_that_did_not_learn_from_them(house, champion):
    house.registry.register(champion, "Ada")
    determined(house, "Iris setosa")
    comparison, _ = compare_versions(house, "iris", 1, 2)
    assert (comparison.determined.plants, comparison.determined.champion) == (1, 1.0)
    assert comparison.overall.plants == 150
    learned = train_version(house, "iris", algorithm="bayes", with_determinations=True, by="Ada").version
    comparison, _ = compare_versions(house, "iris", 1, learned)
    assert comparison.determined is None
    assert comparison.overall.plants == 151
    determined(house, "Iris setosa", sepal_length=5.0)
    comparison, _ = compare_versions(house, "iris", 1, learned)
    assert comparison.determined.plants == 1
