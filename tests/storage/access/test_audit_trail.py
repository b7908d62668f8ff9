"""The audit trail is only ever appended, on both databases."""

import pytest
from sqlalchemy import text

from flora_core.errors import DatabaseUnavailable
from flora_core.storage.access.audit_trail import AuditEntry, AuditTrail
from flora_core.storage.database import Database


@pytest.fixture
def database(database_url):
    opened = Database(database_url)
    opened.prepare()
    yield opened
    opened.close()


def entry(result="done"):
    return AuditEntry("https://login.example.org", "1", "Ada", "retire", "iris 3", result, "page", "192.0.2.7", "r1")


def test_what_was_noted_is_read_newest_first(database):
    trail = AuditTrail(database)
    trail.note(entry("refused"))
    trail.note(entry())
    assert [e.result for e in trail.entries()] == ["done", "refused"]
    assert trail.entries(most=1)[0].object == "iris 3"


def test_what_is_gathered_is_there_for_whoever_reads(database):
    trail = AuditTrail(database)
    for _ in range(50):
        trail.note(entry(), gathered=True)
    assert len(trail.entries()) == 50


@pytest.mark.parametrize("deed", ["UPDATE audit SET result = 'done'", "DELETE FROM audit"])
def test_no_row_is_ever_changed_or_deleted(database, deed):
    trail = AuditTrail(database)
    trail.note(entry("refused"))
    with pytest.raises(DatabaseUnavailable), database.write() as connection:
        connection.execute(text(deed))
    assert [e.result for e in trail.entries()] == ["refused"]
