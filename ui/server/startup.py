"""What the process holds for all visitors: the context, made once, off the first visitor's time."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import streamlit as st

from flora_core.access import service_principal
from flora_core.errors import FloraError, Unavailable
from flora_core.workflows.context import AppContext, open_context
from ui.server.garbage import set_aside
from ui.site.text import escape_markdown

_log: Final = logging.getLogger("flora")

#: Seconds after which an opening that failed is tried again.
_TRY_AGAIN: Final = 3.0


class Startup:
    """Opens the context in a background thread, and tells how far it is.

    A plain object and not `st.cache_resource`, because any visitor can clear Streamlit's caches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._context: AppContext | None = None
        self._error: FloraError | None = None
        self._failed_at = 0.0
        self._progress = (0, 1, "opening")

    def start(self) -> None:
        """Begin to open, unless that has begun; a failed opening is tried again after a while."""
        with self._lock:
            if self._context is not None or (self._thread is not None and self._thread.is_alive()):
                return
            if self._error is not None and time.monotonic() - self._failed_at < _TRY_AGAIN:
                return
            self._thread = threading.Thread(target=self._open, name="opening", daemon=True)
            self._thread.start()

    def context(self) -> AppContext:
        """The open context.

        Raises
        ------
        Unavailable, WrongSetting
            It is still opening, or why it can't be opened.
        """
        if self._context is not None:
            return self._context
        self.start()
        if self._error is not None and not self.opening():
            raise self._error
        raise Unavailable(f"The program is starting: {self.doing()}. Try again in a few seconds.")

    def wait(self, seconds: float) -> AppContext:
        """The open context, waiting for it up to so many seconds; raises as `context` does."""
        if self._context is None:
            self.start()
            self.pause(seconds)
        return self.context()

    def doing(self) -> str:
        """What is being done while the context opens; "" once it is open."""
        return "" if self._context is not None else self._progress[2]

    def progress(self) -> tuple[float, str]:
        """How far the opening is, from 0 to 1, and what is being done."""
        done, total, doing = self._progress
        return min(1.0, done / total), doing

    def opening(self) -> bool:
        """Whether it is being opened just now."""
        return self._thread is not None and self._thread.is_alive()

    def pause(self, seconds: float) -> None:
        """Wait so long, or less where the opening ends."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def close(self) -> None:
        """Close the context, if it is open."""
        with self._lock:
            if self._context is not None:
                self._context.close()
            self._context, self._thread, self._error = None, None, None

    def _open(self) -> None:
        try:
            # What the server does by itself; each visitor gets the context of their own.
            context = open_context().acting_as(service_principal("server"))
            from flora_core.workflows.models.lifecycle import ensure_champion

            ensure_champion(context, self._told)
            _warm(context)
        except FloraError as error:
            _log.error("the context can't be opened: %s", error.message)
            self._error, self._failed_at = error, time.monotonic()
            return
        except Exception as error:  # noqa: BLE001  whoever asks is told, and it is tried again
            _log.exception("the context can't be opened")
            words = f"The program can't start ({type(error).__name__}); the server's log says why. It is tried again."
            self._error, self._failed_at = Unavailable(words), time.monotonic()
            return
        self._error, self._context = None, context
        set_aside()

    def _told(self, done: int, total: int, doing: str) -> None:
        self._progress = (done, total, f"training the first model, {doing}")


STARTUP: Final = Startup()
"""The one context of this process; the API's front door asks it too."""


def _warm(context: AppContext) -> None:
    """Do once what the first visitor would wait for: load the champions, and draw a first flower."""
    from ui.server.warmup import preload_models

    preload_models(context)


def on_script_error(error: Exception) -> bool:
    """What a visitor sees where a page made a mistake: a sentence, never a traceback; True: it is shown."""
    if isinstance(error, FloraError):
        st.error(escape_markdown(error.message), icon=":material/error:")
    else:
        _log.error("a page failed", exc_info=error)
        st.error(
            "Something went wrong on our side; the details are in the server log. Nothing was lost.",
            icon=":material/error:",
        )
    return True
