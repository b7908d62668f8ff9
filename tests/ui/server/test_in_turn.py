"""Presses that follow each other quickly: handed on one by one."""

import asyncio

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.asynchronous import run_apart
from ui.server.in_turn import one_by_one


def press(*keys, pressed=True):
    message = BackMsg()
    for key in keys:
        message.rerun_script.widget_states.widgets.add(id=f"$$ID-0-{key}", trigger_value=pressed)
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def end(how):
    return {"type": "websocket.send", "bytes": ForwardMsg(script_finished=how).SerializeToString()}


def pressed_in(message):
    found = BackMsg.FromString(message["bytes"]).rerun_script.widget_states.widgets
    return [one.id for one in found]


async def wait_briefly(receiving):
    await asyncio.wait({receiving}, timeout=0.05)
    return receiving.done()


async def presses_in_turn(*messages):
    """For each message whether it comes through at once, and whether after the end of the run before it."""
    waiting, found = list(messages), []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        pass

    receive, send = one_by_one(receive, send)
    for _ in messages:
        receiving = asyncio.ensure_future(receive())
        at_once = await wait_briefly(receiving)
        await send({"type": "websocket.send", "bytes": b"x" * 1000})
        await send(end(ForwardMsg.FINISHED_EARLY_FOR_RERUN))
        cut_off = await wait_briefly(receiving)
        await send(end(ForwardMsg.FINISHED_SUCCESSFULLY)) if not at_once else None
        await receiving
        found.append((at_once, cut_off))
    return found


def test_each_press_waits_for_the_end_of_the_run_before_it():
    one, two = press("in-turn-inbox-1"), press("in-turn-inbox-2")
    assert run_apart(presses_in_turn(one, two, one)) == [(True, True), (False, False), (False, False)]


def test_other_messages_never_wait():
    other = {"type": "websocket.receive", "bytes": b"in-turn- but no message"}
    one, text = press("in-turn-inbox-1"), {"type": "websocket.receive", "text": "hello"}
    messages = (one, press("stop"), other, text, press("in-turn-inbox-1", pressed=False))
    assert run_apart(presses_in_turn(*messages)) == [(True, True)] * 5


def test_two_buttons_that_a_browser_tells_of_at_once_are_pressed_one_after_the_other():
    sent = [press("in-turn-inbox-2", "in-turn-inbox-1", "other"), press("stop")]

    async def receive():
        return sent.pop(0)

    async def send(message):
        pass

    async def two_presses():
        receive_one, send_one = one_by_one(receive, send)
        first = await receive_one()
        await send_one(end(ForwardMsg.FINISHED_SUCCESSFULLY))
        return [pressed_in(first), pressed_in(await receive_one()), pressed_in(await receive_one())]

    assert run_apart(two_presses()) == [
        ["$$ID-0-in-turn-inbox-2", "$$ID-0-other"],
        ["$$ID-0-in-turn-inbox-1", "$$ID-0-other"],
        ["$$ID-0-stop"],
    ]
