"""The child process that opens what strangers send: what it may not do, and what is said then."""

import io
import os
import sys
import time

import pytest

from flora_core.errors import BadTable, Refused
from flora_core.limited_process import LimitReached, Limits, run_limited

HERE = "tests.test_limited_process"
SMALL = Limits(memory=300_000_000, seconds=2, output=1_000_000, block=900_000)


def ask(task: str, content: bytes = b"abc", limits: Limits = SMALL, **arguments: object) -> list[bytes]:
    return list(run_limited(f"{HERE}:{task}", io.BytesIO(content), arguments, limits))


def echo(content, arguments):
    yield content.read() + str(arguments["more"]).encode()
    yield b""


def refuse(content, arguments):
    yield b"first"
    raise BadTable("It is no table.")


def fill(content, arguments):
    kept = [bytearray(10_000_000) for _ in range(1000)]
    yield str(len(kept)).encode()


def allocate_at_once(content, arguments):
    import ctypes

    got = ctypes.CDLL(None).malloc(ctypes.c_size_t(1 << 39))
    yield str(got).encode()


def run_on(content, arguments):
    while True:
        pass
    yield b""


def wait(content, arguments):
    time.sleep(60)
    yield b""


def abort(content, arguments):
    os.abort()
    yield b""


def leave(content, arguments):
    os._exit(0)
    yield b""


def fail(content, arguments):
    yield b"x"
    raise RuntimeError("no")


def pour(content, arguments):
    for _ in range(1000):
        yield b"x" * 50_000


def pour_one(content, arguments):
    yield b"x" * 200_000


def write_a_file(content, arguments):
    with open(arguments["path"], "wb") as file:
        file.write(b"x" * 100)
    yield b"written"


def surroundings(content, arguments):
    yield "\n".join(sorted(os.environ)).encode()


def chat(content, arguments):
    sys.stdout.write("a library that talks")
    sys.stdout.flush()
    os.write(1, b"another")
    yield b"answer"


def test_the_task_is_given_the_content_and_its_arguments_and_answers_in_blocks():
    assert ask("echo", more="é") == ["abcé".encode(), b""]


def test_arguments_may_be_longer_than_a_process_may_be_given_on_its_line():
    assert ask("echo", more="é" * 400_000) == [("abc" + "é" * 400_000).encode(), b""]


def test_what_the_task_refuses_is_refused_here_in_the_same_words():
    blocks = run_limited(f"{HERE}:refuse", io.BytesIO(), {}, SMALL)
    assert next(blocks) == b"first"
    with pytest.raises(BadTable, match=r"^It is no table\.$"):
        next(blocks)


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        ("fill", "memory"),
        ("abort", "memory"),
        ("run_on", "time"),
        ("wait", "time"),
        ("pour", "output"),
        ("pour_one", "output"),
        ("leave", "crash"),
        ("fail", "crash"),
        ("there_is_no_such_task", "crash"),
    ],
)
def test_a_limit_or_a_breakdown_is_said_with_its_cause(task, cause):
    limits = Limits(memory=300_000_000, seconds=1, output=1_000_000, block=100_000)
    with pytest.raises(LimitReached) as reached:
        ask(task, limits=limits)
    assert reached.value.cause == cause
    assert isinstance(reached.value, Refused)


def test_memory_is_refused_to_the_child_and_not_taken_from_the_system():
    assert ask("allocate_at_once") in ([b"0"], [b"None"])


def test_the_child_writes_no_file_and_knows_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", "postgresql://ada:secret@db/flora")
    with pytest.raises(LimitReached):
        ask("write_a_file", path=str(tmp_path / "x"))
    names = ask("surroundings")[0].decode()
    assert "FLORA" not in names
    assert "HOME" not in names


def test_what_a_library_prints_does_not_get_among_the_answers():
    assert ask("chat") == [b"answer"]


def test_a_consumer_may_take_its_time():
    got = []
    for block in run_limited(f"{HERE}:slow_reader", io.BytesIO(), {}, Limits(seconds=1, output=10**9, block=10**7)):
        got.append(len(block))
        time.sleep(1.2)
    assert got == [1_000_000] * 5


def slow_reader(content, arguments):
    for _ in range(5):
        yield b"x" * 1_000_000
