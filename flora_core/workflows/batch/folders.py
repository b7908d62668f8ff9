"""Tables that no machine holds: a folder or bucket of files, named part by part on as many processes or machines as there are.

Each part is a table of its own; its result appears whole or not at all, and with it a small document that says what came of it
and of which file, by which model. A run that was stopped is begun again by the same words: parts whose document matches are
passed over. Issues, counts and the monitor's profile are merged at the end, which any order of the parts gives alike.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, BinaryIO, Final

import numpy as np

from flora_core.access import Principal, UseCase
from flora_core.errors import BadTable, FloraError, Refused
from flora_core.model import Model
from flora_core.monitoring.profiles.bins import Bins, bins_of
from flora_core.monitoring.profiles.profile import Profile, counts_of_rows, empty, from_document, merge, merge_all
from flora_core.progress import Progress, no_progress
from flora_core.settings import Settings
from flora_core.storage.cluster import spread
from flora_core.storage.files.object_files import ObjectFiles, StoredFile, files_below, is_remote
from flora_core.tables.layout import FORMATS
from flora_core.tables.names.checklist import Checklist
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.batch.plan import BatchPlan, BatchRequest, plan_with
from flora_core.workflows.batch.recorder import profile_to_record
from flora_core.workflows.batch.row_naming import IdentifiedChunk
from flora_core.workflows.batch.run import Sink, name_rows, run_batch
from flora_core.workflows.batch.sinks import ISSUE_COLUMNS, TableSink
from flora_core.workflows.batch.summary import MOST_ISSUES, Summary
from flora_core.workflows.context import AppContext, open_context

#: Names that begin so are passed over by whatever reads the results as one table.
_OURS: Final = "_flora/"
_SUMMARY: Final = "_flora/summary.json"
_ISSUES: Final = "_flora/issues.csv"
#: Issues of a part that stand in its document and in the merged table; all of them stand in its rows.
_ISSUES_OF_PART: Final = 10_000


@dataclass(frozen=True, slots=True)
class FolderJob:
    """What is asked of a folder of tables.

    Attributes
    ----------
    source, target : str
        A folder, a pattern ("plots/*.parquet", "s3://bucket/2026/*.parquet"), or an address; where the results go.
    request : BatchRequest
        As for one table; its name is not used.
    kind : str
        "csv", "tsv", "xlsx", "parquet" or "arrow"; "" for what each part is.
    record, again : bool
    by, collector, site : str
        As for `run_batch`.
    processes : int
        At work at one time on this machine; a cluster has as many as it has cores.
    """

    source: str
    target: str
    request: BatchRequest
    kind: str = ""
    record: bool = False
    again: bool = False
    by: str = ""
    collector: str = ""
    site: str = ""
    processes: int = 1


@dataclass(frozen=True, slots=True)
class StudyChoices:
    """What people said of a study's tables: {checksum of a header: its columns}, and the accepted names."""

    columns: dict[str, str]
    checklist: Checklist | None


@dataclass(slots=True)
class FolderSummary:
    """What came of a folder: counts over all parts; rows = identified + not identified.

    Attributes
    ----------
    parts, earlier : int
        Parts named, and those of them that an earlier run had named.
    failed : dict of str to str
        {part: why it could not be named}.
    profile : dict
        The merged profile of all parts' plants, as `Profile.as_document` gives it.
    """

    study: str
    model_version: int
    output: str
    parts: int = 0
    earlier: int = 0
    rows: int = 0
    identified: int = 0
    not_identified: int = 0
    unsure: int = 0
    fit_nothing: int = 0
    unusual: int = 0
    recorded: int = 0
    issue_count: int = 0
    species: dict[str, int] | None = None
    failed: dict[str, str] | None = None
    notes: list[str] | None = None
    profile: dict[str, Any] | None = None

    def as_document(self) -> dict[str, Any]:
        """What `batch --json` prints."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """In words."""
        parts = "1 part" if self.parts == 1 else f"{self.parts:,} parts"
        before = f" ({self.earlier:,} of them by an earlier run)" if self.earlier else ""
        bad = len(self.failed or {})
        failed = f" {bad:,} {'part' if bad == 1 else 'parts'} could not be named." if bad else ""
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{parts}{before}, {rows}: {self.identified:,} identified, {self.not_identified:,} not.{failed}"


@use_case(UseCase.UPLOAD_TABLE, signs="by")
def name_folder(
    context: AppContext, job: FolderJob, *, by: str = "", progress: Progress = no_progress
) -> FolderSummary:
    """Name every table of a folder or bucket, and merge what came of them.

    Parameters
    ----------
    by : str
        Who identifies, for the record.

    Raises
    ------
    Refused
        There is no table there, or results would be written among the tables.
    Unavailable
        A store or the cluster can't be reached; parts that were done stay done.
    """
    job = replace(job, by=by)
    settings = context.settings
    # SQLite takes one writer at a time; others would wait for it longer than they work.
    here = 1 if job.record and context.database.path is not None else job.processes

    def name_all(workers: int) -> FolderSummary:
        return _name_all(context, job, workers, progress)

    return spread(name_all, settings.cluster, here, settings.without_cluster)


def _name_all(context: AppContext, job: FolderJob, workers: int, progress: Progress) -> FolderSummary:
    import joblib

    place, pattern = _place_and_pattern(job.source)
    if place.rstrip("/") == job.target.rstrip("/"):
        raise Refused("The results can't go among the tables; name another folder or address for them, with -o.")
    source, target = files_below(place), files_below(job.target)
    parts = [one for one in source.files() if _is_part(one.name, pattern)]
    if not parts:
        raise Refused(f"There is no table at {job.source}: no file there ends in {', '.join(FORMATS)}.")
    outputs = Counter(_output(one.name, job.kind) for one in parts)
    twice = [name for name, n in outputs.items() if n > 1]
    if twice:
        raise Refused(f"Two tables would both become {twice[0]}; rename one of them.")
    model = context.champion(job.request.study)
    recipe = _recipe(job, model)
    there = {one.name for one in target.files()}
    done = {one.name: found for one in parts if (found := _done_before(target, there, one, job, recipe)) is not None}
    waiting = [one for one in parts if one.name not in done]
    said = StudyChoices(context.column_mappings.all_of(model.study.name), context.checklists.of(model.study.name))
    records = (context.settings, context.principal) if job.record else None
    progress(len(done), len(parts), f"{len(done):,} of {len(parts):,} parts")
    calls = (joblib.delayed(name_part)(model, place, one, job, recipe, said, records) for one in waiting)
    named = dict(done)
    workers = max(1, min(workers, len(waiting) or 1))
    for document in joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(calls):
        named[document["part"]] = document
        progress(len(named), len(parts), f"{len(named):,} of {len(parts):,} parts")
    return _merged(model, job, target, [named[one.name] for one in parts], len(done))


def name_part(
    model: Model,
    place: str,
    part: StoredFile,
    job: FolderJob,
    recipe: str,
    said: StudyChoices,
    records: tuple[Settings, Principal] | None,
) -> dict[str, Any]:
    """Name one part where this runs, and write its result and its document; what can't be named is said in the document."""
    source, target = files_below(place), files_below(job.target)
    document: dict[str, Any] = {"part": part.name, "size": part.size, "mark": part.mark, "recipe": recipe}
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(source.open(part.name))
            request = replace(job.request, name=part.name)
            understood = plan_with(model, stream, request, said.columns.get, said.checklist)
            output = _output(part.name, job.kind)
            written = opened.enter_context(tempfile.TemporaryFile())
            counted = _ProfileSink(bins_of(model))
            table = TableSink(written, output.rpartition(".")[2], understood)
            summary = _run(records, job, stream, understood, [table, counted])
            table.close()
        except BadTable as refused:
            document["failed"] = refused.message
            return document
        profile = merge(
            counted.profile, counts_of_rows(counted.bins, summary.rows, summary.not_identified, summary.troubled)
        )
        target.put(output, written)
    document |= {
        "model_version": model.card.version,
        "mapping": understood.mapping,
        "rows": summary.rows,
        "identified": summary.identified,
        "not_identified": summary.not_identified,
        "unsure": summary.unsure,
        "fit_nothing": summary.fit_nothing,
        "unusual": summary.unusual,
        "recorded": summary.recorded,
        "species": dict(summary.species.most_common()),
        "issue_count": summary.issue_count,
        "issues": [[i.row, i.column, i.value, i.problem, i.suggestion] for i in summary.issues[:_ISSUES_OF_PART]],
        "notes": summary.notes,
        "profile": profile.as_document(),
    }
    # Last: a part counts as done when this is there.
    _put_document(target, _document_of(part.name), document)
    return document


def _run(
    records: tuple[Settings, Principal] | None,
    job: FolderJob,
    stream: BinaryIO,
    understood: BatchPlan,
    sinks: Sequence[Sink],
) -> Summary:
    if records is None:
        return name_rows(stream, understood, sinks)
    settings, principal = records
    context = open_context(settings)
    try:
        return run_batch(
            context.acting_as(principal, "command"),
            stream,
            understood,
            sinks=sinks,
            record=True,
            again=job.again,
            by=job.by,
            collector=job.collector,
            site=job.site,
        )
    finally:
        context.close()


class _ProfileSink:
    """Counts the plants of a part as the monitor does."""

    def __init__(self, bins: Bins) -> None:
        self.bins, self.profile = bins, empty(bins)

    def write(self, found: IdentifiedChunk) -> None:
        self.profile = merge(self.profile, profile_to_record(self.bins, found))


def _merged(
    model: Model, job: FolderJob, target: ObjectFiles, documents: list[dict[str, Any]], earlier: int
) -> FolderSummary:
    good = [d for d in documents if "failed" not in d]
    summary = FolderSummary(model.study.name, model.card.version or 0, job.target, len(good), earlier)
    for name in ("rows", "identified", "not_identified", "unsure", "fit_nothing", "unusual", "recorded", "issue_count"):
        setattr(summary, name, sum(d[name] for d in good))
    species: Counter[str] = Counter()
    for d in good:
        species.update(d["species"])
    summary.species = dict(species.most_common())
    summary.failed = {d["part"]: d["failed"] for d in documents if "failed" in d}
    bins = bins_of(model)
    profiles: list[Profile] = [from_document(bins, d["profile"]) for d in good]
    summary.profile = merge_all(bins, profiles).as_document()
    summary.notes = _notes(good)
    _write_issues(target, good)
    _put_document(target, _SUMMARY, summary.as_document())
    return summary


def _notes(good: list[dict[str, Any]]) -> list[str]:
    """What holds for all parts is said once; what holds for some, with how many."""
    seen: Counter[str] = Counter()
    for d in good:
        seen.update(list(dict.fromkeys(d["notes"])))
    notes = [note if n == len(good) else f"{note} ({n:,} of {len(good):,} parts)" for note, n in seen.most_common(50)]
    if len({json.dumps(d["mapping"], sort_keys=True) for d in good}) > 1:
        notes.insert(0, "The parts do not all have the same columns; each part's document says how it was read.")
    return notes


def _write_issues(target: ObjectFiles, good: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    from flora_core.tables.export.table_writer import row_writer

    with tempfile.TemporaryFile() as stream:
        writer = row_writer(stream, "csv", ["part", *ISSUE_COLUMNS])
        left = MOST_ISSUES
        for d in good:
            rows = [[d["part"], *("" if cell is None else str(cell) for cell in one)] for one in d["issues"][:left]]
            left -= len(rows)
            if rows:
                writer.write([pa.array(column, pa.string()) for column in zip(*rows, strict=True)])
        writer.close()
        target.put(_ISSUES, stream)


def _place_and_pattern(source: str) -> tuple[str, str]:
    """The address below which the parts lie, and the pattern that their names match."""
    head, _, tail = source.partition("*")
    if not tail and "*" not in source:
        return source, "*"
    place, _, begun = head.rpartition("/")
    if is_remote(source) and place.count("/") < 2:
        raise Refused(f"{source} names no bucket; write it like s3://bucket/2026/*.parquet.")
    return place or ".", f"{begun}*{tail}"


def _is_part(name: str, pattern: str) -> bool:
    return name.lower().endswith(FORMATS) and not name.startswith(_OURS) and fnmatchcase(name, pattern)


def _output(name: str, kind: str) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{kind or {'txt': 'csv'}.get(ending.lower(), ending.lower())}"


def _document_of(name: str) -> str:
    return f"{_OURS}parts/{name}.json"


def _recipe(job: FolderJob, model: Model) -> str:
    """SHA-256 of all that decides what becomes of a part, besides the part."""
    said = [
        asdict(replace(job.request, name="")),
        job.kind,
        job.record,
        job.by,
        job.collector,
        job.site,
        model.card.version,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _done_before(
    target: ObjectFiles, there: set[str], part: StoredFile, job: FolderJob, recipe: str
) -> dict[str, Any] | None:
    """What an earlier run wrote of the same part, where it would be the same again."""
    name = _document_of(part.name)
    if name not in there or _output(part.name, job.kind) not in there:
        return None
    try:
        with target.open(name) as stream:
            document: dict[str, Any] = json.load(stream)
    except (FloraError, ValueError):
        return None
    same = (document.get("size"), document.get("mark"), document.get("recipe")) == (part.size, part.mark, recipe)
    return document if same else None


def _put_document(target: ObjectFiles, name: str, document: dict[str, Any]) -> None:
    with tempfile.TemporaryFile() as stream:
        stream.write(json.dumps(document, ensure_ascii=False, indent=1, default=_plain).encode())
        target.put(name, stream)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value).__name__)
