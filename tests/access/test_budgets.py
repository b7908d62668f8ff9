"""What one visitor can make a real, open server keep: at most what its settings say, of memory, disk and sessions."""

import shutil
from contextlib import ExitStack

import psutil
import pytest

from tests.access.visitors import Visitor
from tests.servers import WebServer

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000
#: Small budgets, so that they are met soon.
BUDGETS = {
    "FLORA_ACCESS": "open",
    "FLORA_OPEN_ROLE": "botanist",
    "FLORA_MAX_SESSIONS_EACH": "3",
    "FLORA_MAX_UPLOAD_MEMORY_MB": "20",
    "FLORA_MAX_UPLOAD_MEMORY_MB_EACH": "6",
    "FLORA_MAX_TABLES_EACH": "2",
    "FLORA_MAX_RESULTS_MB": "3",
    "FLORA_MAX_UPLOAD_MB": "1",
    "FLORA_MAX_REQUESTS_PER_MINUTE": "100000",
}


@pytest.fixture(scope="module")
def server(first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("open") / "context"
    shutil.copytree(first_start, folder)
    with WebServer(folder, settings=BUDGETS) as running:
        running.wait_for("/readyz", 200)
        yield running


def memory(server):
    return psutil.Process(server.process.pid).memory_info().rss


def test_of_many_pages_of_one_address_as_many_are_open_as_may_be(server):
    visitor = Visitor(server)
    with ExitStack() as opened:
        for _ in range(3):
            opened.enter_context(visitor.open())
        assert [visitor.opening() for _ in range(7)] == [403] * 7
    # Those that were closed make room again.
    assert visitor.opening() == 101


def test_pages_opened_and_left_don_t_heap_up(server):
    """A session waits for a browser that lost its connection; of one that comes a hundred times not each is kept whole."""
    visitor = Visitor(server)

    def come_and_go(times):
        for _ in range(times):
            with visitor.open() as socket:
                visitor.session(socket)

    come_and_go(30)
    before = memory(server)
    come_and_go(120)
    # Streamlit keeps 128 sessions that lost their page at most; 120 more than those there were take a few MB at most.
    assert memory(server) - before < 60 * MEGABYTE


def test_uploads_take_no_more_memory_than_they_may(server):
    visitor = Visitor(server)
    with visitor.open() as socket:
        session, _ = visitor.session(socket, "batch")
        before = memory(server)
        statuses = [visitor.upload(session, f"file-{i}", b"x" * MEGABYTE) for i in range(20)]
        assert statuses[:5] == [204] * 5, statuses
        assert set(statuses[6:]) == {429}
        assert statuses.count(204) <= 6
        assert memory(server) - before < 40 * MEGABYTE
        assert visitor.upload("no-session-of-mine", "file", b"x") == 404


def test_an_upload_without_a_length_is_not_taken(server):
    visitor = Visitor(server)
    with visitor.open() as socket:
        session, _ = visitor.session(socket, "batch")
        status, _ = visitor.ask(
            "PUT", f"/_stcore/upload_file/{session}/x", iter([b"x" * 100] * 10), Content_Type="text/csv"
        )
        assert status == 411


def test_tables_take_no_more_of_the_disk_than_they_may(server):
    visitor = Visitor(server)
    header = b"petal_length,petal_width,sepal_length,sepal_width\n"
    table = header + b"1.4,0.2,5.1,3.5\n" * 40_000
    statuses = [visitor.ask("POST", "/api/v1/batch", table, Content_Type="text/csv")[0] for _ in range(25)]
    assert 202 in statuses
    assert 429 in statuses
    assert set(statuses) == {202, 429}
    for _ in range(60):
        statuses.append(visitor.ask("POST", "/api/v1/batch", table, Content_Type="text/csv")[0])
    kept = sum(file.stat().st_size for file in server.folder.rglob("*") if "batches" in str(file) and file.is_file())
    assert kept <= 3 * MEGABYTE


def test_a_larger_table_than_may_be_is_refused_before_it_is_kept(server):
    visitor = Visitor(server)
    status, _ = visitor.ask("POST", "/api/v1/batch", b"x" * (2 * MEGABYTE), Content_Type="text/csv")
    assert status in (413, 429)


def test_a_viewer_uploads_nothing(first_start, tmp_path):
    shutil.copytree(first_start, tmp_path / "context")
    with WebServer(tmp_path / "context", settings={"FLORA_ACCESS": "open"}) as server:
        server.wait_for("/readyz", 200)
        visitor = Visitor(server)
        with visitor.open() as socket:
            session, _ = visitor.session(socket, "batch")
            assert visitor.upload(session, "file", b"x" * 1000) == 403
        assert visitor.ask("POST", "/api/v1/batch", b"petal_length\n1.4\n", Content_Type="text/csv")[0] == 403
