"""Two tables against each other: herbarium and field, last year and this year; and the accuracy of one without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flora_core.errors import BadTable, Refused, Unknown
from flora_core.model import Floats, Ints
from flora_core.monitoring.decision import ALPHA_AMBER, holm
from flora_core.monitoring.drift.samples import Findings, compare_columns
from flora_core.monitoring.predictions import Estimate, PredictionSample
from flora_core.monitoring.verdicts.gaps import gap_reason, with_gaps
from flora_core.monitoring.verdicts.reasons import VerdictReason
from flora_core.monitoring.verdicts.verdict import WindowVerdict, window_verdict
from flora_core.monitoring.verdicts.wording import Wording
from flora_core.monitoring.windows import Column, DriftStatistic, Window, windows
from flora_core.study import Study
from flora_core.tables.files.reading import Decimal, read_layout, read_parts
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.numbers import read_numbers

Tool = Literal["flora", "nannyml", "evidently"]
TOOLS: Final[tuple[Tool, ...]] = ("flora", "nannyml", "evidently")

#: Columns of text with more different values than this are dates, numbers of specimens, remarks: nothing to compare.
_MOST_GROUPS: Final = 50
#: A column of numbers may hold so many cells in a hundred that are none.
_MOST_BAD: Final = 0.1
#: How many cells are looked at before a column is read as numbers.
_GLANCE: Final = 200

ALL_MEASUREMENTS: Final = "all measurements"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A file's cells as text.

    Attributes
    ----------
    name : str
    columns : dict of str to pyarrow.ChunkedArray
    decimal : {".", ",", ""}
    rows : int
    """

    name: str
    columns: dict[str, pa.ChunkedArray]
    decimal: Decimal
    rows: int


@dataclass(frozen=True, slots=True)
class WindowDrift:
    """One window of the current table: its rows, everything it was asked, and what that comes to."""

    window: Window
    findings: Findings
    window_verdict: WindowVerdict


@dataclass(frozen=True, slots=True)
class TablesDrift:
    """Two tables compared.

    Attributes
    ----------
    figures : tuple of Figure
        By window, column and method.
    windows : tuple of WindowDrift
        Our own verdicts; empty in the modes that repeat other tools.
    columns : tuple of str
        What was compared.
    notes : tuple of str
        What was left out, and why.
    """

    figures: tuple[DriftStatistic, ...]
    windows: tuple[WindowDrift, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...]


def read_table(stream: BinaryIO, name: str) -> Table:
    """All cells of a file as text; reads only.

    Raises
    ------
    BadTable, TooLarge
        It is no table, or beyond a limit; the message names the cause.
    """
    layout = read_layout(stream, name)
    parts = list(read_parts(stream, layout))
    columns = {
        title: pa.chunked_array([part.columns[j] for part in parts], type=pa.string())
        for j, title in enumerate(layout.header)
        if title
    }
    return Table(name, columns, layout.decimal, sum(map(len, parts)))


def drift_of_tables(
    reference: Table,
    current: Table,
    *,
    columns: Sequence[str] = (),
    tool: Tool = "flora",
    size: int | None = None,
    study: Study | None = None,
) -> TablesDrift:
    """Whether the plants of one table are like those of another, column by column.

    Parameters
    ----------
    columns : sequence of str
        Which; none for every column of numbers, or of few groups, that both tables have.
    tool : {"flora", "nannyml", "evidently"}
        Whose definitions.
    size : int or None
        Rows of a window of the current table; None for what the tool does by itself.
    study : Study or None
        Whose names and units the sentences use for columns that are its measurements.

    Raises
    ------
    Unknown
        A column is not there.
    BadTable
        A table has no rows, or the two have no column in common that can be compared.
    """
    _check_rows(reference, current)
    chosen, notes = _columns(reference, current, columns, tool)
    names = tuple(column.name for column in chosen)
    if tool == "nannyml":
        from flora_core.monitoring.compat import nannyml_drift

        found = [figure for column in chosen for figure in nannyml_drift.drift(column, size)]
        order = {name: place for place, name in enumerate(names)}
        return TablesDrift(tuple(sorted(found, key=lambda f: (f.window, order[f.column]))), (), names, tuple(notes))
    if tool == "evidently":
        from flora_core.monitoring.compat import evidently

        return TablesDrift(evidently.drift(chosen, size), (), names, tuple(notes))
    wording = _wording(reference.name, names, study)
    judged, figures = [], list[DriftStatistic]()
    watched = list(columns) or [name for name in reference.columns if not _is_unlike(reference, name)]
    for window in windows(current.rows, size or current.rows):
        findings = compare_columns(chosen, rows=window.rows)
        gaps = _missing_drift(reference, current, watched, window)
        reasons = [_gap_reason(figure, reference, current) for figure in gaps if figure.alert]
        told = with_gaps(window_verdict(findings, wording), reasons, compared=bool(chosen))
        judged.append(WindowDrift(window, findings, told))
        figures += [*_figures(judged[-1], names), *gaps]
        notes += [reason.text for reason in reasons]
    return TablesDrift(tuple(figures), tuple(judged), names, tuple(notes))


#: A share of missing values that changed by less is not worth a word, however many rows prove it.
_MIN_GAP: Final = 0.05


def _is_unlike(table: Table, name: str) -> bool:
    """Whether a column is one of free texts, which nobody compares."""
    return _read(table, name) is None and len(_texts(table, name).unique()) > _MOST_GROUPS


def _measured(table: Table, name: str, *, numbers: bool) -> npt.NDArray[np.bool_]:
    """(n,) whether each row holds something in the column; a text is nothing where numbers are expected."""
    if name not in table.columns:
        return np.zeros(table.rows, dtype=bool)
    if not numbers:
        return np.asarray(_texts(table, name).is_valid().to_numpy(), dtype=bool)
    read = [read_numbers(chunk, table.decimal).values for chunk in table.columns[name].chunks]
    return np.isfinite(np.concatenate(read))


def _missing_drift(reference: Table, current: Table, names: Sequence[str], window: Window) -> list[DriftStatistic]:
    """The columns whose share of missing values changed: it, tested; a column that is gone is missing everywhere.

    References
    ----------
    Fisher, R. A. (1922), Journal of the Royal Statistical Society 85: 87-94 (exact test); Holm, S. (1979), Scandinavian Journal
    of Statistics 6: 65-70 (several columns).
    """
    from scipy.stats import fisher_exact

    found = []
    for name in names:
        numbers = _read(reference, name) is not None
        before = _measured(reference, name, numbers=numbers)
        now = _measured(current, name, numbers=numbers)[window.rows]
        if before.mean() == now.mean():
            continue
        counts = np.array([[(~part).sum(), part.sum()] for part in (before, now)])
        p = fisher_exact(counts).pvalue
        found.append((name, float(1 - before.mean()), float(1 - now.mean()), len(now), float(p)))
    adjusted = holm([p for *_, p in found])
    return [
        window.figure(n, name, "missing", share, p_value=p, alert=p < ALPHA_AMBER and abs(share - earlier) >= _MIN_GAP)
        for (name, earlier, share, n, _), p in zip(found, adjusted, strict=True)
    ]


def _gap_reason(figure: DriftStatistic, reference: Table, current: Table) -> VerdictReason:
    name, share = figure.column, figure.value or 0.0
    if name not in current.columns:
        text = f"'{name}' of {reference.name} is not in {current.name}: every one of its values is missing there."
        return gap_reason(name, 0.0, 1.0, text)
    p = "p < 0.0001" if (figure.p_value or 0.0) < 0.0001 else f"p = {figure.p_value:.2g}"
    numbers = _read(reference, name) is not None
    what = "missing or no number" if numbers else "missing"
    often = f"'{name}' is {what} in {share:.0%} of {figure.n:,} rows of {current.name}"
    earlier = 1 - float(_measured(reference, name, numbers=numbers).mean())
    text = f"{often} and in {earlier:.0%} of {reference.rows:,} rows of {reference.name} ({p})."
    return gap_reason(name, earlier, share, text)


def _wording(reference: str, names: Sequence[str], study: Study | None) -> Wording:
    """Columns as the study calls its measurements, where they are; in the unit of the table, which is not known."""
    known = {name: m.label for name in names for m in (study.measurements if study else ()) if m.name == name}
    return Wording("rows", "these", reference, label=lambda name: known.get(name, name), model=False)


def _figures(one: WindowDrift, names: Sequence[str]) -> list[DriftStatistic]:
    """Our own answers as figures; the p values are those after correction, on which the alerts rest."""
    findings = one.findings
    found: dict[str, DriftStatistic] = {}
    for s in findings.shifts:
        found[s.name] = one.window.figure(
            s.m,
            s.name,
            "wasserstein",
            s.distance,
            p_value=s.p_adjusted,
            high=s.critical,
            alert=s.verdict in ("amber", "red"),
        )
    for name, mix in findings.groups:
        alert = mix.verdict in ("amber", "red")
        found[name] = one.window.figure(mix.m, name, "chi2", mix.value, p_value=mix.p_adjusted, alert=alert)
    figures = [found[name] for name in names]
    if (every := findings.multivariate_drift) is not None:
        alert = every.verdict in ("amber", "red")
        energy = one.window.figure(
            every.m,
            ALL_MEASUREMENTS,
            "energy",
            every.distance,
            p_value=every.p_adjusted,
            high=every.critical,
            alert=alert,
        )
        figures.append(energy)
    return figures


def estimate_of_tables(
    reference: Table,
    current: Table,
    *,
    identified: str,
    true: str,
    probabilities: Mapping[str, str],
    tool: Literal["flora", "nannyml"] = "flora",
    size: int | None = None,
) -> tuple[Estimate, ...]:
    """How well the plants of the current table were named, without using their true names.

    Parameters
    ----------
    identified, true : str
        The columns of the species named, and of the true one, which the current table may lack.
    probabilities : mapping of str to str
        {species: column of its probability}; one alone where there are two species.

    Raises
    ------
    Unknown
        A column is not there.
    BadTable
        A table has no rows, a probability is none, or the reference has no true species.
    """
    _check_rows(reference, current)
    for table in (reference, current):
        _check_there(table, [identified, *probabilities.values()])
    _check_there(reference, [true])
    _check_labels((reference, current), (identified, true), probabilities)
    labels, shares = _probabilities(reference, current, identified, true, probabilities)
    before, now = (
        PredictionSample(share, _codes(table, identified, labels), _codes(table, true, labels))
        for table, share in ((reference, shares[0]), (current, shares[1]))
    )
    if not (before.usable & (before.true >= 0)).any():
        raise BadTable(
            f"{reference.name} has no row with a true species in '{true}' and its probabilities; without such rows there is "
            "nothing to calibrate on."
        )
    if tool == "nannyml":
        from flora_core.monitoring.compat import nannyml_performance

        return nannyml_performance.estimate(before, now, size)
    from flora_core.monitoring.performance.cbpe import estimate

    return estimate(before, now, size)


#: What a field is called in documents, where that is not its own name.
_KEYS = {"p_value": "p"}


def figures_document(figures: Sequence[DriftStatistic] | Sequence[Estimate]) -> list[dict[str, Any]]:
    """Figures as the list of documents that every door gives a program."""
    return [{_KEYS.get(name, name): value for name, value in asdict(figure).items()} for figure in figures]


def _check_rows(*tables: Table) -> None:
    for table in tables:
        if not table.rows:
            raise BadTable(f"{table.name} has a header and no rows below it.")


def _check_there(table: Table, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.columns:
            raise Unknown(f"{table.name} has no column '{name}'. There are: {', '.join(table.columns)}.")


def _check_labels(tables: Sequence[Table], columns: Sequence[str], probabilities: Mapping[str, str]) -> None:
    """Refuse species that no probability names, where most rows are of such: nothing could be estimated of them.

    With one probability there is one other species, whatever it is called.
    """
    given = {_plain(species) for species in probabilities}
    if len(given) < 2:
        return
    for table in tables:
        for name in columns:
            if name not in table.columns:
                continue
            texts = _texts(table, name).value_counts().to_pylist()
            counts = {_plain(one["values"]): one["counts"] for one in texts if one["values"]}
            strange = {label: n for label, n in counts.items() if label not in given}
            folded = {label.casefold(): label for label in given}
            alike = {label: folded[label.casefold()] for label in strange if label.casefold() in folded}
            if alike or (strange and 2 * sum(strange.values()) > sum(counts.values())):
                pairs = ", ".join(f"{other} for {one}" for one, other in sorted(alike.items())[:5])
                hint = f" Did you mean {pairs}?" if alike else ""
                raise Refused(
                    f"'{name}' of {table.name} holds species that no --probability names: {', '.join(sorted(strange)[:8])}. "
                    f"The probabilities are of {', '.join(sorted(given)[:8])}.{hint} Write both alike."
                )


def _columns(
    reference: Table, current: Table, names: Sequence[str], tool: Tool
) -> tuple[tuple[Column, ...], list[str]]:
    _check_there(reference, names)
    wanted = [name for name in names or reference.columns if name in current.columns]
    found, notes = [], []
    for name in wanted:
        if _read(reference, name) is not None and _read(current, name) is None:
            notes.append(
                f"'{name}' holds numbers in {reference.name} and text in {current.name}; its texts count as missing."
            )
            continue
        column = _numbers(reference, current, name) or _groups(reference, current, name)
        if not names and len(column.labels) > _MOST_GROUPS:
            many = f"{len(column.labels):,} different values"
            notes.append(f"'{name}' holds {many} and was left out; name it in --columns to compare it all the same.")
        elif not names and _counts_rows(column):
            notes.append(
                f"'{name}' numbers the rows and was left out; name it in --columns to compare it all the same."
            )
        else:
            found.append(column)
    lost = any(name not in current.columns for name in names)
    if not found and (tool != "flora" or not (lost or notes)):
        raise BadTable(
            f"{reference.name} and {current.name} have no column in common that holds numbers or a few groups. The first has: "
            f"{', '.join(reference.columns)}; the second: {', '.join(current.columns)}."
        )
    return tuple(found), notes


def _counts_rows(column: Column) -> bool:
    """Whether a column of numbers goes up by one from row to row in both tables, as row numbers do."""
    if column.categorical:
        return False
    return all(len(part) > 2 and bool((np.diff(part) == 1.0).all()) for part in (column.reference, column.current))


def _numbers(reference: Table, current: Table, name: str) -> Column | None:
    """The column as numbers, or None where too many of its cells are none."""
    found = []
    for table in (reference, current):
        values = _read(table, name)
        if values is None:
            return None
        found.append(values)
    return Column(name, found[0], found[1])


def _read(table: Table, name: str) -> Floats | None:
    cells = table.columns[name]
    filled = cells.filter(pa.compute.not_equal(cells, "")).slice(0, _GLANCE).combine_chunks()
    if len(filled) and _bad(filled, table.decimal) > 0.5:
        return None
    values, bad, present = [], 0, 0
    for chunk in cells.chunks:
        numbers = read_numbers(chunk, table.decimal)
        wrong = sum(cell.kind == "bad" for cell in numbers.odd.values())
        bad += wrong
        present += wrong + int(np.isfinite(numbers.values).sum())
        values.append(numbers.values)
    return np.concatenate(values) if bad <= _MOST_BAD * present else None


def _bad(cells: pa.StringArray, decimal: Decimal) -> float:
    odd = read_numbers(cells, decimal).odd.values()
    return sum(cell.kind == "bad" for cell in odd) / len(cells)


def _groups(reference: Table, current: Table, name: str) -> Column:
    texts = [_texts(table, name) for table in (reference, current)]
    labels = tuple(sorted({label for column in texts for label in column.unique().to_pylist() if label is not None}))
    places = {label: place for place, label in enumerate(labels)}
    if not labels:
        # A column without a single value is one of numbers that are all missing.
        return Column(name, np.full(reference.rows, np.nan), np.full(current.rows, np.nan))
    before, now = (_placed(column, places) for column in texts)
    return Column(name, before, now, labels)


def _texts(table: Table, name: str) -> pa.ChunkedArray:
    """The cells without surrounding spaces; null where nothing stands there."""
    trimmed = pa.compute.utf8_trim_whitespace(table.columns[name])
    missing = pa.compute.is_in(pa.compute.utf8_lower(trimmed), pa.array(sorted(MISSING)))
    return pa.compute.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def _placed(column: pa.ChunkedArray, places: Mapping[str, int]) -> Ints:
    if not len(column):
        return np.empty(0, dtype=np.int64)
    coded = column.combine_chunks().dictionary_encode()
    codes = pa.compute.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    own = np.array([places.get(label, len(places)) for label in coded.dictionary.to_pylist()] + [-1], dtype=np.int64)
    placed: Ints = own[codes]
    return placed


def _plain(label: str) -> str:
    """A label as it is compared: 1 and 1.0 are one."""
    try:
        number = float(label)
    except ValueError:
        return label
    return f"{number:g}" if np.isfinite(number) else label


def _codes(table: Table, name: str, labels: Sequence[str]) -> Ints:
    if name not in table.columns:
        return np.full(table.rows, -1, dtype=np.int64)
    texts = _texts(table, name)
    places = {label: place for place, label in enumerate(labels)}
    known = {text: places[_plain(text)] for text in texts.unique().to_pylist() if text is not None}
    return _placed(texts, known)


def _probabilities(
    reference: Table, current: Table, identified: str, true: str, columns: Mapping[str, str]
) -> tuple[list[str], list[Floats]]:
    """The species, those with probabilities first and sorted, and each table's (n, k) probabilities of them."""
    given = {_plain(species): column for species, column in columns.items()}
    named = set()
    for table in (reference, current):
        for name in (identified, true):
            if name in table.columns:
                named |= {_plain(text) for text in _texts(table, name).unique().to_pylist() if text is not None}
    if len(given) == 1:
        # One probability speaks of two species: the one it belongs to, and the other.
        (one, column), others = next(iter(given.items())), sorted(named - set(given))
        if len(others) > 1:
            raise Refused(
                f"There are {len(others) + 1} species ({', '.join(sorted(named))}), and a probability of one of them. Give one "
                "--probability SPECIES=COLUMN for each."
            )
        shares = [_shares(table, column) for table in (reference, current)]
        # The species that the probability belongs to comes second: it is the positive one.
        return [others[0] if others else f"not {one}", one], [np.stack([1.0 - p, p], axis=1) for p in shares]
    species = sorted(given)
    shares = [np.stack([_shares(table, given[s]) for s in species], axis=1) for table in (reference, current)]
    return [*species, *sorted(named - set(species))], shares


def _shares(table: Table, name: str) -> Floats:
    values = _read(table, name)
    if values is None:
        raise BadTable(f"The column '{name}' of {table.name} holds no probabilities but text.")
    if not np.isfinite(values).any():
        raise BadTable(f"The column '{name}' of {table.name} is empty: without probabilities nothing can be estimated.")
    outside = np.flatnonzero((values < 0.0) | (values > 1.0))
    if len(outside):
        first = outside[0]
        where = f"The column '{name}' of {table.name} holds {values[first]:g} in row {first + 2}"
        raise BadTable(f"{where}; a probability lies between 0 and 1.")
    return values
