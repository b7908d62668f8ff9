"""A whole file, a part at a time: read, check, name, record, hand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO, Protocol

from flora_core.access import UseCase
from flora_core.errors import Refused
from flora_core.identification.mix_ups import offers
from flora_core.monitoring.profiles.bins import bins_of
from flora_core.progress import Progress, no_progress
from flora_core.storage.records.identifications import Channel, Recording
from flora_core.tables.files.reading import read_parts
from flora_core.tables.rows.checking import check_part
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.batch.duplicates import DuplicateRows
from flora_core.workflows.batch.plan import BatchPlan
from flora_core.workflows.batch.recorder import BackgroundRecorder
from flora_core.workflows.batch.row_naming import IdentifiedChunk, identify_chunk
from flora_core.workflows.batch.summary import Summary, count_in, finished
from flora_core.workflows.context import AppContext
from flora_core.workflows.shadow_answers import shadow_of


class Sink(Protocol):
    """Something that is handed each part in order."""

    def write(self, found: IdentifiedChunk) -> None:
        """Take some rows."""


@use_case(UseCase.UPLOAD_TABLE, signs="by")
def run_batch(
    context: AppContext,
    stream: BinaryIO,
    understood: BatchPlan,
    *,
    sinks: Sequence[Sink] = (),
    record: bool = True,
    again: bool = False,
    by: str = "",
    door: Channel = "command",
    collector: str = "",
    site: str = "",
    at: datetime | None = None,
    progress: Progress = no_progress,
) -> Summary:
    """Name every row of the file, in order.

    Parameters
    ----------
    sinks : sequence of Sink
        Each is handed every part.
    record : bool
        Whether to record the identifications: all of them, or none if anything fails.
    again : bool
        Whether to record a file that was recorded before.
    collector, site : str
        Who gathered the plants and where, where that is known.
    at : datetime, optional
        When they were identified; now, except where a past season is brought in.
    progress : callable
        Told (share done, what is being done); may raise to stop.

    Raises
    ------
    Refused
        Nobody is named for the record.
    BadTable, Conflict, DatabaseUnavailable
        Nothing was recorded.
    """
    model, layout = understood.model, understood.layout
    if record and not by.strip():
        raise Refused("Who identifies? Give a name; records without a person can't be asked about later.")
    if not record:
        return name_rows(stream, understood, sinks, progress)
    summary = Summary(model.study.name, model.card.version or 0, notes=list(understood.notes))
    doubles = DuplicateRows.of(stream, understood, progress)
    earlier = recorded_before(context, understood)
    if earlier and not again:
        same = [r for r in earlier if r.recipe == understood.recipe and r.version == model.card.version]
        last = (same or earlier)[0]
        summary.recorded_before = f"{last.at:%Y-%m-%d %H:%M} UTC by {last.by}"
        known_token = last.token if same else ""
        summary.notes.append(
            f"This file was recorded before, {summary.recorded_before}"
            f"{'' if same else ', with other columns or another model'}; it was not recorded again."
        )
        _go_through(stream, understood, doubles, sinks, summary, None, known_token, progress)
        return finished(summary, model, layout)
    shadow = shadow_of(context, model)
    with context.records.begin(
        study=model.study.name,
        version=model.card.version or 0,
        by=by.strip(),
        door=door,
        source=understood.request.name,
        source_sha256=understood.sha256,
        recipe=understood.recipe,
        collector=collector.strip(),
        site=site.strip(),
        at=at,
        bins=bins_of(model),
        owner=context.principal.owner,
        shadow_version=None if shadow is None else shadow.version,
    ) as recorder:
        with BackgroundRecorder(recorder, bins_of(model), shadow) as behind:
            _go_through(stream, understood, doubles, sinks, summary, behind, recorder.token, progress)
        recorder.finish(again=again, refused=summary.not_identified, troubled=summary.troubled)
        summary.recorded = summary.identified
    return finished(summary, model, layout)


def name_rows(
    stream: BinaryIO, understood: BatchPlan, sinks: Sequence[Sink] = (), progress: Progress = no_progress
) -> Summary:
    """Name every row of the file, in order, and record nothing: no database is asked."""
    model = understood.model
    summary = Summary(model.study.name, model.card.version or 0, notes=list(understood.notes))
    doubles = DuplicateRows.of(stream, understood, progress)
    _go_through(stream, understood, doubles, sinks, summary, None, "", progress)
    return finished(summary, model, understood.layout)


@use_case(UseCase.UPLOAD_TABLE)
def recorded_before(context: AppContext, understood: BatchPlan) -> list[Recording]:
    """The recordings of this file, newest first; one of which no plant could be named is none."""
    study = understood.model.study.name
    return [r for r in context.records.find_by_checksum(study, understood.sha256) if r.plants]


def _go_through(
    stream: BinaryIO,
    understood: BatchPlan,
    doubles: DuplicateRows,
    sinks: Sequence[Sink],
    summary: Summary,
    behind: BackgroundRecorder | None,
    token: str,
    progress: Progress,
) -> None:
    from threadpoolctl import threadpool_limits

    model, layout = understood.model, understood.layout
    size = _size(stream)
    read_past: Counter[str] = Counter()
    mender = understood.mender()
    filled_up = 0
    # The matrices of a part are small: threads that share them wait for each other longer than they work.
    with threadpool_limits(limits=1, user_api="blas"):
        for part in read_parts(stream, layout):
            checked = mender.undo(part, check_part(model.study, layout.header, understood.rules, part))
            read_past.update(checked.read_past)
            filled_up += checked.filled_up
            found = identify_chunk(understood, part, checked, doubles, mender, token)
            if behind is not None:
                behind.add(found)
            for sink in sinks:
                sink.write(found)
            count_in(summary, model.study, found)
            progress(min(stream.tell(), size - 1) if layout.kind == "text" else size // 2, size, _so_many(summary.rows))
    summary.notes += [
        f"{note[0].upper()}{note[1:]} in {n:,} cell{'s' if n > 1 else ''}." for note, n in read_past.most_common()
    ]
    if filled_up:
        summary.notes.append(
            f"{filled_up:,} row{'s end' if filled_up > 1 else ' ends'} before the last column; nothing that is read is missing."
        )
    summary.notes += [
        f"{words[0].upper()}{words[1:]}, as was agreed, in {n:,} row{'s' if n > 1 else ''}."
        for words, n in mender.undone.items()
        if n
    ]
    if mender.unsearched:
        summary.notes.append(
            f"Of the rows that fit no species the first {len(mender.suggestions):,} were searched for a mix-up, "
            f"{mender.unsearched:,} more were not."
        )
    summary.offers = offers(mender.suggestions)
    progress(size, size, _so_many(summary.rows))


def _so_many(rows: int) -> str:
    return f"{rows:,} row{'s' if rows != 1 else ''}"


def _size(stream: BinaryIO) -> int:
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    return max(size, 1)
