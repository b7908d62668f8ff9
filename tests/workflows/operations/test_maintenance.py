import logging
from datetime import UTC, datetime, timedelta

import time_machine

from flora_core.workflows.operations.maintenance import sweep


def begin(context):
    return context.records.begin(
        study="iris", version=1, by="Ada", door="command", source="t.csv", source_sha256="ab", recipe="r"
    )


def test_what_was_left_behind_is_swept_up_and_what_is_worked_on_stays(context, caplog):
    caplog.set_level(logging.INFO, "flora")
    begin(context)
    old, held = context.batches.new(), context.batches.new()
    old.write_document({})
    old.release()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        fresh = begin(context)
        sweep(context)
        assert "swept up 1 unfinished recordings and 1 old results" in caplog.text
        fresh.finish()
    assert [r.source for r in context.records.find_by_checksum("iris", "ab")] == ["t.csv"]
    assert held.is_locked()


def test_an_installation_that_can_t_be_swept_is_said_and_goes_on(context, caplog):
    context.database.path.unlink()
    sweep(context)
    assert "not swept up: The database" in caplog.text


def test_an_empty_installation_is_swept_in_silence(context, caplog):
    caplog.set_level(logging.INFO, "flora")
    sweep(context)
    assert caplog.text == ""
