"""The log: one line an event, with its request, and nothing in it that pretends to be another event."""

import contextvars
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.logs import begin_request, request_id, set_up_log


@pytest.fixture
def log(capsys):
    ours = logging.getLogger("flora")
    before = ours.handlers[:], ours.level, ours.propagate

    def write(form, message, *arguments, **options):
        set_up_log(form)
        logging.getLogger("flora.test").warning(message, *arguments, **options)
        return capsys.readouterr().err.rstrip("\n")

    yield write
    ours.handlers[:], ours.level, ours.propagate = before


def in_a_request(work):
    return contextvars.copy_context().run(work)


def test_a_line_of_text_carries_its_facts_and_its_request(log):
    def work():
        begin_request("abc-1")
        return log("text", "done", extra={"facts": {"status": 200}})

    assert in_a_request(work).endswith("WARNING flora.test done status=200 request=abc-1")


def test_a_line_of_json_is_one_document(log):
    def work():
        begin_request("abc-1")
        return log("json", "it is %s", "done", extra={"facts": {"status": 200}})

    document = json.loads(in_a_request(work))
    assert document.pop("at").endswith("Z")
    assert document == {
        "level": "WARNING",
        "logger": "flora.test",
        "message": "it is done",
        "status": 200,
        "request": "abc-1",
    }


def test_an_error_keeps_its_traceback(log):
    with pytest.raises(ValueError, match="broken") as caught:
        int("broken")
    error = caught.value
    assert "ValueError: invalid literal" in json.loads(log("json", "a page failed", exc_info=error))["error"]
    assert "ValueError: invalid literal" in log("text", "a page failed", exc_info=error)


def test_a_line_break_begins_no_line_that_looks_like_another_event(log):
    assert "\n" not in log("text", "name\n2026-01-01T00:00:00Z INFO flora promoted")
    assert "\n" not in log("json", "name\n2026-01-01T00:00:00Z INFO flora promoted")


@given(st.text(max_size=80))
def test_what_a_sender_calls_its_request_is_taken_only_where_it_is_harmless(given_name):
    def work():
        identifier = begin_request(given_name)
        assert request_id() == identifier
        assert identifier.isascii()
        assert 0 < len(identifier) <= 64
        assert not set(identifier) & set(" \n\r\"'=<>")
        return identifier

    assert in_a_request(work) == given_name or len(in_a_request(work)) == 12


def test_outside_of_a_request_there_is_no_identifier():
    assert in_a_request(request_id) == ""
