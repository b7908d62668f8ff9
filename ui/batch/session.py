"""A visitor's table from the drop to the downloads: what was said of it, the run in a thread, what came of it.

Everything lies in a folder of the batch store under an identifier that nobody guesses: the page's address carries it, and its
owner finds the table there after a reload, in another tab, and after signing in again, for as long as results are kept.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from flora_core.errors import BadTable, FloraError, OverBudget, Refused, Unavailable, Unknown
from flora_core.storage.files.batch_store import BatchFolder
from flora_core.storage.files.process_memory import release_memory
from flora_core.tables.files.reading import Layout, read_layout
from flora_core.workflows.batch import (
    BatchPlan,
    BatchRequest,
    Summary,
    plan_batch,
    recorded_before,
    remember_columns,
    run_batch,
)
from flora_core.workflows.batch.orders import request_from
from flora_core.workflows.batch.questions import BatchQuestion, batch_questions
from flora_core.workflows.batch.queue import RESULTS, found_batch, owner_key
from flora_core.workflows.batch.result_rows import ScreenSink
from flora_core.workflows.batch.room import new_batch, upload_within_room, writing_within_room
from flora_core.workflows.batch.sinks import DarwinCoreSink, IssuesSink, TableSink
from flora_core.workflows.context import AppContext

_log: Final = logging.getLogger("flora")
_ROWS: Final = "rows"
#: Of a page's tables in the store's documents.
_PAGE: Final = "page"


class _Stopped(Exception):
    """A person stopped the run."""


@dataclass(frozen=True, slots=True)
class DroppedTable:
    """A table that its owner may open again.

    Attributes
    ----------
    identifier, name : str
    created : datetime
    recorded_by : str
        Whose name its records carry; "" where nothing was recorded.
    """

    identifier: str
    name: str
    created: datetime
    recorded_by: str


def dropped_tables(context: AppContext, most: int = 5) -> list[DroppedTable]:
    """The tables that this person dropped on the page and that are still kept, the newest first."""
    documents = context.batches.documents_of(owner_key(context.principal), 10 * most)
    return [
        DroppedTable(identifier, one["name"], datetime.fromisoformat(one["created"]), one[_PAGE]["recorded_by"])
        for identifier, one in documents
        if _PAGE in one
    ][:most]


class BatchSession:
    """One table on the page.

    Parameters
    ----------
    content : binary file or None
        What was dropped; None where `folder` holds it already.

    Attributes
    ----------
    request : BatchRequest
        What was said of the file so far.
    size : int
        In bytes.
    understood : BatchPlan or None
    layout : Layout or None
        Where the file is a table at all, also where no column was recognised.
    questions : tuple of BatchQuestion
        What is asked of it.
    refused : str
        Why it can't be understood; "" where it is.
    progress : (float, str)
    summary : Summary or None
        What came of the run.
    screen : ScreenSink or None
    recorded_by : str
        Whose name the record carries; "" where nothing was recorded.
    failed : str
        Why the run ended without a result.
    """

    def __init__(
        self,
        context: AppContext,
        study: str,
        name: str,
        content: BinaryIO | None,
        *,
        folder: BatchFolder | None = None,
        kept: dict[str, Any] | None = None,
    ) -> None:
        self._context = context
        self._folder = folder or new_batch(context)
        self.identifier = self._folder.identifier
        self.request = request_from(kept[_PAGE]["request"]) if kept else BatchRequest(study=study, name=name)
        self._owner = kept["owner"] if kept else owner_key(context.principal)
        self._created = kept["created"] if kept else datetime.now(UTC).isoformat(timespec="seconds")
        self.understood: BatchPlan | None = None
        self.layout: Layout | None = None
        self.questions: tuple[BatchQuestion, ...] = ()
        self.refused = ""
        self.arrangement_offered = ""
        self.progress = (0.0, "beginning")
        self.summary: Summary | None = None
        self.screen: ScreenSink | None = None
        self.recorded_by: str = kept[_PAGE]["recorded_by"] if kept else ""
        self.failed = ""
        self._before: list[BatchRequest] = []
        # What the result was made with; what is said of the file afterwards belongs to the next run.
        self._named: BatchPlan | None = None
        self._making = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        try:
            if content is not None:
                with upload_within_room(context, self._folder) as target:
                    shutil.copyfileobj(content, target, 1 << 20)
                self._folder.keep_upload()
            with self._folder.table() as stream:
                self.size = stream.seek(0, 2)
            self._look()
        except OverBudget:
            self._folder.remove()
            raise
        except OSError as error:
            if content is not None:
                self._folder.remove()
            raise Unavailable(
                f"The table can't be kept: {error.strerror or error}. Make room where the tables are kept."
            ) from error
        finally:
            self._folder.release()
        self._keep()

    @classmethod
    def reopened(cls, context: AppContext, identifier: str) -> BatchSession:
        """The table of an address.

        Raises
        ------
        Unknown
            It is not kept any more, or it is somebody else's.
        """
        folder, kept = found_batch(context, identifier, context.principal)
        if _PAGE not in kept:
            raise Unknown("This table was sent by a program; its results are fetched by the program.")
        folder.acquire()
        return cls(context, "", "", None, folder=folder, kept=kept)

    @property
    def context(self) -> AppContext:
        """The context of who brought the table."""
        return self._context

    def say(self, **changes: Any) -> None:
        """Say something else of the file, and look at it again."""
        self._before.append(self.request)
        self._say(replace(self.request, **changes))

    @property
    def can_undo(self) -> bool:
        """Whether anything was said of the file that can be taken back."""
        return bool(self._before)

    def take_back(self) -> None:
        """Take back what was said last."""
        if self._before:
            self._say(self._before.pop())

    def _say(self, request: BatchRequest) -> None:
        self.request = request
        self._look()
        self._keep()
        self.show()

    def _look(self) -> None:
        """Understand the file as it was said; what can't be understood is kept as a sentence."""
        self.refused, self.arrangement_offered, self.understood, self.questions = "", "", None, ()
        with self._folder.table() as stream:
            try:
                self.understood = plan_batch(self._context, stream, self.request)
                # The address shows the same result also after another version became champion.
                self.request = replace(self.request, version=self.understood.model.card.version or 0)
                self.understood = replace(self.understood, request=self.request)
                self.layout = self.understood.layout
                self.questions = batch_questions(self._context, stream, self.understood)
                return
            except FloraError as error:
                self.refused = error.message
                self.arrangement_offered = getattr(error, "arrangement", "")
            try:
                self.layout = read_layout(
                    stream,
                    self.request.name,
                    sheet=self.request.sheet,
                    decimal=self.request.decimal,
                    separator=self.request.separator,
                    arrangement=self.request.arrangement,
                )
            except BadTable:
                self.layout = None

    def recorded_before(self) -> str:
        """When and by whom this file was recorded, or ""."""
        if self.understood is None:
            return ""
        earlier = recorded_before(self._context, self.understood)
        return f"{earlier[0].at:%d %B %Y} by {earlier[0].by}" if earlier else ""

    @property
    def is_recorded(self) -> bool:
        """Whether what is shown stands in the records, as it is shown."""
        if self._named is None or not self.recorded_by:
            return False
        named = self._named
        return any(
            r.recipe == named.recipe and r.version == named.model.card.version
            for r in recorded_before(self._context, named)
        )

    @property
    def running(self) -> bool:
        """Whether rows are being named just now."""
        return self._thread is not None and self._thread.is_alive()

    def show(self) -> None:
        """Name the rows for the screen, as the file is understood now; nothing is recorded.

        Where the file was recorded just so, the rows carry the names of their records.
        """
        if self.understood is None:
            return
        known = self.recorded_by and any(
            r.recipe == self.understood.recipe and r.version == self.understood.model.card.version
            for r in recorded_before(self._context, self.understood)
        )
        # A file that is recorded already is recognised, and nothing is recorded again.
        self._begin(record=bool(known), again=False, by=self.recorded_by if known else "", collector="", site="")

    def start(self, *, record: bool, again: bool, by: str, collector: str, site: str) -> None:
        """Begin to name the rows, in a thread: the page, and everybody else's, goes on answering.

        Raises
        ------
        Refused
            Nobody is named for the record.
        """
        if record and not by.strip():
            raise Refused("Who identifies? Give a name; records without a person can't be asked about later.")
        if record:
            self.recorded_by = by.strip()
        self._begin(record=record, again=again, by=by, collector=collector, site=site)
        self._keep()

    def _begin(self, **options: Any) -> None:
        if self.running:
            self.stop()
            self.wait(10)
        if self.running or self.understood is None:
            return
        self._stop.clear()
        self.failed, self.progress = "", (0.0, "beginning")
        self._thread = threading.Thread(target=self._run, args=(self.understood, options), name="table", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the run to end; what it recorded is taken back."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait for the run to end, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def result(self, kind: str) -> bytes:
        """A download: "csv", "xlsx", "parquet", "issues" or "darwin core"; made again from the file where it was not kept."""
        if kind in ("csv", "issues"):
            found = self._folder.result(RESULTS["result" if kind == "csv" else kind])
            assert found is not None  # noqa: S101  it was written before there was a button
            with found[0] as file:
                return file.read()
        understood = self._named
        assert understood is not None  # noqa: S101  there is no result before
        # One after the other: two downloads at once would write into one file.
        with self._making, self._folder.table() as stream, self._writing("download", here=True) as target:
            sink: Any = (
                DarwinCoreSink(target, understood) if kind == "darwin core" else TableSink(target, kind, understood)
            )
            # A recorded file is recognised: its records are named in the download, and nothing is recorded again.
            recorded = self.is_recorded
            run_batch(
                self._context,
                stream,
                understood,
                sinks=[sink],
                record=recorded,
                by=self.recorded_by if recorded else "",
            )
            sink.close()
            release_memory()
            target.seek(0)
            return target.read()

    def _writing(self, name: str, *, here: bool = False) -> AbstractContextManager[BinaryIO]:
        return writing_within_room(self._context, self._folder, name, here=here)

    def rows(self) -> str:
        """Where the rows for the screen lie."""
        return self._folder.path(_ROWS)

    def clear(self) -> None:
        """End the run; what was not recorded is taken away, what was recorded is kept at its address."""
        self.stop()
        self.wait(10)
        if not self.recorded_by:
            self._folder.remove()

    def _keep(self) -> None:
        """Write down what was said, for who opens the address."""
        said = {"request": asdict(self.request), "recorded_by": self.recorded_by}
        document = {
            "owner": self._owner,
            "name": self.request.name,
            "state": "done",
            "created": self._created,
            "darwin_core": False,
            _PAGE: said,
        }
        with suppress(FloraError):  # it was swept away: the page goes on without its address
            self._folder.write_document(document)

    def _run(self, understood: BatchPlan, options: dict[str, Any]) -> None:
        recorded = False
        self._folder.acquire()
        try:
            with (
                self._folder.table() as stream,
                self._writing(RESULTS["result"]) as csv,
                self._writing(RESULTS["issues"]) as issues,
                self._writing(_ROWS, here=True) as rows,
            ):
                screen = ScreenSink(rows, understood)
                sinks: list[Any] = [TableSink(csv, "csv", understood), IssuesSink(issues), screen]
                summary = run_batch(
                    self._context, stream, understood, sinks=sinks, door="page", progress=self._told, **options
                )
                recorded = summary.recorded > 0
                for sink in sinks:
                    sink.close()
            self._named, self.screen, self.summary = understood, screen, summary
        except _Stopped:
            self.failed = "Stopped. Nothing was recorded."
        except FloraError as error:
            self.failed = error.message
        except Exception as error:  # noqa: BLE001  a mistake of ours must not leave the page waiting for ever
            _log.error("a table could not be named", exc_info=error)
            kept = "The identifications were recorded before that." if recorded else "Nothing was recorded."
            self.failed = f"Something went wrong on our side; the details are in the server log. {kept}"
        else:
            if options["record"]:
                self._remember(understood, options["by"])
        finally:
            self._folder.release()
        release_memory()

    def _remember(self, understood: BatchPlan, by: str) -> None:
        """Keep what was said of the columns for the next file; where that fails, it is asked again, and nothing is lost."""
        if self.request.columns or self.request.units:
            try:
                remember_columns(self._context, understood, by or "a visitor")
            except FloraError as error:
                _log.warning("the columns of a table could not be remembered: %s", error.message)

    def _told(self, done: int, total: int, doing: str) -> None:
        if self._stop.is_set():
            raise _Stopped
        self.progress = (done / total, doing)
        # A moment for the pages of others.
        time.sleep(0)
