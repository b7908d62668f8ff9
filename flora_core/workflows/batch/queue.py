"""The queue of submitted tables: stored, named one after the other, and their results kept for a while.

Where servers share their tables (`BatchStore.shared`), each takes from all that wait, and goes on with those of a server that
died or is being ended: nothing that was handed in is lost, and nothing is recorded twice.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, Final
from weakref import WeakKeyDictionary

from flora_core.access import NOBODY, Principal, Role, UseCase
from flora_core.errors import FloraError, OverBudget, Refused, Unavailable, Unknown, as_document
from flora_core.storage.files.batch_store import BatchFolder, BatchStore
from flora_core.storage.files.process_memory import release_memory
from flora_core.supervised_threads import SupervisedThread
from flora_core.tables.files.reading import read_layout
from flora_core.workflows.authorisation import note
from flora_core.workflows.batch.orders import BatchJob, order_document, order_from
from flora_core.workflows.batch.plan import BatchRequest, plan_batch
from flora_core.workflows.batch.room import new_batch, upload_within_room, writing_within_room
from flora_core.workflows.batch.run import recorded_before, run_batch
from flora_core.workflows.batch.sinks import DarwinCoreSink, IssuesSink, TableSink
from flora_core.workflows.batch.summary import summary_document
from flora_core.workflows.context import AppContext

_log: Final = logging.getLogger("flora.batch")

#: Tables that may wait, and that may be on their way at one time; one more is turned away.
MOST_WAITING: Final = 20
MOST_RECEIVING: Final = 200
#: Issues in the answer; all of them stand in the issues' own table.
ISSUES_SHOWN: Final = 1_000
#: What becomes of a table, and the file it is kept in.
RESULTS: Final = {
    "result": "result.csv",
    "issues": "issues.csv",
    "parquet": "result.parquet",
    "darwin-core": "darwin-core.zip",
}
#: Those that are made only where they are asked for, by the name of the parameter.
_ASKED_FOR: Final = {"parquet": "parquet", "darwin-core": "darwin_core"}
#: Seconds between two words on progress that other processes can read.
_TOLD_EVERY: Final = 1.0
_UNDER_WAY: Final = ("waiting", "running")
_AGAIN: Final = "the program was restarted; send the table again"


#: Seconds between two looks at the tables that servers share.
_LOOK: Final = 2.0
#: Times that a shared table is begun: one that ended as many servers is not handed to another.
MOST_TRIES: Final = 3


class BatchQueue:
    """Takes tables and works on them in a thread of its own, one at a time."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._queue: queue.Queue[tuple[BatchFolder, BatchJob] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: SupervisedThread | None = None
        self._stopping = False
        self._waiting: list[str] = []
        self._receiving: set[str] = set()
        self._progress: dict[str, tuple[float, str]] = {}
        self._owner_of: dict[str, str] = {}
        context.on_close(self.stop)
        if context.batches.shared:
            self._start()

    @property
    def _owners(self) -> list[str]:
        """Whose the tables are that come, wait or are worked on."""
        return list(self._owner_of.values())

    def reserve(self, owner: Principal = NOBODY) -> BatchFolder:
        """A place for a table that is about to come; sweeps away what is too old.

        Raises
        ------
        Unavailable
            Too many tables are waiting.
        OverBudget
            This asker has too many waiting, or the results that are kept take all the room there is for them.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable(f"{MOST_WAITING} tables are waiting to be named. Try again later.")
        # Those that are still coming wait for their senders, and nobody waits for them.
        if len(self._receiving) >= MOST_RECEIVING:
            raise Unavailable(f"{MOST_RECEIVING} tables are being sent just now. Try again later.")
        settings = self._context.settings
        if not owner.is_local and self._owners.count(owner_key(owner)) >= settings.max_tables_each:
            raise OverBudget(f"{settings.max_tables_each} tables of yours are waiting. Send the next when one is done.")
        batch = new_batch(self._context)
        self._receiving.add(batch.identifier)
        self._owner_of[batch.identifier] = owner_key(owner)
        return batch

    def upload(self, batch: BatchFolder) -> AbstractContextManager[BinaryIO]:
        """The file that a table is written to as it comes; raises as `upload_within_room` does."""
        return upload_within_room(self._context, batch)

    def check(self, order: BatchJob) -> None:
        """Refuse what can be refused before the table comes; raises as `run_batch` does."""
        self._context.champion(order.request.study)
        if order.record and not order.by.strip():
            raise Refused("Who identifies? Give a name (by); records without a person can't be asked about later.")

    def submit(self, batch: BatchFolder, order: BatchJob) -> dict[str, Any]:
        """Take a table that has come; gives back what `status` gives.

        Raises
        ------
        BadTable, TooLarge
            It is no table; nothing of it is kept.
        """
        try:
            self._glance(batch, order.request)
        except BaseException:
            self.discard(batch)
            raise
        asked = {name: getattr(order, name) for name in _ASKED_FOR.values()}
        batch.write_document(
            {
                "owner": owner_key(order.owner),
                "name": order.request.name,
                "state": "waiting",
                "created": _now(),
                **asked,
            }
        )
        batch.keep_upload()
        with self._lock:
            self._receiving.discard(batch.identifier)
            full = len(self._waiting) >= MOST_WAITING
            if not full:
                self._waiting.append(batch.identifier)
        if full:
            self.discard(batch)
            raise Unavailable(f"{MOST_WAITING} tables are waiting to be named. Try again later.")
        if self._context.batches.shared:
            # Whoever is first takes it: this server in a moment, or another.
            batch.offer(order_document(order))
            batch.release()
        self._queue.put((batch, order))
        self._start()
        return self.status(batch.identifier, order.owner)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = SupervisedThread("batch", self._work)
                self._thread.start()

    def discard(self, batch: BatchFolder) -> None:
        """Delete a table that did not come whole, or is none."""
        self._receiving.discard(batch.identifier)
        self._owner_of.pop(batch.identifier, None)
        batch.release()
        batch.remove()

    def status(self, identifier: str, owner: Principal) -> dict[str, Any]:
        """What is known of a table: its state, its progress, and what came of it.

        Raises
        ------
        Unknown
            There is none with this identifier, or it is somebody else's.
        """
        batch, document = found_batch(self._context, identifier, owner)
        shared = self._context.batches.shared
        abandoned = document["state"] in _UNDER_WAY and not (shared and document["state"] == "waiting")
        abandoned = abandoned and not batch.is_locked()
        if abandoned:
            # Perhaps it was just done: what became of it is written before it is let go.
            document = batch.document()
        state = document["state"]
        share, doing = self._progress.get(identifier, (document.get("progress", 0.0), document.get("doing", "")))
        if abandoned and state in _UNDER_WAY:
            state, doing = ("waiting", "") if shared else ("interrupted", _AGAIN)
        if state == "waiting":
            before = self._waiting.index(identifier) if identifier in self._waiting else 0
            doing = f"waiting behind {before} other table{'s' if before > 1 else ''}" if before else "waiting"
        created = datetime.fromisoformat(document["created"])
        return {
            "id": identifier,
            "state": state,
            "progress": 1.0 if state == "done" else round(share, 3),
            "doing": "" if state == "done" else doing,
            "name": document["name"],
            "created": document["created"],
            "kept_until": (created + self._kept()).isoformat(timespec="seconds"),
            "results": [k for k in RESULTS if document.get(_ASKED_FOR.get(k, ""), True)] if state == "done" else [],
            **document.get("outcome", {}),
        }

    def result(self, identifier: str, owner: Principal, kind: str) -> tuple[str, BinaryIO, int]:
        """A file that became of a table: (the table's name, the file, its size).

        Raises
        ------
        Unknown
            There is no such table, or it is somebody else's.
        Refused
            It is not done, or an archive was not asked for.
        """
        batch, document = found_batch(self._context, identifier, owner)
        found = batch.result(RESULTS[kind]) if document["state"] == "done" else None
        if found is not None:
            return document["name"], *found
        state = self.status(identifier, owner)["state"]
        if state == "done":
            what = "A Darwin Core archive" if kind == "darwin-core" else "Parquet"
            raise Refused(f"{what} was not asked for; send the table again with {_ASKED_FOR[kind]}=true.")
        raise Refused(
            f"There is no result: the table is {state}." if state != "running" else "The table is still worked on."
        )

    def stop(self) -> None:
        """Stop as soon as the part that is worked on is done; nothing of an unfinished table is recorded."""
        self._stopping = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.stop(10)

    def _kept(self) -> timedelta:
        return timedelta(hours=self._context.settings.keep_results_hours)

    def _glance(self, batch: BatchFolder, request: BatchRequest) -> None:
        with batch.table() as stream:
            read_layout(
                stream,
                request.name,
                sheet=request.sheet,
                decimal=request.decimal,
                separator=request.separator,
                arrangement=request.arrangement,
            )

    def _work(self) -> None:
        while not self._stopping:
            try:
                item = self._queue.get(timeout=_LOOK if self._context.batches.shared else None)
                if item is not None:
                    self._work_on(*item)
            except queue.Empty:
                self._take_over()

    def _take_over(self) -> None:
        """Work on what another server took or began, and works on no longer."""
        try:
            for identifier in self._context.batches.offered():
                if self._stopping or not self._queue.empty():
                    return
                with suppress(Unknown):  # it was taken away in this moment, or only its mark is left
                    batch = self._context.batches.get(identifier)
                    if not batch.is_locked():
                        self._work_on(batch, order_from(batch.order()))
        except FloraError as error:
            _log.warning("the tables that wait can't be looked at: %s", error.message)

    def _work_on(self, batch: BatchFolder, order: BatchJob) -> None:
        shared = self._context.batches.shared
        with self._lock:
            if batch.identifier in self._waiting:
                self._waiting.remove(batch.identifier)
        if shared and not batch.acquire():
            # Another server has it, or somebody looks at it just now: whatever is left to do is found by the next look.
            return
        try:
            document = batch.document()
            if document["state"] in _UNDER_WAY:
                document = {**document, "state": "running", "tries": document.get("tries", 0) + 1}
                outcome = self._outcome(batch, order, document)
                if outcome["state"] == "waiting":
                    # This server is being ended: another one takes it.
                    batch.write_document({**document, **outcome, "tries": document["tries"] - 1})
                    return
                if not shared:
                    batch.drop_table()
                batch.write_document({**document, **outcome})
            if shared:
                # What became of it first: as long as that is not there, the table may have to be named again.
                batch.drop_table()
                batch.settle()
        except (FloraError, OSError) as error:
            # Its folder was taken away, or the disk is full: it is lost, the next one is worked on.
            _log.error("what became of a batch can't be kept: %s", error)
        finally:
            self._progress.pop(batch.identifier, None)
            self._owner_of.pop(batch.identifier, None)
            batch.release()
            release_memory()

    def _outcome(self, batch: BatchFolder, order: BatchJob, document: dict[str, Any]) -> dict[str, Any]:
        shared = self._context.batches.shared
        try:
            if document.get("tries", 1) > MOST_TRIES:
                raise Unavailable(f"{MOST_TRIES} servers ended while they worked on this table; it is not tried again.")
            batch.write_document(document)
            return {"state": "done", "outcome": self._named(batch, order, document)}
        except _Stopped:
            return {"state": "waiting", "doing": ""} if shared else {"state": "interrupted", "doing": _AGAIN}
        except FloraError as error:
            return {"state": "refused" if isinstance(error, Refused) else "failed", "outcome": as_document(error)}
        except Exception as error:  # noqa: BLE001  whatever it is, the next table is worked on
            _log.error("a batch failed", exc_info=error)
            words = "Something went wrong on our side; the details are in the server log."
            return {"state": "failed", "outcome": {"error": "Internal", "detail": words, "issues": []}}

    def _named(self, batch: BatchFolder, order: BatchJob, document: dict[str, Any]) -> dict[str, Any]:
        told_at = time.monotonic()

        def progress(done: int, total: int, doing: str) -> None:
            nonlocal told_at
            if self._stopping:
                raise _Stopped
            share = done / total
            self._progress[batch.identifier] = (share, doing)
            if time.monotonic() - told_at > _TOLD_EVERY:
                told_at = time.monotonic()
                if not batch.is_mine():
                    raise _Stopped
                batch.write_document({**document, "progress": share, "doing": doing})

        with ExitStack() as files:
            stream = files.enter_context(batch.table())
            context = self._context.acting_as(order.owner, "api")
            understood = plan_batch(context, stream, order.request)
            again = order.again
            if order.record and order.again and self._context.batches.shared:
                # Where a server recorded the table and died before it could say so, it is not recorded once more.
                recorded = len(recorded_before(context, understood))
                again = recorded <= document.setdefault("recorded_before", recorded)
                batch.write_document(document)
            results = [kind for kind in RESULTS if kind not in _ASKED_FOR or getattr(order, _ASKED_FOR[kind])]
            written = {
                kind: files.enter_context(writing_within_room(self._context, batch, RESULTS[kind])) for kind in results
            }
            sinks: list[TableSink | IssuesSink | DarwinCoreSink] = [
                TableSink(written["result"], "csv", understood),
                IssuesSink(written["issues"]),
                *(DarwinCoreSink(written[kind], understood) for kind in results if kind == "darwin-core"),
                *(TableSink(written[kind], kind, understood) for kind in results if kind == "parquet"),
            ]
            summary = run_batch(
                context,
                stream,
                understood,
                sinks=sinks,
                record=order.record,
                again=again,
                by=order.by,
                door="api",
                collector=order.collector,
                site=order.site,
                progress=progress,
            )
            for sink in sinks:
                sink.close()
        if summary.issue_count > ISSUES_SHOWN:
            shown = f"The first {ISSUES_SHOWN:,} of {summary.issue_count:,} issues are shown"
            notes = [*summary.notes, f"{shown}; all stand in the issues' own table."]
            summary = replace(summary, issues=summary.issues[:ISSUES_SHOWN], notes=notes)
        return summary_document(understood, summary, "")


def found_batch(context: AppContext, identifier: str, owner: Principal) -> tuple[BatchFolder, dict[str, Any]]:
    """The folder of a table and what is known of it, for its owner or a maintainer.

    Raises
    ------
    Unknown
        There is none with this identifier, or it is somebody else's.
    """
    batch = context.batches.get(identifier)
    document = batch.document()
    if document["owner"] != owner_key(owner) and not owner.has(Role.MAINTAINER):
        note(context.acting_as(owner, context.door), UseCase.READ_OWN_RECORDS, f"the table {identifier}", "refused")
        # Answer as for an unknown batch, so that nobody can tell that it exists.
        raise Unknown("There is no such batch. Results are kept for a limited time; send the table again.")
    return batch, document


class _Stopped(Exception):
    """The context is closing, or the table is another server's by now."""


def owner_key(owner: Principal) -> str:
    """By which an owner is known in a table's document: keys by their names, as they were before there were tokens."""
    if owner.is_local:
        return ""
    return owner.subject if owner.issuer == "program" and owner.token is None else owner.identity


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


_QUEUES: Final[WeakKeyDictionary[BatchStore, BatchQueue]] = WeakKeyDictionary()
_MAKING: Final = threading.Lock()


def batch_queue(context: AppContext) -> BatchQueue:
    """The queue of a context, made at the first call, and closed with it."""
    with _MAKING:
        found = _QUEUES.get(context.batches)
        if found is None:
            found = _QUEUES[context.batches] = BatchQueue(context)
            context.on_close(partial(_forget, context.batches))
        return found


def _forget(batches: BatchStore) -> None:
    _QUEUES.pop(batches, None)
