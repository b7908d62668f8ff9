"""The pages that are open, whose each is, and what the files given to them take of the memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.types import Message, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime

from flora_core.access import Principal

#: Sessions whose owner is remembered, also when their page lost its connection.
_REMEMBERED: Final = 10_000
#: Files made for one page that it may fetch; an answer that names one has at most so many bytes.
_FILES_KEPT: Final = 50
_LONGEST_ANSWER: Final = 4_096


@dataclass(eq=False)
class OpenPage:
    """One open websocket, and the session of Streamlit's behind it as soon as that is known."""

    principal: Principal
    asker: str
    claims: Mapping[str, Any]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    session: str = ""
    #: Files made for this page because somebody pressed their button, newest last.
    files: list[str] = field(default_factory=list)


class OpenPages:
    """All of them; and uploads that are on their way, so that many at a time can't take more than one after the other."""

    def __init__(self) -> None:
        self._pages: set[OpenPage] = set()
        self._whose: dict[str, str] = {}
        self._coming: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[OpenPage]:
        return iter(tuple(self._pages))

    def add(self, page: OpenPage, claimed: str = "") -> bool:
        """A page was opened, by a browser that may claim a session of before; False where that is not this one's."""
        if claimed in self._whose:
            if self._whose[claimed] != page.asker:
                return False
            page.session = claimed
        self._pages.add(page)
        return True

    def noting_session(self, page: OpenPage, send: Send) -> Send:
        """`send`, which learns the page's session from what the server itself tells the browser."""
        noted = False

        async def sending(message: Message) -> None:
            nonlocal noted
            if file := _file_made(message.get("bytes")):
                page.files = [*page.files[1 - _FILES_KEPT :], file]
            if not noted and message["type"] == "websocket.send" and (session := _session_in(message.get("bytes"))):
                noted, page.session = True, session
                self._whose[session] = page.asker
                while len(self._whose) > _REMEMBERED:
                    self._whose.pop(next(iter(self._whose)))
            await send(message)

        return sending

    def discard(self, page: OpenPage) -> None:
        """A page was closed."""
        self._pages.discard(page)

    def count(self, asker: str) -> int:
        """How many pages this one has open."""
        return sum(page.asker == asker for page in self._pages)

    def has_session(self, asker: str, session: str) -> bool:
        """Whether that session is one of this one's pages."""
        return any(page.session == session and page.asker == asker for page in self._pages if session)

    def has_file(self, asker: str, file: str) -> bool:
        """Whether a page of this one was given that file to show or to download."""
        if not Runtime.exists():
            return False
        # Streamlit has no public way to ask which session a file belongs to; a test holds this to the version that is pinned.
        files = Runtime.instance().media_file_mgr._files_by_session_and_coord
        return any(
            page.asker == asker and (file in page.files or file in files.get(page.session, {}).values())
            for page in self._pages
            if page.session
        )

    @contextmanager
    def coming(self, asker: str, count: int) -> Iterator[None]:
        """So many bytes are on their way."""
        self._coming[asker] += count
        try:
            yield
        finally:
            self._coming[asker] -= count
            if self._coming[asker] <= 0:
                del self._coming[asker]

    def held_bytes(self, asker: str | None = None) -> int:
        """What files given to pages, or on their way to them, take of the memory just now: of all, or of this one."""
        on_their_way = self._coming.total() if asker is None else self._coming[asker]
        if not Runtime.exists():
            return on_their_way
        storage = getattr(Runtime.instance().uploaded_file_mgr, "file_storage", {})
        sessions = None if asker is None else {page.session for page in self._pages if page.asker == asker}
        return on_their_way + sum(
            len(record.data)
            for session, files in list(storage.items())
            if sessions is None or session in sessions
            for record in list(files.values())
        )


def _file_made(content: bytes | None) -> str:
    """The file that an answer to the press of a download button names; "" for every other message."""
    if not content or len(content) > _LONGEST_ANSWER or b"/media/" not in content:
        return ""
    message = ForwardMsg()
    try:
        message.ParseFromString(content)
    except DecodeError:
        return ""
    if message.WhichOneof("type") != "backend_operation_response":
        return ""
    url = str(message.backend_operation_response.deferred_file.url)
    return url.rpartition("/")[2].partition("?")[0].partition(".")[0]


def _session_in(content: bytes | None) -> str:
    if not content:
        return ""
    message = ForwardMsg()
    try:
        message.ParseFromString(content)
    except DecodeError:
        return ""
    return str(message.new_session.initialize.session_id) if message.WhichOneof("type") == "new_session" else ""
