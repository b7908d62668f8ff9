"""The demonstration: loaded, replaced and removed, and nothing of it in any real number."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from flora_core.errors import Conflict, DatabaseUnavailable, Unknown
from flora_core.learning.training import train
from flora_core.storage.schema import METADATA, events, studies
from flora_core.storage.simulated_data import changing_simulated, remove_simulated
from flora_core.workflows.demo import load as demo
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import iris_plants
from flora_core.workflows.reports.metrics import study_figures
from tests.builders import SETOSA

LAST = date(2026, 6, 30)


def rows(context):
    with context.database.read() as connection:
        return {
            t.name: connection.execute(select(func.count()).select_from(t)).scalar()
            for t in METADATA.sorted_tables
            if t.name != "audit"  # what was done stays written
        }


@pytest.fixture
def short(monkeypatch):
    """A season of twelve days: enough for every kind of row."""
    season = demo.simulate_season
    monkeypatch.setattr(demo, "simulate_season", lambda model, last, seed: season(model, last, seed=seed, days=30))


@pytest.mark.slow
def test_a_whole_season_is_recorded_with_late_determinations(context):
    done = demo.load(context, last=LAST)
    assert done.records > 900
    assert 0.2 < done.determinations / done.records < 0.5
    newest = context.records.newest(demo.STUDY, 1)[0]
    assert newest.recording.at.date() <= LAST
    assert newest.recording.collector
    assert context.champion(demo.STUDY).card.version == 1
    assert len(context.registry.versions(demo.STUDY)) == 2


def test_it_is_removed_without_a_trace(context, short):
    record(context, [identify(context, "iris", {n: str(v) for n, v in SETOSA.items()})], by="Ada", door="page")
    before, real = rows(context), study_figures(context)
    demo.load(context, last=LAST)
    assert demo.is_loaded(context)
    with context.database.read() as connection:
        marked = {row.name: row.simulated for row in connection.execute(select(studies))}
    assert marked == {"iris": False, demo.STUDY: True}
    assert [(f.study, f.identified) for f in study_figures(context)] == [(f.study, f.identified) for f in real]
    assert rows(context)["identifications"] > before["identifications"] + 50
    assert demo.remove(context) > 50
    assert rows(context) == before
    assert not (context.settings.models / demo.STUDY).exists()
    assert demo.remove(context) == 0


def test_a_load_that_was_killed_in_the_middle_is_replaced_by_the_next(context, short):
    class Killed(BaseException):
        pass

    def kill(done, total, doing):
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        demo.load(context, last=LAST, progress=kill)
    whole = demo.load(context, last=LAST)
    assert len(context.records.newest(demo.STUDY, 10_000)) == whole.records


def test_removed_while_another_process_loads_the_next_no_model_goes_that_a_row_names(context, short, monkeypatch):
    demo.load(context, last=LAST)
    files = type(context.registry.files)
    deletes = files.delete_removed

    def late(self, study, numbers):
        # Between the rows and the files of the old season, another machine saves the first model of the next one.
        context.studies.add(demo.demo_study(), iris_plants(), "x", simulated=True)
        model = train(demo.demo_study(), iris_plants(), algorithm="lda", by="x")
        context.registry.register(model, by="x")
        deletes(self, study, numbers)

    monkeypatch.setattr(files, "delete_removed", late)
    assert demo.remove(context) > 50
    found, spare = context.registry.verify(demo.STUDY)
    assert [(one.version, one.problem) for one in found] == [(3, "")]
    assert spare == []


def test_it_is_loaded_or_removed_by_one_at_a_time(context, short):
    with changing_simulated(context.locks):
        for change in (demo.load, demo.remove):
            with pytest.raises(Conflict, match="by somebody else just now. Try again in a minute"):
                change(context)
    demo.load(context, last=LAST)
    seen = []
    with ThreadPoolExecutor(4) as threads:
        changes = [threads.submit(change, context) for change in (demo.load, demo.remove) * 2]
    for change in changes:
        seen.append(type(change.exception()))
    assert set(seen) <= {type(None), Conflict}
    assert [one.problem for one in context.registry.verify(demo.STUDY)[0] if one.problem] == []
    if demo.is_loaded(context):
        assert context.champion(demo.STUDY).card.version
    else:
        assert not (context.settings.models / demo.STUDY).exists()


def test_killed_between_its_rows_and_its_files_the_rest_is_swept(context, short, monkeypatch):
    demo.load(context, last=LAST)
    monkeypatch.setattr(type(context.registry.files), "delete_removed", lambda *words: None)
    demo.remove(context)
    folder = context.settings.models / demo.STUDY
    assert len(list(folder.iterdir())) == 2
    assert context.registry.sweep(timedelta(seconds=-1)) == 2
    # A removal that fails leaves the whole season.
    monkeypatch.undo()
    demo.load(context, last=LAST)
    with monkeypatch.context() as patch, pytest.raises(DatabaseUnavailable):
        patch.setattr(context.database, "_still_there", _gone)
        demo.remove(context)
    assert context.registry.sweep(timedelta(seconds=-1)) == 0
    assert context.champion(demo.STUDY).card.version == 1


def _gone():
    raise DatabaseUnavailable("a test")


def test_a_real_study_can_t_be_removed_by_any_door(context):
    with pytest.raises(Conflict, match="real study"):
        remove_simulated(context.database, context.registry.files, "iris")
    with pytest.raises(Unknown):
        remove_simulated(context.database, context.registry.files, "nothing")
    with pytest.raises(DatabaseUnavailable), context.database.write() as connection:
        connection.execute(events.delete())
    assert context.champion("iris").card.version == 1
