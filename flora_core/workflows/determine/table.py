"""A table of determinations: its good rows are laid down, each bad one is an issue, and the same table twice adds nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from flora_core.access import UseCase
from flora_core.progress import Progress, no_progress
from flora_core.tables.files.reading import Layout, checksum, read_layout
from flora_core.tables.rows.determinations import Columns, match_columns, read_determinations
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.recorder import Defaults, DeterminationRecorder, Outcome


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """What became of a table: its counts and issues, and which column was which."""

    outcome: Outcome
    mapping: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """The contract's document."""
        return {**self.outcome.as_json(), "mapping": dict(self.mapping)}


def look_at_table(stream: BinaryIO, name: str, *, sheet: str = "") -> tuple[Layout, dict[str, str]]:
    """What a table is, and the columns that tell by themselves what they hold: {role: header}; the stream is rewound.

    Raises
    ------
    BadTable
        It is no table.
    """
    layout = read_layout(stream, name, sheet=sheet)
    columns = match_columns(layout.header, complete=False)
    return layout, {role: layout.header[place] for role, place in columns.places.items()}


@use_case(UseCase.DETERMINE, signs="entered_by")
def determine_table(
    context: AppContext,
    study: str,
    stream: BinaryIO,
    name: str,
    *,
    defaults: Defaults | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str = "",
    entered_by: str,
    progress: Progress = no_progress,
) -> TableOutcome:
    """Lay down every determination of a table that can be used; some thousands a transaction.

    Parameters
    ----------
    stream : binary file
        Can be sought.
    name : str
        The file's name.
    defaults : Defaults
        The person, date, level and remark of rows that give none.
    columns : mapping of str to str
        {header: role} where the headers don't tell; roles as in `tables.determinations.ROLES`.
    entered_by : str
        Who enters it.

    Raises
    ------
    BadTable, Refused
        It is no table, or does not say which plant or which name; nothing was added.
    DatabaseUnavailable
        Rows after the last that was told of as done were not added; the same table again adds the rest.
    """
    context.studies.get(study)
    layout = read_layout(stream, name, sheet=sheet)
    matched = match_columns(layout.header, columns)
    laying = DeterminationRecorder(
        context,
        study,
        defaults=defaults or Defaults(),
        entered_by=entered_by,
        source=name,
        source_sha256=checksum(stream),
        columns=_called(matched),
    )
    laying.outcome.notes += layout.notes
    for rows in read_determinations(stream, layout, matched):
        laying.lay(rows)
        progress(1, 2, f"{laying.outcome.rows:,} rows")
    progress(2, 2, f"{laying.outcome.rows:,} rows")
    return TableOutcome(laying.finish(), matched.mapping)


def _called(columns: Columns) -> Callable[[str], str]:
    def called(what: str) -> str:
        role = "number" if what == "id" and "id" not in columns.places else what
        return columns.called(role)

    return called
