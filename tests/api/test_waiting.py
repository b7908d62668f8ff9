"""A database that does not answer: whoever asks is told within seconds, and the server goes on telling that it is well."""

import asyncio
import http.client
import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

import pytest

from flora_core.api.lanes import Lane
from flora_core.errors import DatabaseUnavailable, Unavailable
from flora_core.storage.database import CONNECTIONS, Database
from flora_core.storage.patience import REQUEST_SECONDS, Patience, waiting
from tests.asynchronous import run_apart
from tests.conftest import missing
from tests.servers import PostgresServer, WebServer, postgres_server

FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
#: Far more than anybody is promised, far less than for ever: a busy machine is slow.
PATIENT = 60.0


def ask(server, method, path, body=None):
    """Status, document and seconds."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENT)
    with closing(connection):
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), time.monotonic() - began


@pytest.mark.slow
def test_sixty_writers_before_a_locked_database_are_answered_and_stop_nobody(tmp_path):
    with WebServer(tmp_path) as server:
        server.wait_for("/readyz", 200)
        record = {"rows": [FLOWER], "record": True, "by": "Ada"}
        assert ask(server, "POST", "/api/v1/identify", record)[0] == 200
        holder = sqlite3.connect(tmp_path / "flora.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(60) as threads:
            writers = [threads.submit(ask, server, "POST", "/api/v1/identify", record) for _ in range(60)]
            health, names = 0, 0
            while not any(writer.done() for writer in writers):
                # None of these waits for any of those.
                assert ask(server, "GET", "/healthz")[0] == 200
                health += 1
                assert ask(server, "POST", "/api/v1/identify", {"rows": [FLOWER]})[0] == 200
                names += 1
            answers = [writer.result() for writer in writers]
        holder.execute("ROLLBACK")
        holder.close()
        assert health > 2
        assert names > 2
        assert {status for status, _, _ in answers} == {503}
        assert all("Try again" in document["detail"] for _, document, _ in answers)
        assert max(seconds for *_, seconds in answers) < 3 * REQUEST_SECONDS
        assert ask(server, "POST", "/api/v1/identify", record)[0] == 200


@pytest.fixture
def own_postgres():
    server = postgres_server()
    if server is None:
        missing("PostgreSQL", "apt-get install postgresql")
    with server:
        yield server


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_frozen_postgresql_is_said_while_the_server_is_well(tmp_path, own_postgres: PostgresServer):
    with WebServer(tmp_path, settings={"FLORA_DATABASE_URL": own_postgres.new_database()}) as server:
        server.wait_for("/readyz", 200)
        record = {"rows": [FLOWER], "record": True, "by": "Ada"}
        questions = [
            ("POST", "/api/v1/identify", record),
            ("GET", "/api/v1/monitor?study=iris", None),
            ("GET", "/readyz", None),
        ]
        assert {ask(server, *question)[0] for question in questions} == {200}
        own_postgres.freeze()
        with ThreadPoolExecutor(12) as threads:
            asked = [threads.submit(ask, server, *question) for question in questions * 4]
            while not all(question.done() for question in asked):
                assert ask(server, "GET", "/healthz")[0] == 200
                wait(asked, timeout=0.05)
            answers = [question.result() for question in asked]
        assert {status for status, _, _ in answers} == {503}
        assert all(document["error"].endswith("Unavailable") for _, document, _ in answers)
        assert max(seconds for *_, seconds in answers) < 3 * REQUEST_SECONDS
        own_postgres.thaw()
        server.wait_for("/readyz", 200)
        assert ask(server, "POST", "/api/v1/identify", record)[0] == 200


@pytest.mark.postgresql
def test_a_lock_and_a_long_statement_end_in_postgresql_too(postgres):
    database = Database(postgres.new_database())
    database.prepare()
    with database.read() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        }
        socket = connection.connection.driver_connection
        words = socket.info.get_parameters()
    database.close()
    assert shown == {"statement_timeout": "5min", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "10min"}
    assert (words["keepalives_idle"], words["tcp_user_timeout"]) == ("10", "15000")


@pytest.mark.postgresql
def test_a_silent_statement_is_given_up_and_its_connection_with_it(postgres):
    database = Database(postgres.new_database())
    database.prepare()
    asker = Patience(0.3)
    with waiting(asker), pytest.raises(DatabaseUnavailable, match="was silent for too long"), database.read() as one:
        one.exec_driver_sql("SELECT pg_sleep(60)")
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT 42").scalar() == 42
    database.close()


def test_all_waits_of_a_request_together_are_within_its_patience(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/flora.db")
    database.prepare()
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    asker = Patience(0.2, 0.2)
    tried = []
    with waiting(asker):
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable, match="is locked"), database.write():
                pass
            tried.append(asker.left())
    assert tried == [0.0, 0.0, 0.0]
    other.execute("ROLLBACK")
    other.close()
    with database.write():
        pass
    database.close()


def test_of_many_writers_of_one_process_one_waits_in_sqlite_and_readers_find_a_connection(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/flora.db")
    database.prepare()
    begun = threading.Event()

    def write():
        with waiting(Patience(REQUEST_SECONDS)), database.write() as connection:
            begun.set()
            return connection.exec_driver_sql("PRAGMA synchronous").scalar()

    with ThreadPoolExecutor(2 * CONNECTIONS) as threads:
        with database.write():
            writers = [threads.submit(write) for _ in range(2 * CONNECTIONS - 1)]
            with waiting(Patience(0.0, 0.0)), database.read() as connection:
                assert connection.exec_driver_sql("SELECT count(*) FROM studies").scalar() == 0
            assert not begun.is_set()
        assert {writer.result() for writer in writers} == {2}
    database.close()


async def _fill(lane, count):
    free = threading.Event()
    inside = [asyncio.ensure_future(lane.run(free.wait)) for _ in range(count)]
    await asyncio.sleep(0)
    return free, inside


def test_a_lane_ends_somewhere_and_nobody_waits_in_it_for_ever():
    async def scene():
        lane = Lane("a test", 2, waiting=2)
        free, inside = await _fill(lane, 2)
        with waiting(Patience(0.05)), pytest.raises(Unavailable, match="Every thread of the server is busy"):
            await lane.run(int)
        more = [asyncio.ensure_future(lane.run(int, 7)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="4 requests wait"):
            await lane.run(int)
        free.set()
        assert await asyncio.gather(*more) == [7, 7]
        await asyncio.gather(*inside)
        # Everybody who was inside has left.
        assert await lane.run(int, 8) == 8

    run_apart(scene())
