"""A run of a page reads the studies once, whatever stands on it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event

from flora_core.errors import NoChampion
from tests.builders import labelled_table, make_named_study
from ui.site.study_picker import listed_studies, studies_read_once


def queries(context, work):
    """The SQL that some work sends to the database."""
    found = []

    def note(connection, cursor, statement, *rest):
        found.append(statement)

    engine = context.database._open()
    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return found


def test_inside_a_run_the_studies_are_read_once(context):
    def run():
        with studies_read_once(context):
            for _ in range(3):
                listed_studies(context)

    assert len([one for one in queries(context, run) if one.startswith("SELECT")]) == 1


def test_a_study_made_after_a_run_is_seen_by_the_next(context):
    with studies_read_once(context):
        make_named_study(context, "wheat", labelled_table({"Kama": 12, "Rosa": 12}), champion=False)
        assert list(listed_studies(context)) == ["iris"]
    assert list(listed_studies(context)) == ["iris", "wheat"]
    assert listed_studies(context)["wheat"].champion is None
    with pytest.raises(NoChampion):
        context.champion("wheat")


def test_a_run_in_another_thread_reads_for_itself(context):
    seen = []
    with studies_read_once(context):
        make_named_study(context, "wheat", labelled_table({"Kama": 12, "Rosa": 12}), champion=False)
        other = threading.Thread(target=lambda: seen.extend(listed_studies(context)))
        other.start()
        other.join()
    assert seen == ["iris", "wheat"]


def test_what_is_listed_is_what_the_registry_and_the_study_say(context):
    make_named_study(context, "wheat", labelled_table({"Kama": 12, "Rosa": 12}))
    for name, study in listed_studies(context).items():
        assert study.title == context.studies.get(name).title
        assert study.champion == context.registry.champion_version(name)
        assert study.simulated is context.studies.is_simulated(name)
