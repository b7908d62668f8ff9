"""All records into another database: every row the same, the counting goes on, and nothing half."""

import pytest
from sqlalchemy import text

from flora_core.errors import DatabaseUnavailable, Refused
from flora_core.storage import transfer
from flora_core.storage.database import Database
from flora_core.storage.transfer import copy_database
from flora_core.workflows.context import open_context
from flora_core.workflows.determine import determine
from tests.builders import FLOWERS, run_table, table_text

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
def full(context):
    """A context with recordings, identifications, a determination, profiles, a version and its events."""
    rows = [[f"{k}", *FLOWERS[k % 4][1:]] for k in range(6000)]
    run_table(context, table_text(rows), record=True)
    determine(context, "iris", "17", "I. versicolor", by="Ada")
    return context


def test_everything_arrives_goes_on_and_comes_back(full, postgres, tmp_path):
    address = postgres.new_database()
    target = Database(address)
    moved = copy_database(full.database, target)
    assert (moved.rows["identifications"], moved.rows["determinations"]) == (6000, 1)
    there = open_context(full.settings.model_copy(update={"database_url": address}))
    there = there.acting_as(full.principal)
    assert there.records.newest("iris", 50) == full.records.newest("iris", 50)
    # New rows are numbered behind those that came.
    assert there.registry.register(full.champion("iris"), "a test").card.version == 2
    back = Database(f"sqlite:///{tmp_path}/back.db")
    assert copy_database(there.database, back).rows["versions"] == moved.rows["versions"] + 1
    with pytest.raises(Refused, match="not empty"):
        copy_database(full.database, target)
    for one in (there, target, back):
        one.close()


def test_a_database_to_itself_or_of_another_age_is_refused(context):
    with pytest.raises(Refused, match="same database"):
        copy_database(context.database, context.database)
    with context.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseUnavailable, match="not of this version"):
        copy_database(context.database, Database("sqlite://"))


def test_what_does_not_arrive_whole_is_not_kept(full, postgres, monkeypatch):
    target = Database(postgres.new_database())
    sums = iter([(1, "a"), (1, "b")])
    monkeypatch.setattr(transfer, "_sum", lambda connection, table: next(sums))
    with pytest.raises(DatabaseUnavailable, match="did not arrive as it was sent"):
        copy_database(full.database, target)
    with target.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM studies")).scalar() == 0
    target.close()
