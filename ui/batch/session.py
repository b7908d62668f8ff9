"""One visitor's table from the drop to the downloads: what was said of it, the run in a thread, what came of it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import Any, BinaryIO, Final

from flora_core.errors import BadTable, FloraError, Refused
from flora_core.storage.files.process_memory import release_memory
from flora_core.storage.files.upload_folder import UploadFolder
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
from flora_core.workflows.batch.result_rows import ScreenSink
from flora_core.workflows.batch.sinks import DarwinCoreSink, IssuesSink, TableSink
from flora_core.workflows.context import AppContext

_log: Final = logging.getLogger("flora")
_FILE: Final = "table"


class _Stopped(Exception):
    """A person stopped the run."""


class BatchSession:
    """Lives in a visitor's session; its files go with it.

    Attributes
    ----------
    request : BatchRequest
        What was said of the file so far.
    size : int
        In bytes.
    understood : BatchPlan or None
    layout : Layout or None
        Where the file is a table at all, also where no column was recognised.
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

    def __init__(self, context: AppContext, study: str, name: str, content: BinaryIO) -> None:
        self._context, self._folder = context, UploadFolder()
        self.size = self._folder.save(_FILE, content)
        self.request = BatchRequest(study=study, name=name)
        self.understood: BatchPlan | None = None
        self.layout: Layout | None = None
        self.refused = ""
        self.arrangement_offered = ""
        self.progress = (0.0, "beginning")
        self.summary: Summary | None = None
        self.screen: ScreenSink | None = None
        self.recorded_by = ""
        self.failed = ""
        # What the result was made with; what is said of the file afterwards belongs to the next run.
        self._named: BatchPlan | None = None
        self._making = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.look()

    @property
    def context(self) -> AppContext:
        """The context of who brought the table."""
        return self._context

    def say(self, **changes: Any) -> None:
        """Say something else of the file, and look at it again."""
        self.request = replace(self.request, **changes)
        self.look()

    def look(self) -> None:
        """Understand the file as it was said; what can't be understood is kept as a sentence."""
        self.refused, self.arrangement_offered, self.understood = "", "", None
        with self._folder.open_read(_FILE) as stream:
            try:
                self.understood = plan_batch(self._context, stream, self.request)
                self.layout = self.understood.layout
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
    def running(self) -> bool:
        """Whether rows are being named just now."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, *, record: bool, again: bool, by: str, collector: str, site: str) -> None:
        """Begin to name the rows, in a thread: the page, and everybody else's, goes on answering.

        Raises
        ------
        Refused
            Nobody is named for the record.
        """
        if record and not by.strip():
            raise Refused("Who identifies? Give a name; records without a person can't be asked about later.")
        if self.running or self.understood is None:
            return
        self._stop.clear()
        self.summary, self.failed, self.progress = None, "", (0.0, "beginning")
        self.recorded_by = by.strip() if record else ""
        options = {"record": record, "again": again, "by": by, "collector": collector, "site": site}
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
            with self._folder.open_read(kind) as file:
                return file.read()
        understood = self._named
        assert understood is not None  # noqa: S101  there is no result before
        # One after the other: two downloads at once would write into one file.
        with self._making, self._folder.open_read(_FILE) as stream, self._folder.open_write("download") as target:
            sink: Any = (
                DarwinCoreSink(target, understood) if kind == "darwin core" else TableSink(target, kind, understood)
            )
            # A recorded file is recognised: its records are named in the download, and nothing is recorded again.
            run_batch(
                self._context, stream, understood, sinks=[sink], record=bool(self.recorded_by), by=self.recorded_by
            )
            sink.close()
            release_memory()
            target.seek(0)
            return target.read()

    @property
    def number_column(self) -> str:
        """The column of catalogue numbers in the run that is shown, or ""."""
        return self._named.id_name if self._named is not None else ""

    def rows(self) -> str:
        """Where the rows for the screen lie."""
        return self._folder.path("rows")

    def clear(self) -> None:
        """End the run and take the files away."""
        self.stop()
        self.wait(10)
        self._folder.clear()

    def _run(self, understood: BatchPlan, options: dict[str, Any]) -> None:
        recorded = False
        try:
            with (
                self._folder.open_read(_FILE) as stream,
                self._folder.open_write("csv") as csv,
                self._folder.open_write("issues") as issues,
                self._folder.open_write("rows") as rows,
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
            self._remember(understood, options["by"])
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
