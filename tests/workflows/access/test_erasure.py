"""A name that is to be forgotten is nowhere any more, and what was said of plants is as it was."""

import pytest
from sqlalchemy import select, text

from flora_core.access import Principal, Role
from flora_core.errors import DatabaseUnavailable, NotAllowed, Refused, Unknown
from flora_core.storage.access.erasure import columns_of_names
from flora_core.storage.schema import METADATA, determinations, identifications
from flora_core.workflows.access.erasure import erase_person
from flora_core.workflows.determine import determine
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import retire
from tests.builders import typed_flower

ISSUER = "https://login.example.org"
NAME = "Ada Grünewald"


@pytest.fixture
def signed(either):
    """An installation in which she did much, and others too."""
    person = either.people.grant(ISSUER, "248289761001", Role.MAINTAINER, "Mary Gray", NAME)
    ada = either.acting_as(Principal("248289761001", ISSUER, NAME, frozenset({Role.MAINTAINER})), "page")
    found = identify(ada, "iris", typed_flower())
    plant = record(ada, [found], by="", door="page", collector=f"Mary Gray & {NAME}")[0].id
    record(either, [found], by="Mary Gray", door="page", collector="Ada Grünewaldsen")
    determine(ada, "iris", plant, "setosa", by=NAME, level="3")
    determine(either, "iris", plant, "versicolor", by=NAME.upper(), entered_by="Mary Gray")
    with pytest.raises(Unknown):
        retire(ada, "iris", 99, by="", why="a test")
    return either, person, plant


def everything(context):
    """Every cell of the database."""
    with context.database.read() as connection:
        return [
            str(cell)
            for table in METADATA.sorted_tables
            for row in connection.execute(select(table)).all()
            for cell in row
        ]


def said_of_plants(context):
    with context.database.read() as connection:
        return (
            connection.execute(select(identifications).order_by(identifications.c.recording)).all(),
            connection.execute(
                select(
                    determinations.c.id, determinations.c.name, determinations.c.at, determinations.c.level
                ).order_by(determinations.c.id)
            ).all(),
        )


def test_the_name_is_nowhere_and_what_was_said_of_plants_stays(signed):
    context, person, plant = signed
    context.audit.flush()
    before = said_of_plants(context)
    done = erase_person(context, person=person.id)
    assert said_of_plants(context) == before
    cells = everything(context)
    assert not [cell for cell in cells if NAME.casefold() in cell.casefold() and "sen" not in cell]
    assert not [cell for cell in cells if "248289761001" in cell]
    # Others keep their names, also those that begin alike and those that stood beside it.
    assert "Ada Grünewaldsen" in cells
    assert f"Mary Gray & {done.pseudonym}" in cells
    slips = context.determinations.of(plant)
    assert [slip.by for slip in slips] == [done.pseudonym, done.pseudonym]
    assert len({slip.number for slip in slips}) == 2
    assert done.changed["determinations"] >= 2
    erased = context.people.get(person.id)
    assert (erased.name, erased.subject, erased.roles) == (done.pseudonym, done.pseudonym, frozenset())


def test_the_same_can_be_said_again_and_nothing_else_can_be_changed(signed):
    context, _, plant = signed
    erase_person(context, name=NAME)
    assert determine(context, "iris", plant, "setosa", by="Mary Gray").added
    for deed in (
        'UPDATE determinations SET "by" = 1',
        "UPDATE identifications SET used = 1",
        "UPDATE audit SET name = 1",
    ):
        with pytest.raises(DatabaseUnavailable), context.database.write() as connection:
            connection.execute(text(deed))


def test_a_file_of_sqlite_holds_the_name_no_more(context):
    found = identify(context, "iris", typed_flower())
    record(context, [found], by="Zacharias Quillfeather", door="page", collector="Zacharias Quillfeather")
    files = [context.database.path, context.database.path.with_name(context.database.path.name + "-wal")]

    def held():
        return any(b"Quillfeather" in file.read_bytes() for file in files if file.exists())

    assert held()
    erase_person(context, name="Zacharias Quillfeather")
    assert not held()


def test_the_trail_tells_of_it_without_the_name(context):
    maintainer = context.acting_as(Principal("1", "program", "Robot", frozenset({Role.MAINTAINER}), 1))
    with pytest.raises(NotAllowed):
        erase_person(maintainer, name="Carl Linnaeus")
    erase_person(context, name="Carl Linnaeus")
    entries = [entry for entry in context.audit.entries() if entry.use_case == "erase the name of a person"]
    assert [entry.result for entry in entries] == ["done", "refused"]
    assert not any("Linnaeus" in entry.object for entry in entries)


@pytest.mark.parametrize("name", ["", " ", "A."])
def test_a_name_must_be_one(context, name):
    with pytest.raises(Refused, match="Whose name"):
        erase_person(context, name=name)


def test_every_column_of_names_is_known():
    known = {f"{column.table.name}.{column.name}" for column in columns_of_names()}
    assert {
        "recordings.by",
        "recordings.collector",
        "identifications.own_collector",
        "determinations.entered_by",
    } <= known
    assert {"people.name", "audit.name", "events.by", "studies.created_by", "role_grants.granted_by"} <= known
