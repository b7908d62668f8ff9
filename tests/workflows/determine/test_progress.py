import pytest

from flora_core.determination import AT_RANDOM
from flora_core.errors import Unknown
from flora_core.tables.rows.determinations import WrittenDetermination
from flora_core.workflows.determine import DeterminationRecorder, defaults, determine
from flora_core.workflows.determine.progress import progress
from tests.workflows.determine.conftest import recorded


def test_a_study_without_records_and_one_without_determinations(context):
    assert progress(context, "iris").sentence == "No flowers are recorded yet."
    recorded(context, "1", "2")
    assert progress(context, "iris").sentence == "None of the 2 recorded flowers is determined yet."
    with pytest.raises(Unknown):
        progress(context, "rosa")


def test_coverage_and_what_the_model_had_named_right_with_its_interval(either):
    plants = recorded(either, *map(str, range(8)))
    (stranger,) = recorded(either, petal_length=7.9)
    for plant, name in zip(
        plants, ["setosa", "setosa", "virginica", "cf. setosa", "Iris sp.", "Iris pumila"], strict=False
    ):
        determine(either, "iris", plant, name, by="Ada")
    determine(either, "iris", plants[6], "setosa", by="a visitor", level="0")
    determine(either, "iris", stranger, "Rosa sp.", by="Ada")
    found = progress(either, "iris")
    assert (found.identified, found.determined, found.judged, found.right) == (9, 8, 5, 3)
    assert found.sentence.startswith(
        "8 of 9 recorded flowers are determined (89 %). A competent person settled 5 of them, and the model had named 3 of "
        "those right: 60 % (95 % interval 23 to 88 %). They were not drawn at random, so this is not how often it is right;"
    )
    assert found.as_json()["judged"] == 5


def test_the_newest_word_counts(context):
    (plant,) = recorded(context)
    determine(context, "iris", plant, "virginica", by="Ada", date="2024")
    determine(context, "iris", plant, "setosa", by="Grace", date="2025")
    assert (progress(context, "iris").judged, progress(context, "iris").right) == (1, 1)


def test_plants_that_chance_chose_tell_how_often_it_is_right(either):
    plants = recorded(either, *map(str, range(6)))
    determine(either, "iris", plants[0], "virginica", by="Ada")
    laying = DeterminationRecorder(either, "iris", defaults=defaults("Ada"), entered_by="Ada", source=AT_RANDOM)
    laying.lay([WrittenDetermination(None, plant, "setosa") for plant in plants[1:5]])
    # Somebody looked again; the plant was chosen by chance all the same, and the newest word counts.
    determine(either, "iris", plants[3], "versicolor", by="Grace", level="3")
    found = progress(either, "iris")
    assert (found.judged, found.right, found.drawn, found.drawn_right) == (5, 3, 4, 3)
    assert "Of the 4 among them that chance had chosen, 3: 75 % (95 % interval 30 to 95 %)" in found.sentence
