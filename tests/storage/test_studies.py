import dataclasses

import numpy as np
import pytest
from sqlalchemy import text

from flora_core.errors import Conflict, DatabaseUnavailable, Unknown
from flora_core.storage.database import Database
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
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


def test_catalogue_numbers_and_measurements_called_like_other_columns_survive(studies):
    study = make_study(2, 2)
    first, second = study.measurements
    study = study.model_copy(update={"measurements": (first.model_copy(update={"name": "group"}), second)})
    plants = dataclasses.replace(make_plants((3, 3), 2), ids=np.array(["0012", "", 'a "b", c', "x", "1E5", "10-May"]))
    studies.add(study, plants, "Ada")
    back = studies.plants(study)
    assert back.ids.tolist() == plants.ids.tolist()
    assert back.groups is None
    assert (back.values == plants.values).all()


def test_a_study_grows_by_tables_and_each_is_kept_as_it_was(studies):
    study, plants = make_study(2, 2), make_plants((5, 5), 2)
    studies.add(study, plants, "Ada", source_sha256="f" * 64)
    grown = make_study(3, 2)
    assert studies.add_table(grown, make_plants((5, 5, 4), 2), "Bob", after=1) == 2
    assert studies.get("made_up") == grown
    assert studies.as_of("made_up", 1) == study
    kept = studies.tables("made_up")
    assert [(t.number, t.plants, t.added_by, t.source_sha256) for t in kept] == [
        (1, 10, "Ada", "f" * 64),
        (2, 14, "Bob", ""),
    ]
    assert kept[1].counts == {"Planta speciesa": 5, "Planta speciesb": 5, "Planta speciesc": 4}
    assert (studies.plants(grown, 1).values == plants.values).all()
    assert len(studies.plants(grown).species) == 14
    with pytest.raises(Conflict, match="Somebody added plants to made_up in the meantime"):
        studies.add_table(grown, plants, "Eve", after=1)
    with pytest.raises(Unknown, match="no training table 3"):
        studies.plants(grown, 3)
    with pytest.raises(Unknown, match="There is no study"):
        studies.add_table(study.model_copy(update={"name": "rosa"}), plants, "Eve", after=0)


def test_training_tables_are_never_changed_and_a_damaged_one_is_refused(studies, database_url):
    studies.add(IRIS, iris_plants(), "Ada")
    database = Database(database_url)
    with pytest.raises(DatabaseUnavailable, match="only ever appended"), database.write() as connection:
        connection.execute(text("UPDATE training_tables SET content = 'x'"))
    with database.write() as connection:
        trigger = "training_tables_never_change" if database.is_sqlite else "training_tables_stay ON training_tables"
        connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text("UPDATE training_tables SET content = :x"), {"x": b"not what was stored"})
    with pytest.raises(DatabaseUnavailable, match="Training table 1 of iris is not what was stored"):
        studies.plants(IRIS)
    database.close()


def test_only_a_demonstration_is_simulated(studies):
    studies.add(IRIS, iris_plants(), "Ada")
    studies.add(make_study(), make_plants(), "Ada", simulated=True)
    assert [studies.is_simulated(name) for name in ("iris", "made_up", "rosa")] == [False, True, False]
