"""The whole work on a real table with states: study, model file, identification, table, archive, record, monitor."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import numpy as np
import pytest

from flora_core.errors import BadValues, Refused
from flora_core.identification.naming import predict_plants
from flora_core.monitoring.drift.from_profiles import compare_profiles
from flora_core.monitoring.profiles.bins import bins_of
from flora_core.monitoring.profiles.profile import Profile, from_document, merge, profile_of
from flora_core.monitoring.verdicts.verdict import window_verdict
from flora_core.storage.registry.artifacts import _packed, _unpacked
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.sinks import DarwinCoreSink, TableSink
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.replay import seen_again
from flora_core.workflows.identify import identify, record
from flora_core.workflows.monitor import monitor_study
from flora_core.workflows.monitor.documents import monitor_document
from flora_core.workflows.monitor.reference import version_reference, wording_of

GENTOO = {"bill_length": "50", "bill_depth": "15", "flipper_length": "225", "island": "Biscoe", "sex": "male"}


def batch(context: AppContext, text: str, sink_of: Any = None, **said: Any) -> tuple[Any, list[dict[str, str]], bytes]:
    stream = io.BytesIO(text.encode())
    understood = plan_batch(context, stream, BatchRequest(study="penguins", name="table.csv", **said))
    out, other = io.BytesIO(), io.BytesIO()
    sinks: list[Any] = [TableSink(out, "csv", understood)]
    sinks += [DarwinCoreSink(other, understood)] if sink_of else []
    summary = run_batch(context, stream, understood, sinks=sinks, record=False, again=False, by="Ada")
    for sink in sinks:
        sink.close()
    return summary, list(csv.DictReader(io.StringIO(out.getvalue().decode()))), other.getvalue()


def test_columns_of_words_became_characters(penguins: AppContext) -> None:
    study = penguins.studies.get("penguins")
    kinds = {m.name: (m.kind, [s.label for s in m.states]) for m in study.measurements}
    assert kinds["island"] == ("unordered", ["Biscoe", "Dream", "Torgersen"])
    assert kinds["sex"][0] == "unordered"
    assert kinds["bill_length"] == ("measured", [])


def test_the_table_is_read_back_as_it_was_kept(penguins: AppContext) -> None:
    study = penguins.studies.get("penguins")
    plants = penguins.studies.plants(study)
    assert plants.states is not None
    assert set(np.unique(plants.values[:, 0])) == {0.0, 1.0, 2.0}


def test_a_model_file_gives_the_same_answers(penguins: AppContext) -> None:
    import joblib

    model = penguins.champion("penguins")
    again = _unpacked(model.card, joblib.load(io.BytesIO(_packed(model))))
    X = model.reference.values
    ours, theirs = predict_plants(model, X), predict_plants(again, X)
    assert np.array_equal(ours.probabilities, theirs.probabilities)
    assert np.array_equal(ours.misfit, theirs.misfit)
    assert np.array_equal(ours.unusual, theirs.unusual)


def test_states_are_typed_in_any_language(penguins: AppContext) -> None:
    found = identify(penguins, "penguins", {**GENTOO, "sex": "männlich"})
    assert found.answer.species == "Gentoo"
    assert found.as_json()["measurements"]["sex"] == "male"


def test_an_unknown_state_is_refused_with_the_nearest(penguins: AppContext) -> None:
    with pytest.raises(BadValues) as refused:
        identify(penguins, "penguins", {**GENTOO, "island": "Torgerson"})
    assert "Did you mean Torgersen?" in refused.value.issues[0].suggestion


def test_a_state_that_no_such_species_has_fits_nothing(penguins: AppContext) -> None:
    found = identify(penguins, "penguins", {**GENTOO, "island": "Torgersen"})
    assert not found.fits
    assert "island Torgersen does not go with" in found.sentence


def test_several_islands_leave_the_name_open(penguins: AppContext) -> None:
    found = identify(penguins, "penguins", {"island": "Biscoe or Dream"})
    assert found.as_json()["measurements"]["island"] == "Biscoe or Dream"
    assert len(found.answer.prediction_set) > 1


def test_a_table_with_unknown_states(penguins: AppContext) -> None:
    text = (
        "bird,island,bill length (mm),bill depth (mm),flipper length (mm),sex\n"
        "1,Biscoe,50,15,225,male\n2,biscoe ,46.1,13.2,211,weiblich\n3,Atlantis,46.1,13.2,211,f\n4,Dream/Biscoe,39,18,,?\n"
    )
    summary, table, _ = batch(penguins, text)
    assert [row["flora_species"] for row in table] == ["Gentoo", "Gentoo", "", "Adelie"]
    assert "Atlantis" in table[2]["flora_issues"]
    assert "There are: Biscoe, Dream, Torgersen" in table[2]["flora_issues"]
    assert summary.identified == 3


def test_darwin_core_has_the_state_and_no_unit(penguins: AppContext) -> None:
    text = "island,bill length (mm),sex\nbiscoe,46,female\n"
    _, _, archive = batch(penguins, text, sink_of=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        rows = list(csv.DictReader(io.StringIO(opened.read("measurement.txt").decode()), delimiter="\t"))
    said = {row["measurementType"]: (row["measurementValue"], row["measurementUnit"]) for row in rows}
    assert said["island"] == ("Biscoe", "")
    assert said["bill length"] == ("46", "mm")
    assert any("as typed: biscoe" in row["measurementRemarks"] for row in rows)


def test_a_plant_is_recorded_and_watched(penguins: AppContext) -> None:
    found = identify(penguins, "penguins", {**GENTOO, "island": "Biscoe/Dream"})
    (kept,) = record(penguins, [found], by="Ada", door="page")
    again = seen_again(penguins, kept)
    assert np.array_equal(again.plant.values, found.plant.values, equal_nan=True)
    assert kept.plant.typed[0] == "Biscoe/Dream"
    assert kept.plant.used[0] == -3.0
    for _ in range(25):
        record(penguins, [identify(penguins, "penguins", GENTOO)] * 2, by="Ada", door="page")
    seen = monitor_study(penguins, "penguins")
    document = monitor_document(seen)
    island = [one for one in document["drift"] if one["measurement"] == "island"]
    assert {one["metric"] for one in island} == {"chi_squared", "chi_squared_within"}
    assert island[0]["states"]["Biscoe"] == 50
    assert island[0]["states"]["several states"] == 1


def window(context: AppContext, changed: bool, n: int = 150) -> Profile:
    model = context.champion("penguins")
    rng = np.random.default_rng(3)
    X = model.reference.values[rng.integers(0, len(model.reference.values), n)].copy()
    if changed:
        X[rng.random(n) < 0.4, model.study.names.index("sex")] = 0.0
    named = predict_plants(model, X)
    whole = profile_of(bins_of(model), X, named.best, np.round(named.probabilities, 6), named.fits)
    half = n // 2
    parts = [
        profile_of(bins_of(model), X[s], named.best[s], np.round(named.probabilities[s], 6), named.fits[s])
        for s in (slice(half), slice(half, None))
    ]
    assert merge(*parts).as_document() == whole.as_document()
    return from_document(bins_of(model), whole.as_document())


@pytest.mark.parametrize(("changed", "verdict"), [(False, "green"), (True, "red")])
def test_a_share_that_changed_is_seen_within_the_species_too(penguins: AppContext, changed: bool, verdict: str) -> None:
    seen = version_reference(penguins.champion("penguins"))
    found = compare_profiles(
        seen.profile, window(penguins, changed), chance=seen.chance, within=seen.within, states=seen.states
    )
    assert dict(found.groups)["sex"].verdict == verdict
    assert dict(found.states_within)["sex"].verdict == verdict
    assert not any(shift.name in ("sex", "island") for shift in found.shifts)
    said = " ".join(r.text for r in window_verdict(found, wording_of(seen.model.study)).reasons)
    assert ("mix of sex has changed" in said) == changed


def test_a_file_for_others_is_refused_in_words(penguins: AppContext) -> None:
    from flora_core.storage.registry.skops_file import pack

    with pytest.raises(Refused, match="characters with states"):
        pack(penguins.champion("penguins"))
