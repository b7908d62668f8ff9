"""Processes killed at random moments: what was reported as kept is there once, and nothing is left half done.

    python -m benchmarks.kills [--kills 200] [--seed 0] [--postgresql]

Kills (SIGKILL, the whole process group) tables, trainings, writers of identifications and determinations, migrations, moves,
backups, restores and servers under writes and tables, on SQLite and, with `--postgresql`, as many times on a PostgreSQL of its
own. After each it looks at the whole installation. Prints kills, lost (reported as kept and not there), doubled, corrupt (a
version, a table, a backup or a database that does not hold what it should) and left behind (what is still there after two days'
sweeping). Aim: all of them 0.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine
from sqlalchemy import func, select

from flora_core.determination import AnswerKind, GivenName
from flora_core.settings import Settings
from flora_core.storage.database import Database
from flora_core.storage.records.determinations import Slip
from flora_core.storage.schema import determinations, identifications, recordings
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import ensure_champion
from flora_core.workflows.operations.maintenance import sweep

ROOT = Path(__file__).resolve().parents[1]
_ROWS = 3000
_FLOWER = {"petal_length": "1.4", "petal_width": "0.2"}


@dataclass
class Installation:
    """A folder, its database, and what was reported as kept in it."""

    folder: Path
    url: str
    rng: random.Random
    new_database: Callable[[], str]
    reported: list[str] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> Settings:
        return Settings(database_url=self.url, models=self.folder / "models", _env_file=None)

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "FLORA_DATABASE_URL": self.url, "FLORA_MODELS": str(self.folder / "models")}
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            env=environment | settings,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def kill(self, process: subprocess.Popen[str], longest: float, *, writes: bool = False) -> str:
        """What it printed before it was killed, or ended by itself; one that writes is killed after it wrote something."""
        assert process.stdout is not None
        first = process.stdout.readline() if writes else ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.rng.uniform(0.3, longest))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self.found["kills"] += 1
        return first + process.communicate()[0]


def table(at: Installation) -> None:
    out = at.folder / f"out-{at.rng.getrandbits(40):x}.csv"
    source = at.folder / f"{out.stem}.table.csv"
    lines = [f"{out.stem}-{i},5.1,3.5,1.4,0.2" for i in range(_ROWS)]
    source.write_text("\n".join(["catalogue number,sepal length,sepal width,petal length,petal width", *lines]))
    at.kill(at.start("flora_core", "batch", str(source), "-o", str(out), "--by", "x"), 6)
    at.found["corrupt"] += out.exists() and len(out.read_text().splitlines()) != _ROWS + 1
    out.unlink(missing_ok=True)
    source.unlink()


def training(at: Installation) -> None:
    at.kill(at.start("flora_core", "train", "--algorithm", "lda", "--by", "x"), 8)


def writer(at: Installation) -> None:
    at.reported += at.kill(at.start("benchmarks.kills", "--write", "identifications"), 2, writes=True).split()


def determiner(at: Installation) -> None:
    at.slips += at.kill(at.start("benchmarks.kills", "--write", "determinations"), 2, writes=True).split()


def migration(at: Installation) -> None:
    url = at.new_database()
    at.kill(at.start("flora_core", "migrate", FLORA_DATABASE_URL=url), 3)
    database = Database(url)
    database.migrate()
    database.prepare()
    database.close()


def moving(at: Installation) -> None:
    url = at.new_database()
    at.kill(at.start("flora_core", "move", url), 5)
    at.start("flora_core", "move", url).wait()  # refused where it was done before it was killed
    at.found["corrupt"] += identifications_in(url) != identifications_in(at.url)


def identifications_in(url: str) -> int:
    database = Database(url)
    with database.read() as connection:
        count = connection.execute(select(func.count()).select_from(identifications)).scalar_one()
    database.close()
    return int(count)


def backup(at: Installation) -> None:
    target = at.folder / f"{at.rng.getrandbits(40):x}.zip"
    at.kill(at.start("flora_core", "backup", str(target)), 4)
    if target.exists():
        at.found["corrupt"] += zipfile.ZipFile(target).testzip() is not None
        target.unlink()


def restoring(at: Installation) -> None:
    whole, place = at.folder / "whole.zip", at.folder / f"r{at.rng.getrandbits(40):x}"
    if not whole.exists():
        at.start("flora_core", "backup", str(whole)).wait()
    place.mkdir()
    elsewhere = {"FLORA_DATABASE_URL": f"sqlite:///{place}/flora.db", "FLORA_MODELS": str(place / "models")}
    at.kill(at.start("flora_core", "restore", str(whole), **elsewhere), 4)
    if not (place / "flora.db").exists():
        at.found["corrupt"] += at.start("flora_core", "restore", str(whole), **elsewhere).wait() != 0
    opened = open_context(
        Settings(database_url=elsewhere["FLORA_DATABASE_URL"], models=place / "models", _env_file=None)
    )
    opened.champion("iris")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        sweep(opened)
    opened.close()
    at.found["left behind"] += len({p.name for p in place.iterdir()} - {"flora.db", "models", "batches"})
    shutil.rmtree(place)


def server(at: Installation) -> None:
    port = at.rng.randint(20_000, 30_000)
    serving = at.start("streamlit", "run", "app.py", "--server.port", str(port))
    asking = at.start("benchmarks.kills", "--write", f"http://127.0.0.1:{port}")
    assert asking.stdout is not None
    first = asking.stdout.readline()
    at.kill(serving, 2)
    at.found["kills"] -= 1
    at.reported += [*first.split(), *at.kill(asking, 0.4).split()]


def check(at: Installation) -> None:
    """Look at everything."""
    context = open_context(at.settings)
    with context.database.read() as connection:
        rows = select(recordings.c.id, func.count()).join(identifications).where(recordings.c.complete)
        for _, count in connection.execute(rows.group_by(recordings.c.id)):
            at.found["corrupt"] += count not in (1, _ROWS)
        slips = Counter(
            connection.execute(select(determinations.c.remark).where(determinations.c.remark != "")).scalars()
        )
    for identifier in at.reported:
        try:
            context.records.get(identifier)
        except Exception:  # noqa: BLE001  whatever keeps it from being found
            at.found["lost"] += 1
    at.found["lost"] += sum(slip not in slips for slip in at.slips)
    at.found["doubled"] += sum(count > 1 for count in slips.values())
    at.found["doubled"] += len(at.reported) - len(set(at.reported))
    at.found["corrupt"] += sum(bool(version.problem) for version in context.registry.verify("iris")[0])
    context.champion("iris")
    context.close()
    at.found["reported as kept"] += len(at.reported)
    at.reported.clear()


def left_behind(at: Installation) -> None:
    """Sweep two days later and count what is still there."""
    context = open_context(at.settings)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        sweep(context)
    _, spare = context.registry.verify("iris")
    with context.database.read() as connection:
        unfinished = connection.execute(
            select(func.count()).select_from(recordings).where(~recordings.c.complete)
        ).scalar()
    context.close()
    files = [p for p in at.folder.iterdir() if p.suffix not in (".db", ".zip") and p.name != "models"]
    known = ("flora.db-wal", "flora.db-shm", "batches")
    strange = [p for p in files if not p.name.endswith(("-wal", "-shm")) and p.name not in known]
    strange += Path(tempfile.gettempdir()).glob("flora-*")
    strange += [*at.folder.glob("batches/*"), *(at.folder / "models").glob(".batches/*")]
    at.found["left behind"] += len(spare) + int(unfinished or 0) + len(strange)
    for path in [*spare, *strange]:
        print(f"  left: {path}")


def write(what: str) -> None:
    """Write until killed; each line names what was reported as kept."""
    if what.startswith("http"):
        _write_through(what)
    context = open_context()
    while True:
        if what == "identifications":
            (kept,) = record(context, [identify(context, "iris", _FLOWER)], by="x", door="command")
            print(kept.id, flush=True)
            continue
        _determine(context)


def _determine(context: AppContext) -> None:
    (kept,) = record(context, [identify(context, "iris", _FLOWER)], by="x", door="command")
    mark = f"{random.getrandbits(60):x}"
    slip = Slip(kept.id, GivenName(AnswerKind.SPECIES, "Iris setosa"), "x", "2026-06-01", 2, remark=mark)
    context.determinations.add([slip], entered_by="x")
    print(mark, flush=True)


def _write_through(address: str) -> None:
    import httpx

    while True:
        table = "petal length,petal width,id\n" + f"1.4,0.2,{random.getrandbits(40):x}\n" * _ROWS
        with contextlib.suppress(httpx.HTTPError):
            # A table in the queue of each server that is killed; its rows are there all or none.
            httpx.post(f"{address}/api/v1/batch", params={"record": True, "by": "x"}, content=table, timeout=10)
        body = {"rows": [{"petal_length": 1.4}], "record": True, "by": "x"}
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.post(f"{address}/api/v1/identify", json=body, timeout=10)
            if answer.status_code == 200:
                print(answer.json()["rows"][0]["id"], flush=True)
                continue
        time.sleep(0.1)


def run(at: Installation, kills: int) -> Counter[str]:
    context = open_context(at.settings)
    ensure_champion(context)
    context.close()
    kinds = [table, training, writer, determiner, migration, moving, server]
    if at.url.startswith("sqlite"):
        kinds += [backup, restoring]
    done: Counter[str] = Counter()
    while at.found["kills"] < kills:
        kind = kinds[at.found["kills"] % len(kinds)]
        done[kind.__name__] += 1
        kind(at)
        check(at)
    left_behind(at)
    at.found["reported as kept"] += len(at.slips)
    print(f"  {dict(done)}")
    return at.found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--write", default="")
    given = parser.parse_args()
    if given.write:
        write(given.write)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # What is put down in the folder for temporary files is looked at too, and nobody else's is swept.
        temporary = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["TMPDIR"] = tempfile.tempdir = temporary

        def new() -> str:
            return f"sqlite:///{folder}/{random.getrandbits(40):x}.db"

        url = f"sqlite:///{folder}/flora.db"
        if given.postgresql:
            from tests.servers import postgres_server

            own = postgres_server()
            if own is None:
                sys.exit("PostgreSQL is not installed.")
            new = stack.enter_context(own).new_database
            url = new()
        found = run(Installation(folder, url, random.Random(given.seed), new), given.kills)
    names = ("kills", "reported as kept", "lost", "doubled", "corrupt", "left behind")
    print(("PostgreSQL: " if given.postgresql else "SQLite: ") + ", ".join(f"{found[name]} {name}" for name in names))


if __name__ == "__main__":
    main()
