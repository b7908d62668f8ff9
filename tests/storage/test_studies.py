import dataclasses

import numpy as np
import pytest

from flora_core.errors import Conflict, Unknown
from flora_core.storage.database import Database
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models import iris_plants
from tests.builders import make_plants, make_study


@pytest.fixture
def studies(database_url):
    database = Database(database_url)
    database.prepare()
    yield Studies(database)
    database.close()


def test_a_study_comes_back_as_it_was_given_with_its_plants(studies):
    studies.add(IRIS, iris_plants(), "Ada")
    assert studies.names() == ("iris",)
    assert studies.get("iris") == IRIS
    plants = studies.plants(IRIS)
    assert (plants.values == iris_plants().values).all()
    assert (plants.species == iris_plants().species).all()
    assert plants.groups is None
    assert plants.table.plants == dict.fromkeys(IRIS.species_names, 50)
    assert len(plants.table.sha256) == 64


def test_gaps_groups_and_every_digit_survive(studies):
    study = make_study(2, 3)
    plants = make_plants((5, 5), 3, missing=0.3)
    plants = dataclasses.replace(plants, groups=np.array(["bog, upper", "bog, upper", 'the "old" wall', "x", "y"] * 2))
    studies.add(study, plants, "Ada")
    back = studies.plants(study)
    assert np.array_equal(back.values, plants.values, equal_nan=True)
    assert back.groups.tolist() == plants.groups.tolist()
    assert back.table.missing_cells == np.isnan(plants.values).sum()


def test_a_study_that_exists_is_not_replaced(studies):
    studies.add(IRIS, iris_plants(), "Ada")
    with pytest.raises(Conflict, match="There is a study 'iris' already"):
        studies.add(IRIS, iris_plants(), "Ada")


def test_an_unknown_study_is_refused_with_those_there_are(studies):
    with pytest.raises(Unknown, match="There is no study 'rosa'. There are: none yet."):
        studies.get("rosa")
    studies.add(IRIS, iris_plants(), "Ada")
    with pytest.raises(Unknown, match="There are: iris."):
        studies.get("rosa")
    with pytest.raises(Unknown, match="has no training table"):
        studies.plants(make_study())
