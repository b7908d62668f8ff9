import numpy as np

from flora_core.study import IRIS
from flora_core.workflows.determine import determine
from flora_core.workflows.models.determined_plants import determined_plants, with_determined
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import SETOSA
from tests.workflows.determine.conftest import recorded


def test_plants_of_a_species_named_by_a_competent_person_are_learned_from_and_no_others(context):
    plants = recorded(context, *map(str, range(8)), petal_width="")
    for plant, name in zip(
        plants, ["setosa", "virginica", "cf. setosa", "Iris sp.", "Iris pumila", "none of these"], strict=False
    ):
        determine(context, "iris", plant, name, by="Ada", date="2024")
    determine(context, "iris", plants[1], "versicolor", by="Grace", date="2025")
    determine(context, "iris", plants[6], "setosa", by="a visitor", level="1")
    found = determined_plants(context, IRIS)
    assert found.species.tolist() == [0, 1]
    np.testing.assert_array_equal(found.values, [[*list(SETOSA.values())[:3], np.nan]] * 2)
    table = iris_plants()
    both = with_determined(IRIS, table, found)
    assert (len(both.species), both.table.rows, both.table.determined) == (152, 152, 2)
    assert both.table.plants == {"Iris setosa": 51, "Iris versicolor": 51, "Iris virginica": 50}
    assert both.table.missing_cells == 2


def test_another_set_of_plants_has_another_checksum(context):
    (first,) = recorded(context)
    table = iris_plants()
    assert with_determined(IRIS, table, determined_plants(context, IRIS)) is table
    determine(context, "iris", first, "setosa", by="Ada", date="2024")
    one = with_determined(IRIS, table, determined_plants(context, IRIS)).table.sha256
    assert one == with_determined(IRIS, table, determined_plants(context, IRIS)).table.sha256 != table.table.sha256
    determine(context, "iris", first, "virginica", by="Ada", date="2025")
    assert with_determined(IRIS, table, determined_plants(context, IRIS)).table.sha256 != one


def test_a_specimen_recorded_twice_is_learned_from_once_and_two_like_flowers_twice(context):
    for plant in (*recorded(context, "7", "7"), *recorded(context, "", "")):
        determine(context, "iris", plant, "setosa", by="Ada")
    determine(context, "iris", *recorded(context, "7", petal_length=1.5), "setosa", by="Ada")
    assert len(determined_plants(context, IRIS)) == 4


def test_units_are_those_of_todays_study(context):
    determine(context, "iris", *recorded(context), "setosa", by="Ada")
    counts = IRIS.measurements[1].model_copy(update={"unit": ""})
    today = IRIS.model_copy(update={"measurements": (IRIS.measurements[0].model_copy(update={"unit": "mm"}), counts)})
    np.testing.assert_array_equal(determined_plants(context, today).values, [[51.0, np.nan]])
