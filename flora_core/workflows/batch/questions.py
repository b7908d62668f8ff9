"""What a table's reader asks back: each question with its answers, and the rows that each answer would change.

An answer is a change of the request. What it would do is tried on the first rows before it is offered, so that nobody has to
press a button to find out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final

import numpy as np

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.identification.mix_ups import Change, Suggestion
from flora_core.identification.naming import predict_plants
from flora_core.study import Measurement
from flora_core.tables.columns.matching import are_catalogue_numbers, share_of_numbers, unit_by_values
from flora_core.tables.files.reading import RowChunk, read_parts
from flora_core.tables.rows.checking import DuplicatePolicy, check_part
from flora_core.tables.values.cells import MISSING
from flora_core.units import LENGTHS, factor
from flora_core.wording import listed
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.batch.plan import BatchPlan, BatchRequest, understand
from flora_core.workflows.context import AppContext

#: Rows on which answers are tried.
TRIED: Final = 1000
#: Questions that are asked at one time; the next come when these are answered.
MOST_QUESTIONS: Final = 6
#: Columns offered for a measurement that none was recognised for.
_MOST_COLUMNS: Final = 3
_TIMES: Final = {"10": "ten", "100": "a hundred", "1000": "a thousand"}


@dataclass(frozen=True, slots=True)
class BatchReply:
    """One answer to a question.

    Attributes
    ----------
    label : str
        On its button.
    changes : mapping
        What it changes of the `BatchRequest`.
    effect : str
        Which rows it would change, and how: "changes 3 rows: fits nothing → I. virginica".
    """

    label: str
    changes: Mapping[str, Any]
    effect: str = ""


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One question about a table.

    Attributes
    ----------
    key : str
        By which a request remembers that it was answered with "as it is".
    text : str
    why : str
        Why it is asked.
    answers : tuple of BatchReply
    """

    key: str
    text: str
    why: str
    answers: tuple[BatchReply, ...] = field(default=())


@use_case(UseCase.UPLOAD_TABLE)
def batch_questions(context: AppContext, stream: BinaryIO, plan: BatchPlan) -> tuple[BatchQuestion, ...]:
    """What has to be asked about a table, the weightiest first, each answer with what it would change.

    Parameters
    ----------
    stream : binary file
        The table.
    plan : BatchPlan
        What was understood of it so far.
    """
    part = next(iter(read_parts(stream, plan.layout, rows=TRIED)), None)
    if part is None:
        return ()
    before = _outcomes(plan, part)
    found: list[BatchQuestion] = []
    for question in _questions(plan, part):
        if question.key in plan.request.declined:
            continue
        answers = tuple(
            answer
            if answer.effect or "declined" in answer.changes
            else replace(answer, effect=_effect(context, stream, plan, answer, before))
            for answer in question.answers
        )
        found.append(replace(question, answers=answers))
        if len(found) == MOST_QUESTIONS:
            break
    return tuple(found)


def _questions(plan: BatchPlan, part: RowChunk) -> Iterator[BatchQuestion]:
    yield from _decimal_question(plan)
    yield from _column_questions(plan, part)
    units = dict(_unit_questions(plan, part))
    yield from units.values()
    yield from _change_questions(plan, part, skipped=set(units))
    yield from _range_question(plan)
    yield from _duplicate_question(plan, part)
    yield from _number_question(plan, part)


def _leave(request: BatchRequest, key: str, label: str, effect: str = "changes nothing") -> BatchReply:
    return BatchReply(label, {"declined": (*request.declined, key)}, effect)


def _decimal_question(plan: BatchPlan) -> Iterator[BatchQuestion]:
    if plan.layout.question:
        text, _, _ = plan.layout.question.partition(" Say which")
        answers = tuple(
            BatchReply(f"The decimal sign is a {name}", {"decimal": sign})
            for name, sign in (("point", "."), ("comma", ","))
        )
        yield BatchQuestion("decimal", text, "every number of the file can be read in two ways", answers)


def _column_questions(plan: BatchPlan, part: RowChunk) -> Iterator[BatchQuestion]:
    """Measurements that no column was recognised for, where columns of numbers are left."""
    layout, study = plan.layout, plan.model.study
    taken = {a.column for a in plan.assignment.assigned} | {plan.assignment.id_column, *plan.provenance}
    free = [
        j
        for j, name in enumerate(layout.header)
        if name and j not in taken and (share_of_numbers(part.columns[j].to_pylist(), layout.decimal) or 0) >= 0.8
    ]
    for m in study.measurements:
        if plan.assignment.of(m.name) is not None or not free or m.name in plan.request.columns.values():
            continue
        key = f"column:{m.name}"
        likely = sorted(free, key=lambda j: -_plausible(plan, m, part, j))[:_MOST_COLUMNS]
        said = {**plan.mapping, **plan.request.columns}
        answers = [BatchReply(f"‘{layout.header[j]}’", {"columns": {**said, layout.header[j]: m.name}}) for j in likely]
        why = f"no column is named like it; without it the {study.plural} are named by the others"
        yield BatchQuestion(
            key, f"Which column holds {m.label}?", why, (*answers, _leave(plan.request, key, "None of them"))
        )


def _plausible(plan: BatchPlan, m: Measurement, part: RowChunk, column: int) -> float:
    """The share of a column's cells that could be this measurement in any unit of length."""
    texts = part.columns[column].to_pylist()
    values = np.array([_number(text, plan.layout.decimal) for text in texts])
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0
    times = [factor(unit, m.unit) for unit in LENGTHS] if m.unit in LENGTHS else [1.0]
    shares = [float(((known * t >= m.low) & (known * t <= m.high)).mean()) for t in times]
    own = float(((known >= m.low) & (known <= m.high)).mean())
    return max(shares) + own


def _number(text: str, decimal: str) -> float:
    try:
        return float(text.strip().replace(",", ".") if decimal == "," else text.strip())
    except ValueError:
        return float("nan")


def _unit_questions(plan: BatchPlan, part: RowChunk) -> Iterator[tuple[int, BatchQuestion]]:
    """{place of the measurement: question} for columns whose values would be plausible in another unit."""
    study, request = plan.model.study, plan.request
    for i, m in enumerate(study.measurements):
        a = plan.assignment.of(m.name)
        unit = unit_by_values(m, plan.first.values[:, i]) if a is not None and a.unit == m.unit else ""
        if a is None or not unit:
            continue
        column = plan.layout.header[a.column]
        key = f"unit:{column}"
        answers = [BatchReply(f"Read it in {unit}", {"units": {**request.units, column: unit}})]
        change = next(
            (c for c in _changes(plan, part) if c.columns == (i,) and c.factors == (factor(unit, m.unit),)), None
        )
        if change is not None:
            answers.append(
                BatchReply(_do(change).replace("them", "only what fits nothing"), _agreeing(request, change))
            )
        answers.append(_leave(request, key, f"It is in {m.unit}"))
        known = plan.first.values[:, i][~np.isnan(plan.first.values[:, i])]
        why = (
            f"it holds {m.digits(known.min())} to {m.digits(known.max())}; {study.title} have "
            f"{m.digits(m.low)} to {m.written(m.high)}"
        )
        yield i, BatchQuestion(key, f"Is ‘{column}’ in {unit}?", why, tuple(answers))


def _agreeing(request: BatchRequest, change: Change) -> dict[str, Any]:
    return {"changes": (*request.changes, change.words)}


def _changes(plan: BatchPlan, part: RowChunk) -> dict[Change, dict[int, Suggestion]]:
    """The mix-ups found in the first rows: {change: {place: suggestion}}, the commonest first."""
    checked, mender = plan.first, plan.mender()
    usable = np.flatnonzero(checked.usable)
    strange = usable[~predict_plants(plan.model, checked.values[usable]).fits] if len(usable) else usable
    searched = np.union1d(strange, np.flatnonzero(checked.impossible)).astype(np.int64)
    found: dict[Change, dict[int, Suggestion]] = {}
    for place, suggestion in mender.search(checked.values, searched).items():
        found.setdefault(suggestion.change, {})[place] = suggestion
    return dict(sorted(found.items(), key=lambda one: -len(one[1])))


def _change_questions(plan: BatchPlan, part: RowChunk, skipped: set[int]) -> Iterator[BatchQuestion]:
    """Rows that one change would make fit: another unit, a lost decimal point, columns swapped."""
    for change, places in _changes(plan, part).items():
        # Where a column's unit is asked about, its rows are part of that question.
        if change.words in plan.request.changes or set(change.columns) & skipped:
            continue
        key = f"change:{change.words}"
        text, why = _asked(plan, part, change, places)
        answers = (BatchReply(_do(change), _agreeing(plan.request, change)), _leave(plan.request, key, "Leave as is"))
        yield BatchQuestion(key, text, why, answers)


def _asked(plan: BatchPlan, part: RowChunk, change: Change, places: Mapping[int, Suggestion]) -> tuple[str, str]:
    """The question about some rows, and why it is asked."""
    study, rows = plan.model.study, [int(part.rows[place]) for place in places]
    where = _rows_in_words(rows)
    names = [study.names[i] for i in change.columns]
    assigned = [a for a in map(plan.assignment.of, names) if a is not None]
    columns = listed([f"‘{plan.layout.header[a.column]}’" for a in assigned])
    if len(change.columns) == 1 and assigned and len(places) == 1:
        (place,), (i,) = places, change.columns
        typed = plan.first.as_typed[i]
        stands = str(typed[place].as_py()).strip() if typed is not None else ""
        meant = places[place].values[i] / factor(assigned[0].unit, study.measurements[i].unit)
        known = plan.first.values[:, i]
        fine = known[plan.first.usable & ~np.isnan(known)] / factor(assigned[0].unit, study.measurements[i].unit)
        others = f"; the others: {fine.min():g} to {fine.max():g}" if len(fine) > 1 else ""
        return f"Is {stands} in {where} really {meant:.12g} {assigned[0].unit}?".replace(
            " ?", "?"
        ), f"column {columns}{others}"
    if change.words.endswith("swapped"):
        return f"Are {change.words.removesuffix(' swapped')} swapped in {where}?", f"columns {columns}"
    unit = _unit_meant(change, [a.unit for a in assigned])
    several = len(places) > 1
    what, verb = (where, "Are" if several else "Is") if change.whole else (f"{columns} in {where}", "Is")
    own = f"as {assigned[0].unit}, " if assigned and assigned[0].unit else ""
    return (
        f"{verb} {what} {f'in {unit}' if unit else _too(change)}?",
        f"{own}{'each' if several else 'it'} is {_too(change)}",
    )


def _unit_meant(change: Change, units: Sequence[str]) -> str:
    """The unit in which the numbers would be right as they stand, or ""."""
    if len(set(units)) != 1 or units[0] not in LENGTHS or len(set(change.factors)) != 1:
        return ""
    meant = [unit for unit in ("mm", "cm", "dm", "in") if abs(factor(unit, units[0]) - change.factors[0]) < 1e-9]
    return meant[0] if meant and meant[0] != units[0] else ""


def _too(change: Change) -> str:
    """How far off the rows are: "ten times too large"."""
    verb, _, by = change.words.rpartition(" ")
    return f"{_TIMES.get(by, by)} times too {'large' if verb.endswith('divided by') else 'small'}"


def _do(change: Change) -> str:
    """What the button does."""
    if change.words.endswith("swapped"):
        return "Swap them"
    verb, _, by = change.words.rpartition(" ")
    return f"{'Divide' if verb.endswith('divided by') else 'Multiply'} them by {_TIMES.get(by, by)}"


def _rows_in_words(rows: Sequence[int]) -> str:
    if len(rows) == 1:
        return f"row {rows[0]}"
    if len(rows) > 2 and rows[-1] - rows[0] == len(rows) - 1:
        return f"rows {rows[0]} to {rows[-1]}"
    return f"rows {listed([str(row) for row in rows])}" if len(rows) <= 4 else f"{len(rows):,} rows"


def _range_question(plan: BatchPlan) -> Iterator[BatchQuestion]:
    ranges = [issue for _, issue in plan.first.issues if issue.problem.endswith("is a range")]
    if ranges and not plan.request.middle_of_ranges:
        first = ranges[0]
        text = (
            f"Is the middle meant by ranges like {first.value.strip()}?"
            if len(ranges) > 1
            else f"Is the middle meant by {first.value.strip()} in row {first.row}?"
        )
        why = f"{'these cells are ranges' if len(ranges) > 1 else 'it is a range'}; a {plan.model.study.organism} has one value"
        answers = (
            BatchReply("Use the middle", {"middle_of_ranges": True}),
            _leave(plan.request, "ranges", "Leave them out"),
        )
        yield BatchQuestion("ranges", text, why, answers)


def _duplicate_question(plan: BatchPlan, part: RowChunk) -> Iterator[BatchQuestion]:
    column = plan.assignment.id_column
    if column is None or plan.request.duplicates is not DuplicatePolicy.FLAG:
        return
    where: dict[str, list[int]] = {}
    for row, text in zip(part.rows, part.columns[column].to_pylist(), strict=True):
        number = text.strip()
        if number and number.lower() not in MISSING and number.lower() != "s.n.":
            where.setdefault(number, []).append(int(row))
    twice = {number: rows for number, rows in where.items() if len(rows) > 1}
    if not twice:
        return
    organism = plan.model.study.organism
    number, rows = next(iter(twice.items()))
    extra = sum(len(rows) - 1 for rows in twice.values())
    one = len(twice) == 1
    text = f"Is {number} one {organism} or {len(rows)}?" if one else f"Are rows with one number one {organism}?"
    why = (
        f"{_rows_in_words(rows)}: the same number"
        if one
        else f"{len(twice):,} numbers stand in several rows, {number} in {_rows_in_words(rows)}"
    )
    counted = f"takes {extra:,} row{'s' if extra > 1 else ''} together with the others of its number"
    answers = (
        BatchReply(f"One {organism}", {"duplicates": DuplicatePolicy.REPLICATE}, counted),
        _leave(plan.request, "duplicates", f"Different {plan.model.study.plural}"),
    )
    yield BatchQuestion("duplicates", text, why, answers)


def _number_question(plan: BatchPlan, part: RowChunk) -> Iterator[BatchQuestion]:
    """A column that may hold the catalogue numbers, where none is named so."""
    if plan.assignment.id_column is not None or plan.request.id_column is not None:
        return
    taken = {a.column for a in plan.assignment.assigned} | set(plan.provenance)
    for j, name in enumerate(plan.layout.header):
        cells = [text.strip() for text in part.columns[j].to_pylist() if text.strip()]
        if (
            name
            and j not in taken
            and len(cells) > 0.9 * len(part)
            and all(len(text) <= 40 for text in cells)
            and sum(any(c.isdigit() for c in text) for text in cells) > 0.9 * len(cells)
            and not any("," in text or ("." in text.rstrip(".") and text.replace(".", "").isdigit()) for text in cells)
            and are_catalogue_numbers(name, cells)
        ):
            why = f"each row has another one, such as {cells[0]}; the records, slips and archive carry it"
            answers = (
                BatchReply("Yes", {"id_column": name}, "names the records; no species changes"),
                BatchReply("No", {"id_column": ""}, "changes nothing"),
            )
            yield BatchQuestion(f"number:{name}", f"Is ‘{name}’ the catalogue number?", why, answers)
            return


def _outcomes(plan: BatchPlan, part: RowChunk) -> list[str]:
    """What becomes of each row: its species, "fits nothing", or "failed"."""
    study = plan.model.study
    checked = plan.mender().undo(part, check_part(study, plan.layout.header, plan.rules, part))
    outcomes = ["failed"] * len(part)
    rows = np.flatnonzero(checked.usable)
    if len(rows):
        named = predict_plants(plan.model, checked.values[rows])
        for row, best, fits in zip(rows, named.best, named.fits, strict=True):
            outcomes[int(row)] = study.short(study.species_names[int(best)]) if fits else "fits nothing"
    return outcomes


def _effect(context: AppContext, stream: BinaryIO, plan: BatchPlan, answer: BatchReply, before: list[str]) -> str:
    """Which of the first rows would be named otherwise."""
    try:
        other = understand(context, stream, replace(plan.request, **answer.changes), plan.sha256)
        part = next(iter(read_parts(stream, other.layout, rows=TRIED)))
        after = _outcomes(other, part)
    except FloraError as error:
        return f"can't be read so: {error.message}"
    moved = Counter((a, b) for a, b in zip(before, after, strict=False) if a != b)
    n = sum(moved.values())
    of = f" of the first {TRIED:,}" if len(before) == TRIED else ""
    if not n:
        return f"changes the name of no row{of}"
    (start, end), most = moved.most_common(1)[0]
    rest = f", {n - most:,} otherwise" if n > most else ""
    return f"changes {n:,} row{'s' if n > 1 else ''}{of}: {start} → {end}{rest}"
