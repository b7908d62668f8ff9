"""Work on a file that a stranger sent, done in a child process with limits: whatever it does there, this process goes on.

A parser is made for the files that programs write, and a file can be made for the parser: a few hundred bytes that ask for half
a terabyte, or for a week. In the child the operating system sets the limits (address space, processor time, no files, no core
dump), and here what it may answer is counted. The child is handed the content and some plain arguments, has none of the
settings or secrets of this process, and answers with blocks of bytes, which are data and never objects.

References
----------
setrlimit(2), RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE and RLIMIT_CORE; proc(5), oom_score_adj.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from flora_core import errors
from flora_core.errors import FloraError, Refused, Unavailable

_log = logging.getLogger(__name__)

#: Children that may be at work at one time; each may use its whole limit of memory.
MAX_AT_ONCE: Final = 4
#: Seconds that a file waits for one of them to end.
MAX_WAIT_SECONDS: Final = 60.0
_ROOM: Final = threading.BoundedSemaphore(MAX_AT_ONCE)
_HEAD: Final = struct.Struct(">cQ")
_COPY: Final = 1 << 20
_OUT_OF_TIME: Final = getattr(signal, "SIGXCPU", 24)
#: What a child is told of this process's surroundings: nothing that could be a secret.
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL", "TZ")
_BOOTSTRAP: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from flora_core.limited_process import _child; _child()"
)

Cause = Literal["memory", "time", "output", "crash"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use.

    Attributes
    ----------
    memory : int
        Bytes of address space above what the child has when it begins to work.
    seconds : int
        Seconds of processor time; and of waiting for its answer, four times as many.
    output : int
        Bytes of all its answers together.
    block : int
        Bytes of one block of its answer.
    """

    memory: int = 2_000_000_000
    seconds: int = 120
    output: int = 2_000_000_000
    block: int = 64_000_000


class LimitReached(Refused):
    """The child reached a limit or broke down.

    Attributes
    ----------
    cause : {"memory", "time", "output", "crash"}
    """

    def __init__(self, cause: Cause) -> None:
        super().__init__(
            {
                "memory": "The file needs more memory than a file may.",
                "time": "The file takes longer to read than a file may.",
                "output": "The file holds more than a file may.",
                "crash": "The file breaks the program that reads it.",
            }[cause]
        )
        self.cause = cause


def run_limited(
    task: str, content: BinaryIO, arguments: Mapping[str, Any], limits: Limits = Limits()
) -> Iterator[bytes]:
    """What `task` makes of a file in a child process, a block at a time.

    The child is started when the first block is asked for, and is gone when the iterator is used up or closed.

    Parameters
    ----------
    task : str
        "package.module:function"; the function takes a binary file and `arguments`, and gives an iterator of bytes.
    content : binary file
        Read from its beginning to its end before the first block comes.
    arguments : mapping
        What JSON can hold.

    Raises
    ------
    LimitReached
        The child reached a limit, or broke down.
    FloraError
        What the task raised, with the same words.
    Unavailable
        No child could be started, or too many files are being read.
    """
    # Told through the pipe: a sheet's name or a header may be longer than an argument of a process.
    order = json.dumps({"task": task, "arguments": arguments, "memory": limits.memory, "seconds": limits.seconds})
    if not _ROOM.acquire(timeout=MAX_WAIT_SECONDS):
        raise Unavailable("Too many files are being read just now. Try again in a minute.")
    try:
        child = _start()
        try:
            yield from _answers(child, order, content, limits)
        finally:
            _end(child)
    finally:
        _ROOM.release()


def _start() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[1])
    path = json.dumps([root, *(entry for entry in sys.path if entry)])
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # A library that starts a thread for each core reserves address space for each.
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    try:
        return subprocess.Popen(  # noqa: S603  our own interpreter with our own words
            [sys.executable, "-I", "-c", _BOOTSTRAP, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(
            f"The file can't be read: no process could be started for it ({error.strerror}). Try again later; free memory or "
            "raise the limit of processes on the server."
        ) from error


def _answers(child: subprocess.Popen[bytes], order: str, content: BinaryIO, limits: Limits) -> Iterator[bytes]:
    assert child.stdin is not None  # noqa: S101  both are pipes, as was asked for
    assert child.stdout is not None  # noqa: S101
    patience = _Patience(child, 4.0 * limits.seconds)
    with patience, contextlib.suppress(BrokenPipeError):
        content.seek(0)
        child.stdin.write(order.encode() + b"\n")
        while block := content.read(_COPY):
            child.stdin.write(block)
        child.stdin.close()
    left = limits.output
    while True:
        with patience:
            kind, size = _head(child.stdout)
            fits = kind in (b"B", b"E") and size <= min(left, limits.block)
            block = child.stdout.read(size) if fits else b""
        if kind == b"." and not size:
            return
        if kind not in (b"B", b"E"):
            raise _broken_down(child, patience)
        if size > min(left, limits.block):
            raise LimitReached("output")
        if len(block) < size:
            raise _broken_down(child, patience)
        if kind == b"E":
            raise _raised(block)
        left -= size
        yield block


def _head(stream: Any) -> tuple[bytes, int]:
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return b"", 0
    kind, size = _HEAD.unpack(head)
    return kind, size


def _raised(block: bytes) -> FloraError:
    """What the task raised, from its name and its words."""
    document = json.loads(block)
    name, message = str(document.get("error")), str(document.get("detail"))[:4000]
    if name in ("memory", "crash"):
        _log.warning("a file broke the program that reads it: %s", message)
        return LimitReached("memory" if name == "memory" else "crash")
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, FloraError)) or kind is errors.BadValues:
        return Refused(message)
    return kind(message)


def _broken_down(child: subprocess.Popen[bytes], patience: _Patience) -> FloraError:
    child.kill()
    code = child.wait()
    if patience.is_over or code == -_OUT_OF_TIME:
        return LimitReached("time")
    _log.warning("a process that read a file ended with %s", code)
    # Libraries that are refused memory abort (SIGABRT) or fault (SIGSEGV); a system that is short of it kills (SIGKILL).
    return LimitReached("memory" if code in (-6, -9, -11) else "crash")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    child.wait()


class _Patience:
    """Kills a child that lets itself be waited for too long; counts only while somebody waits."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        self._child, self._left = child, seconds
        self._timer: threading.Timer | None = None
        self._began = 0.0

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    def __enter__(self) -> None:
        self._began = time.monotonic()
        self._timer = threading.Timer(max(0.0, self._left), self._child.kill)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._left -= time.monotonic() - self._began


# What follows runs in the child.


def _child() -> None:
    """Do one task within its limits, and answer on the standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints does not get among the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        order: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
        module, _, name = order["task"].partition(":")
        task: Callable[[BinaryIO, Mapping[str, Any]], Iterator[bytes]] = getattr(importlib.import_module(module), name)
        content = io.BytesIO(sys.stdin.buffer.read())
        _set_limits(order["memory"], order["seconds"])
        for block in task(content, order["arguments"]):
            _send(answers, b"B", block)
        _send(answers, b".", b"")
    except FloraError as error:
        _send(answers, b"E", json.dumps({"error": type(error).__name__, "detail": error.message}).encode())
    except (MemoryError, RecursionError):
        _send(answers, b"E", json.dumps({"error": "memory", "detail": "the limit of memory"}).encode())
    except BrokenPipeError:
        pass
    except BaseException as error:  # noqa: BLE001  the parser's own panics come as such; the parent says what is known
        detail = f"{type(error).__name__}: {str(error)[:500]}"
        _send(answers, b"E", json.dumps({"error": "crash", "detail": detail}).encode())
    # Nothing is tidied up: that could take as long as the work.
    os._exit(0)


def _send(answers: BinaryIO, kind: bytes, block: bytes) -> None:
    answers.write(_HEAD.pack(kind, len(block)))
    answers.write(block)
    answers.flush()


def _set_limits(memory: int, seconds: int) -> None:
    """Have the system stop this process beyond them; where a system has none, the parent's patience and count remain."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        # Where the system runs out of memory, this process goes first.
        Path("/proc/self/oom_score_adj").write_text("1000")
    used = 0
    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    wanted = (
        (resource.RLIMIT_AS, used + memory),
        (resource.RLIMIT_CPU, seconds + 1 + int(spent.ru_utime + spent.ru_stime)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )
    for which, limit in wanted:
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(which)[1]
            least = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            # Beyond the hard limit of time the system kills without saying why; the soft one comes first.
            last = least + 5 if which == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else least
            resource.setrlimit(which, (least, last))
