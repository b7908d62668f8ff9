"""Files that nobody thought of, through workflow and server: tracebacks, answers of 5xx, growth of time, the server's memory.

    python -m benchmarks.generated_files [--tables 3000] [--workbooks 300] [--seed 0]

Hypothesis makes tables and workbooks from bytes up, as `tests/api/test_generated_files.py` does. Each goes through the workflow
here and through the API of a server of its own, until it is named or refused. Then tables and workbooks of the same cells grow,
and the exponent of time over size between the two largest is printed. Aims: no traceback, no answer of 5xx, no failed table,
exponents at most 1.1, and the server's memory within 100 MB of what it was.
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
import openpyxl
import psutil
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from flora_core.errors import FloraError
from flora_core.settings import Settings
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.sinks import TableSink
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.models.lifecycle import ensure_champion
from tests.api.test_generated_files import MIXED, tables, workbooks
from tests.builders import HEADER
from tests.servers import WebServer

_TABLE_ROWS = (8_000, 32_000, 128_000, 512_000)
_WORKBOOK_ROWS = (8_000, 32_000, 128_000)


class Both:
    """The workflow here and the server there, and what they made of each file."""

    def __init__(self, context: AppContext, server: WebServer) -> None:
        assert server.process is not None
        self._context, self._server = context, server
        self._client = httpx.Client(base_url=server.address, timeout=120)
        self._process = psutil.Process(server.process.pid)
        self.found: Counter[str] = Counter()
        self.peak = 0

    def ask(self, content: bytes, name: str) -> tuple[float, float]:
        """Seconds that the workflow and the server took."""
        began = time.perf_counter()
        self.found["files"] += 1
        try:
            self._named_here(content, name)
            self.found["named by the workflow"] += 1
        except FloraError:
            self.found["refused by the workflow"] += 1
        except Exception as error:  # noqa: BLE001  what must not be
            self.found["tracebacks"] += 1
            print(f"  {name}: {type(error).__name__}: {error} of {content[:200]!r}")
        here = time.perf_counter() - began
        began = time.perf_counter()
        answer = self._client.post("/api/v1/batch", content=content, params={"name": name})
        while answer.json().get("state") in ("waiting", "running"):
            time.sleep(0.005)
            answer = self._client.get(f"/api/v1/batch/{answer.json()['id']}")
            self._look(answer, content)
        self._look(answer, content)
        state = answer.json().get("state", "refused")
        self.found[f"{state} by the server"] += 1
        self.peak = max(self.peak, self.memory())
        return here, time.perf_counter() - began

    def memory(self) -> int:
        """Bytes of the server and of what it started."""
        total = self._process.memory_info().rss
        for child in self._process.children(recursive=True):
            try:
                total += child.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total

    def own_memory(self) -> int:
        return int(self._process.memory_info().rss)

    def _look(self, answer: httpx.Response, content: bytes) -> None:
        if answer.status_code >= 500:
            self.found["answers of 5xx"] += 1
            print(f"  {answer.status_code}: {answer.text[:200]} to {content[:200]!r}")

    def _named_here(self, content: bytes, name: str) -> None:
        understood = plan_batch(self._context, io.BytesIO(content), BatchRequest(study="iris", name=name))
        sink = TableSink(io.BytesIO(), "csv", understood)
        run_batch(self._context, io.BytesIO(content), understood, sinks=[sink], record=False)
        sink.close()


def generated(strategy: st.SearchStrategy[bytes], count: int, number: int, name: str, both: Both) -> None:
    @seed(number)
    @given(strategy)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(content: bytes) -> None:
        both.ask(content, name)

    tried()


def cells(number: int) -> list[list[str]]:
    """Rows of such cells that a text file can hold, to be repeated."""
    rows: list[list[str]] = []

    @seed(number)
    @given(st.lists(MIXED, min_size=len(HEADER), max_size=len(HEADER)))
    @settings(
        max_examples=200, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    def some(row: list[str]) -> None:
        rows.append(["".join(c for c in cell if c.isprintable() and c not in ',;\t|"') for cell in row])

    some()
    return rows


def table_of(rows: list[list[str]], count: int) -> bytes:
    lines = [",".join(HEADER), *(",".join(rows[i % len(rows)]) for i in range(count))]
    return "\n".join(lines).encode()


def workbook_of(rows: list[list[str]], count: int) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADER)
    for i in range(count):
        sheet.append([cell.lstrip("=") for cell in rows[i % len(rows)]])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def growth(name: str, contents: list[bytes], both: Both) -> str:
    """The exponent of time over size, here and there; of two times the shorter."""
    taken = [np.min([both.ask(content, name) for _ in range(2)], axis=0) for content in contents]
    here, there = np.log(taken[-1] / taken[-2]) / np.log(len(contents[-1]) / len(contents[-2]))
    shown = ", ".join(f"{len(c) / 1e6:.2f} MB {t[0]:.2f}/{t[1]:.2f} s" for c, t in zip(contents, taken, strict=True))
    return f"{name}: time grows with the exponents {here:.2f} (workflow) and {there:.2f} (server): {shown}"


def report(name: str, both: Both, server: WebServer, before: int) -> None:
    """What was found of one kind of file, and what the server takes of memory."""
    print(f"{name}: " + ", ".join(f"{count:,} {what}" for what, count in sorted(both.found.items())))
    names = ("tracebacks", "answers of 5xx", "failed by the server")
    print("  " + ", ".join(f"{both.found[name]} {name}" for name in names), end="; ")
    print(f"{server.log.count('Traceback')} tracebacks in the server's log")
    print(
        f"  memory of the server: {before / 1e6:.0f} MB before, {both.own_memory() / 1e6:.0f} MB after; at most "
        f"{both.peak / 1e6:.0f} MB with the processes that read workbooks",
        flush=True,
    )
    both.found.clear()
    both.peak = 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=3000)
    parser.add_argument("--workbooks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-growth", action="store_true")
    given_ = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, WebServer(Path(folder) / "server") as server:
        server.wait_for("/readyz", 200)
        place = Path(folder) / "here"
        place.mkdir()
        context = open_context(
            Settings(database_url=f"sqlite:///{place}/flora.db", models=place / "models", _env_file=None)
        )
        ensure_champion(context)
        both = Both(context, server)
        both.ask(table_of([["5.1", "3.5", "1.4", "0.2"]], 20), "first.csv")
        before = both.own_memory()
        both.found.clear()
        both.peak = 0
        files = st.one_of(st.binary(max_size=3000), tables(), tables(), tables())
        for strategy, count, name in ((files, given_.tables, "t.csv"), (workbooks(), given_.workbooks, "t.xlsx")):
            generated(strategy, count, given_.seed, name, both)
            report(name, both, server, before)
        if not given_.no_growth:
            rows = cells(given_.seed)
            random.Random(given_.seed).shuffle(rows)
            print(growth("tables.csv", [table_of(rows, n) for n in _TABLE_ROWS], both))
            print(growth("workbooks.xlsx", [workbook_of(rows, n) for n in _WORKBOOK_ROWS], both))
            print(f"memory of the server then: {both.own_memory() / 1e6:.0f} MB")
        context.close()


if __name__ == "__main__":
    main()
