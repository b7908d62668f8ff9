"""Presses that count one by one, however quickly they follow each other.

While a page runs, Streamlit makes one run of all presses that come: five presses of one key in half a second would be one.
A press of a button whose key begins with `in-turn-` waits until the run of the press before it is at its end. A browser tells
of two buttons that are pressed within a few milliseconds at once; they are taken one after the other, too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Final

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.types import Message, Receive, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_KEY: Final = "in-turn-"
#: A message that tells of the end of a run is short.
_LONGEST_END: Final = 400
#: A run that takes longer is not waited for.
_SECONDS: Final = 10.0
_ENDS: Final = frozenset(
    {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR}  # one that was cut off is run again
)


def one_by_one(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Receive and send of a page's websocket, with presses that count one by one handed on one by one."""
    free, rest = asyncio.Event(), deque[Message]()
    free.set()

    async def received() -> Message:
        message = rest.popleft() if rest else await receive()
        presses = _presses(message.get("bytes")) if message["type"] == "websocket.receive" else ()
        if presses:
            rest.extendleft({**message, "bytes": press} for press in presses[:0:-1])
            with suppress(TimeoutError):
                await asyncio.wait_for(free.wait(), _SECONDS)
            free.clear()
        return {**message, "bytes": presses[0]} if len(presses) > 1 else message

    async def sent(message: Message) -> None:
        await send(message)
        if not free.is_set() and _is_end(message.get("bytes")):
            free.set()

    return received, sent


def _presses(content: bytes | None) -> list[bytes]:
    """The message for each of the presses in it; none where it holds none."""
    if not content or _KEY.encode() not in content:
        return []
    message = BackMsg()
    try:
        message.ParseFromString(content)
    except DecodeError:
        return []
    pressed = [one.id for one in message.rerun_script.widget_states.widgets if _KEY in one.id and one.trigger_value]
    if len(pressed) < 2:
        return [content for _ in pressed]
    return [_with_only(message, [other for other in pressed if other != one]) for one in pressed]


def _with_only(message: Any, others: list[str]) -> bytes:
    """The message without these other presses."""
    alone = BackMsg()
    alone.CopyFrom(message)
    states = alone.rerun_script.widget_states.widgets
    for place in [i for i, state in enumerate(states) if state.id in others][::-1]:
        del states[place]
    return bytes(alone.SerializeToString())


def _is_end(content: bytes | None) -> bool:
    if not content or len(content) > _LONGEST_END:
        return False
    message = ForwardMsg()
    try:
        message.ParseFromString(content)
    except DecodeError:
        return False
    return message.WhichOneof("type") == "script_finished" and message.script_finished in _ENDS
