from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from flora_core.errors import ArtifactRefused, BadValues, DatabaseUnavailable, Refused, Unknown
from flora_core.workflows.identify import identify, record
from tests.builders import SETOSA, typed_flower


def test_a_flower_gets_its_name_from_the_champion(context):
    found = identify(context, "iris", typed_flower())
    assert found.answer.species == "Iris setosa"
    assert found.model.card.version == 1


def test_the_document_holds_what_the_contract_names(context):
    document = identify(context, "iris", typed_flower(petal_width="")).as_json()
    assert {
        "study",
        "model_version",
        "measurements",
        "species",
        "probability",
        "probabilities",
        "prediction_set",
        "fits",
        "did_you_mean",
        "qualifier",
        "sentence",
        "id",
    } <= document.keys()
    assert document["measurements"] == {**SETOSA, "petal_width": None}
    assert document["probability"] == max(document["probabilities"].values())
    assert document["did_you_mean"] is None
    assert document["id"] is None


def test_the_document_of_a_stranger_asks_and_names_nothing(context):
    document = identify(context, "iris", typed_flower(petal_length=14)).as_json()
    assert document["fits"] is False
    assert document["species"] == "none of these"
    assert document["prediction_set"] == []
    assert document["did_you_mean"]["question"] == "Did you mean petal length 1.4 cm?"
    assert document["did_you_mean"]["measurements"] == SETOSA


def test_a_whole_flower_in_millimetres_is_refused_with_the_question_that_mends_it(context):
    with pytest.raises(BadValues) as refused:
        identify(context, "iris", typed_flower(sepal_length=51, sepal_width=35, petal_length=14, petal_width=2))
    assert [i.column for i in refused.value.issues] == ["sepal_length", "sepal_width"]
    assert refused.value.question.endswith("was the flower measured in millimetres?")
    assert refused.value.correction == SETOSA


def test_text_has_no_question_to_mend_it(context):
    with pytest.raises(BadValues) as refused:
        identify(context, "iris", typed_flower(sepal_length="fifty-one", petal_length=14))
    assert refused.value.question == ""


def test_identifying_records_nothing(context):
    identify(context, "iris", typed_flower())
    assert context.records.newest("iris") == ()


def test_a_record_says_what_was_typed_used_and_answered(context):
    found = identify(
        context, "iris", typed_flower(sepal_length=51, sepal_width=35, petal_length=14, petal_width=""), "mm"
    )
    (recorded,) = record(context, [found], by="Ada", door="page", catalogue_number=" 0042 ")
    assert recorded.plant.typed == ("51", "35", "14", "")
    assert recorded.plant.used == (5.1, 3.5, 1.4, None)
    assert recorded.recording.unit == "mm"
    assert recorded.recording.version == 1
    assert recorded.plant.catalogue_number == "0042"
    assert recorded.plant.possible == (0,)
    assert recorded.plant.probabilities == pytest.approx(tuple(found.probability), abs=1e-6)
    assert context.records.newest("iris") == (recorded,)


def test_a_stranger_is_recorded_with_an_empty_set(context):
    (recorded,) = record(context, [identify(context, "iris", typed_flower(petal_length=14))], by="Ada", door="page")
    assert recorded.plant.possible == ()
    assert recorded.plant.misfit > 1


@pytest.mark.parametrize("by", ["", "   "])
def test_a_record_without_a_person_is_refused(context, by):
    with pytest.raises(Refused, match="Who identifies"):
        record(context, [identify(context, "iris", typed_flower())], by=by, door="page")
    assert context.records.newest("iris") == ()


def test_a_database_that_went_away_is_never_reported_as_recorded(context):
    found = identify(context, "iris", typed_flower())
    context.database.path.unlink()
    with pytest.raises(DatabaseUnavailable):
        record(context, [found], by="Ada", door="page")


def test_an_unknown_study_is_refused(context):
    with pytest.raises(Unknown, match="There is no study 'rosa'. There are: iris"):
        identify(context, "rosa", {})


def test_a_promotion_by_another_process_is_seen_at_once(context, champion):
    identify(context, "iris", typed_flower())
    context.registry.register(champion, "x")
    context.registry.promote("iris", 2, "x", "y")
    assert identify(context, "iris", typed_flower()).model.card.version == 2


def test_a_tampered_champion_identifies_nothing(context):
    path = context.settings.models / "iris" / "1" / "model.joblib"
    path.write_bytes(b"not a model")
    with pytest.raises(ArtifactRefused, match="is not the file that was registered"):
        identify(context, "iris", typed_flower())


def test_a_record_may_carry_collector_site_and_the_day_of_a_past_season(context):
    then = datetime(2024, 5, 17, tzinfo=UTC)
    found = identify(context, "iris", typed_flower())
    (recorded,) = record(context, [found], by="Ada", door="page", collector=" Anderson ", site="Gaspé", at=then)
    r = recorded.recording
    assert (r.collector, r.site, r.at) == ("Anderson", "Gaspé", then)


def test_species_that_are_ruled_out_alike_are_ranked_by_how_near_the_plant_lies(context):
    found = identify(context, "iris", typed_flower())
    names = found.study.species_names
    assert [names[j] for j in found.ranking] == ["Iris setosa", "Iris versicolor", "Iris virginica"]
    even = replace(found, probability=np.array([0.0, 1.0, 0.0]), misfits=np.array([9.0, 0.5, 3.0]))
    assert even.ranking == (1, 2, 0)
    assert (even.misfit, even.nearest, even.fits) == (0.5, 1, True)
