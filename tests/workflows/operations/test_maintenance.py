import logging
from datetime import UTC, datetime, timedelta

import time_machine

from flora_core.workflows.operations.maintenance import sweep


def begin(house):
    return house.records.begin(
        study="iris", version=1, by="Ada", door="command", source="t.csv", source_sha256="ab", recipe="r"
    )


def test_what_was_left_behind_is_swept_up_and_what_is_worked_on_stays(house, caplog):
    caplog.set_level(logging.INFO, "flora")
    begin(house)
    old, held = house.batches.new(), house.batches.new()
    old.write_document({})
    old.let_go()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        fresh = begin(house)
        sweep(house)
        assert "swept up 1 unfinished recordings and 1 old results" in caplog.text
        fresh.finish()
    assert [r.source for r in house.records.of_source("iris", "ab")] == ["t.csv"]
    assert held.is_held()


def test_a_house_that_can_t_be_swept_is_said_and_goes_on(house, caplog):
    house.database.path.unlink()
    sweep(house)
    assert "not swept up: The database" in caplog.text


def test_an_empty_house_is_swept_in_silence(house, caplog):
    caplog.set_level(logging.INFO, "flora")
    sweep(house)
    assert caplog.text == ""
