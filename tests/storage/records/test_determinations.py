import dataclasses
import threading
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flora_core.determination import AnswerKind, GivenName
from flora_core.errors import DatabaseUnavailable, Unknown
from flora_core.storage.database import Database
from flora_core.storage.records import determinations as module
from flora_core.storage.records.determinations import Coverage, Determinations, Slip
from flora_core.storage.records.identifications import Records
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.storage.records.undetermined import undetermined
from flora_core.storage.registry.registry import Registry
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.storage.records.test_identifications import PLANT

SETOSA = GivenName(AnswerKind.SPECIES, "Iris setosa")
VERSICOLOR = GivenName(AnswerKind.SPECIES, "Iris versicolor")
JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Season:
    """A study's records and determinations."""

    def __init__(self, database):
        self.records, self.determinations = Records(database), Determinations(database)

    def plants(self, count=1, at=JUNE, **changes):
        plants = [dataclasses.replace(PLANT, row=i + 1, **changes) for i in range(count)]
        return self.records.record(study="iris", version=1, by="Ada", door="page", unit="cm", plants=plants, at=at)

    def say(self, identifier, given=SETOSA, by="Ada", at="2026-06-02", level=2, **more):
        return self.determinations.add([Slip(identifier, given, by, at, level, **more)], entered_by="Ada")[0]


@pytest.fixture
def database(database_url, tmp_path, champion):
    opened = Database(database_url)
    opened.prepare()
    Studies(opened).add(IRIS, iris_plants(), "a test")
    Registry(opened, tmp_path / "models").register(champion, "a test")
    yield opened
    opened.close()


@pytest.fixture
def season(database):
    return Season(database)


def test_a_determination_holds_what_was_said_by_whom_and_when(season):
    (plant,) = season.plants()
    hybrid = GivenName(AnswerKind.HYBRID, "Iris versicolor", "Iris virginica")
    slip = Slip(
        plant, hybrid, "Edgar Anderson", "1928-06", 3, "between both", "I. versicolor x virginica", "s.csv", "ab"
    )
    assert season.determinations.add([slip], entered_by="Ada") == (True,)
    (found,) = season.determinations.of(plant)
    assert {f.name: getattr(found, f.name) for f in dataclasses.fields(Slip)} == dataclasses.asdict(slip) | {
        "given": hybrid
    }
    assert found.entered_by == "Ada"
    assert found.entered_at.tzinfo is not None
    assert season.determinations.of_source("iris", "ab") == 1


def test_slips_lie_beside_each_other_in_the_order_of_their_days(season):
    (plant,) = season.plants()
    assert season.say(plant, SETOSA, at="2026-06-02")
    assert season.say(plant, VERSICOLOR, at="1928")
    assert season.say(plant, VERSICOLOR, by="Grace", at="2026-06-02")
    assert [(d.by, d.at) for d in season.determinations.of(plant)] == [
        ("Ada", "1928"),
        ("Ada", "2026-06-02"),
        ("Grace", "2026-06-02"),
    ]
    (newest,) = season.determinations.latest("iris")
    assert newest.determination.by == "Grace"
    assert newest.recorded.id == plant


def test_the_same_word_of_the_same_person_is_written_once(season):
    (plant,) = season.plants()
    assert season.say(plant)
    newest = season.determinations.newest_number()
    assert not season.say(plant)
    assert not season.say(plant, by="ADA")
    assert season.determinations.newest_number() == newest > 0
    assert season.determinations.newest_of("iris") == newest
    assert season.determinations.newest_of("iris", 5) == season.determinations.newest_of("rosa") == 0
    assert season.say(plant, level=3)
    assert season.say(plant, by="Grace")
    assert len(season.determinations.of(plant)) == 3


def test_the_same_word_said_at_once_at_many_doors_is_written_once(season):
    (plant,) = season.plants()
    start, added = threading.Barrier(6), []

    def say():
        start.wait()
        added.append(season.say(plant))

    threads = [threading.Thread(target=say) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [False] * 5 + [True]
    assert len(season.determinations.of(plant)) == 1


@pytest.mark.parametrize("unknown", ["nothing", "k7f3q2mh4p-1", ""])
def test_a_slip_for_an_unknown_plant_is_refused_and_nothing_is_added(season, unknown):
    (plant,) = season.plants()
    slips = [Slip(plant, SETOSA, "Ada", "2026", 2), Slip(unknown, SETOSA, "Ada", "2026", 2)]
    with pytest.raises(Unknown, match="There is no identification"):
        season.determinations.add(slips, entered_by="Ada")
    with pytest.raises(Unknown):
        season.say(plant.replace("-1", "-2"))
    assert season.determinations.of(plant) == ()


def test_determinations_can_t_be_changed_or_taken_away(season, database):
    (plant,) = season.plants()
    season.say(plant)
    for statement in ("UPDATE determinations SET level = 4", "DELETE FROM determinations"):
        with pytest.raises(DatabaseUnavailable, match="only ever appended"), database.write() as connection:
            connection.execute(text(statement))


def test_what_is_taken_back_stays_and_counts_no_more(season, database):
    plant, other = season.plants(2)
    season.say(plant, SETOSA, at="2026-06-02")
    before = season.determinations.newest_number()
    slip = Slip(plant, VERSICOLOR, "Ada", "2026-06-03", 2, source="drawn at random")
    (number,) = season.determinations.add([slip], entered_by="Ada")
    season.say(other, SETOSA)
    assert season.determinations.withdraw([number], by="Ada", entered_by="Grace") == 0
    assert season.determinations.withdraw([number], by="Ada") == 1
    assert season.determinations.withdraw([number, 999], by="Ada") == 0
    assert [s.given for s in season.determinations.of(plant)] == [SETOSA]
    newest = {one.recorded.id: one for one in season.determinations.latest("iris")}
    assert (newest[plant].determination.given, newest[plant].drawn) == (SETOSA, False)
    assert sum(t.plants for t in season.determinations.tallies("iris", source="drawn at random")) == 0
    assert season.determinations.newest_number() > before + 2
    # The slip itself is kept, the withdrawal can't be taken away, and the same may be said again.
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM determinations")).scalar_one() == 3
    for statement in ("UPDATE withdrawals SET determination = 1", "DELETE FROM withdrawals"):
        with pytest.raises(DatabaseUnavailable, match="only ever appended"), database.write() as connection:
            connection.execute(text(statement))
    (again,) = season.determinations.add([slip], entered_by="Ada")
    assert again > number
    assert season.determinations.add([slip], entered_by="Ada") == (0,)
    season.determinations.withdraw([again], by="Ada")
    assert season.determinations.add([slip], entered_by="Ada")[0] > again


def test_a_plant_whose_only_slip_is_taken_back_is_undetermined_everywhere(season, database):
    (plant,) = season.plants()
    (number,) = season.determinations.add([Slip(plant, SETOSA, "Ada", "2026", 2)], entered_by="Ada")
    assert undetermined(database, "iris", most=5) == ()
    season.determinations.withdraw([number], by="Ada")
    assert [one.id for one in undetermined(database, "iris", most=5)] == [plant]
    assert season.determinations.coverage("iris") == Coverage(1, 0, 0)
    assert RecordStatistics(database).determined() == {}


def test_those_of_a_simulated_study_may_be_taken_away(season, database):
    season.say(season.plants()[0])
    with database.write() as connection:
        connection.execute(text("UPDATE studies SET simulated = true"))
        assert connection.execute(text("DELETE FROM determinations")).rowcount == 1


def test_the_newest_of_each_plant_by_time_of_identification_level_and_day(season):
    early, late = season.plants(at=datetime(2026, 5, 1, tzinfo=UTC))[0], season.plants()[0]
    season.plants(3)
    season.say(early, SETOSA, at="2026-05-20")
    season.say(late, SETOSA, at="2026-06-10", level=2)
    season.say(late, VERSICOLOR, at="2026-06-20", level=0)

    def newest(*span, **conditions):
        return {d.recorded.id: d.determination.given for d in season.determinations.latest("iris", *span, **conditions)}

    assert newest() == {early: SETOSA, late: VERSICOLOR}
    assert newest(level=2) == {early: SETOSA, late: SETOSA}
    assert newest(JUNE) == {late: VERSICOLOR}
    assert newest(None, JUNE) == {early: SETOSA}
    assert newest(as_of=date(2026, 6, 10)) == {early: SETOSA, late: SETOSA}
    assert newest(as_of=date(2026, 5, 31)) == {early: SETOSA}
    assert newest(version=2) == {}
    assert list(season.determinations.latest("rosa")) == []


def test_many_plants_come_a_few_at_a_time_and_none_is_lost(season, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 4)
    plants = [*season.plants(7), *season.plants(6)]
    season.determinations.add([Slip(p, SETOSA, "Ada", "2026", 2) for p in plants], entered_by="Ada")
    season.determinations.add([Slip(p, VERSICOLOR, "Ada", "2026-07", 2) for p in plants[::2]], entered_by="Ada")
    found = list(season.determinations.latest("iris"))
    assert [d.recorded.id for d in found] == plants
    assert [d.determination.given for d in found[:3]] == [VERSICOLOR, SETOSA, VERSICOLOR]
    assert sum(len(slips) for slips in season.determinations.of_each(plants).values()) == 20


def test_tallies_count_what_the_newest_say_of_what_was_named(season):
    right = season.plants(2)
    stranger = season.plants(possible=())[0]
    other_day = season.plants(at=datetime(2026, 6, 2, 23, 59, tzinfo=UTC))[0]
    season.determinations.add([Slip(p, SETOSA, "Ada", "2026-07", 2) for p in (*right, other_day)], entered_by="Ada")
    season.say(stranger, GivenName(AnswerKind.NONE))
    found = {(t.day, t.species, t.fits, t.given): t.plants for t in season.determinations.tallies("iris")}
    assert found == {
        ("2026-06-01", 0, True, SETOSA): 2,
        ("2026-06-01", 0, False, GivenName(AnswerKind.NONE)): 1,
        ("2026-06-02", 0, True, SETOSA): 1,
    }


def test_the_certainties_of_names_that_were_checked_are_read_newest_first_and_bounded(season):
    plants = season.plants() + season.plants() + season.plants()
    for plant in plants:
        season.say(plant, SETOSA, level=2)
    season.say(plants[0], VERSICOLOR, level=2, at="2099-01-01")
    start, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    found = season.determinations.newest_certainties("iris", start, end, level=2, most=10)
    assert len(found) == 3
    assert found[-1].given == VERSICOLOR
    assert all(0.0 < one.certainty <= 1.0 for one in found)
    assert len(season.determinations.newest_certainties("iris", start, end, level=2, most=2)) == 2
    assert season.determinations.newest_certainties("iris", start, end, level=4, most=2) == ()


def test_coverage_is_determined_of_identified(season):
    assert season.determinations.coverage("iris") == Coverage(0, 0, 0)
    plants = season.plants(5)
    season.say(plants[0])
    season.say(plants[0], GivenName(AnswerKind.CF, "Iris setosa"), at="2026-08")
    season.say(plants[1], level=1)
    assert season.determinations.coverage("iris") == Coverage(5, 2, 1)
    assert season.determinations.coverage("iris", level=2) == Coverage(5, 1, 0)
    assert season.determinations.coverage("iris", until=JUNE) == Coverage(0, 0, 0)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(name=words, by=words, remark=words, verbatim=words, answer=st.sampled_from(AnswerKind), level=st.integers(0, 4))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_said_comes_back_to_the_letter(season, name, by, remark, verbatim, answer, level):
    (plant,) = season.plants()
    given_name = GivenName(answer, name)
    assert season.say(plant, given_name, by=by, level=level, remark=remark, verbatim=verbatim)
    (found,) = season.determinations.of(plant)
    assert (found.given, found.by, found.level, found.remark, found.verbatim) == (
        given_name,
        by,
        level,
        remark,
        verbatim,
    )
