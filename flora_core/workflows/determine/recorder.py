"""Determinations as somebody wrote them -> slips laid beside their identifications, and an issue for each that can't be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from flora_core.access import Role, UseCase
from flora_core.determination import COMPETENT, LEVELS
from flora_core.errors import Issue, Refused
from flora_core.storage.records.determinations import Determination, Slip
from flora_core.study import Study
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.names.typed_names import ReadName, read_name
from flora_core.tables.rows.determinations import WrittenDetermination
from flora_core.tables.values.dates import ParsedDate, parse_date
from flora_core.workflows.authorisation import note, permitted, require_or_within
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.lookup import Found, locate_plants

#: How the program signs its own identifications: no person.
_MACHINE: Final = "flora classification"
_LEVELS: Final = f"There are: {'; '.join(f'{n} {words}' for n, words in LEVELS.items())}."
_LONGEST: Final = {"by": 200, "remark": 2_000}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts where a row says nothing.

    Attributes
    ----------
    by, date, remark : str
        A row without a date was determined today, or on this day.
    level : int
    """

    by: str = ""
    date: str = ""
    level: int = COMPETENT
    remark: str = ""


def defaults(by: str = "", date: str = "", level: str = "", remark: str = "") -> Defaults:
    """What counts where a row says nothing, as a person typed it.

    Raises
    ------
    Refused
        The date or the level can't be used.
    """
    day = parse_date(date) if date.strip() else ParsedDate()
    if day.problem:
        raise Refused(Issue(None, "date", date, day.problem, day.suggestion).sentence())
    number = _level(level, COMPETENT)
    if number is None:
        raise Refused(f"'{level[:40]}' is not a verification level. {_LEVELS}")
    return Defaults(by.strip(), day.at, number, remark.strip())


@dataclass(slots=True)
class Outcome:
    """What became of some determinations; the counts add up to `rows`.

    Attributes
    ----------
    rows, added, unchanged, refused, blank : int
        Rows there were; laid down; said before by the same person; with an issue; that determine nothing.
    issues : list of Issue
    notes : list of str
        What a person should know; each once.
    numbers : list of int
        Of the determinations that were laid down, so that they can be taken back.
    """

    rows: int = 0
    added: int = 0
    unchanged: int = 0
    refused: int = 0
    blank: int = 0
    issues: list[Issue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def sentence(self) -> str:
        """The outcome in words."""
        parts = [f"{self.added:,} of {self.rows:,} determination{'s' if self.rows != 1 else ''} added"]
        if self.unchanged:
            parts.append(f"{self.unchanged:,} {'were' if self.unchanged > 1 else 'was'} there already")
        if self.refused:
            parts.append(f"{self.refused:,} can't be used")
        if self.blank:
            parts.append(
                f"{self.blank:,} row{'s' if self.blank > 1 else ''} determine{'' if self.blank > 1 else 's'} nothing"
            )
        return f"{'; '.join(parts)}."

    def as_json(self) -> dict[str, Any]:
        """The contract's document."""
        return {
            "rows": self.rows,
            "added": self.added,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "blank": self.blank,
            "issues": [asdict(issue) for issue in self.issues],
            "notes": self.notes,
        }


class DeterminationRecorder:
    """Lays determinations down as they come, and keeps count.

    Parameters
    ----------
    study : str
        In which catalogue numbers are looked up; an identifier tells its study by itself.
    entered_by : str
        Who enters them; the person who determined may be another.
    source, source_sha256 : str
        The file they come from, or "".
    columns : callable
        The name under which a person knows what an issue is about: of "by", the header of that column.
    """

    def __init__(
        self,
        context: AppContext,
        study: str,
        *,
        defaults: Defaults,
        entered_by: str,
        source: str = "",
        source_sha256: str = "",
        columns: Callable[[str], str] = str,
    ) -> None:
        require_or_within(context, UseCase.DETERMINE, study)
        self._context, self._study, self._defaults = context, study, defaults
        self._entered_by = entered_by if context.principal.types_names else context.signed_by(entered_by)
        # Who may not verify determines as themselves, and no further than by comparison.
        self._as_oneself = not context.allows(UseCase.DETERMINE_VERIFIED)
        self._own_name = context.principal.name if self._as_oneself else ""
        self._source, self._sha256, self._columns = source, source_sha256, columns
        self._studies: dict[str, Study] = {}
        self._checklists: dict[str, Checklist | None] = {}
        self._others: dict[str, int] = {}
        self._strangers: dict[str, int] = {}
        self._undated = 0
        self.outcome = Outcome()

    def lay(self, rows: Sequence[WrittenDetermination], *, may_be_blank: bool = True) -> tuple[str, ...]:
        """Read these rows and lay down what can be used; one transaction.

        Parameters
        ----------
        may_be_blank : bool
            Whether a row that says nothing is passed over; otherwise it is an issue like any other.

        Returns
        -------
        tuple of str
            The identification of each row that could be used.

        Raises
        ------
        DatabaseUnavailable
            None of these was added.
        """
        self.outcome.rows += len(rows)
        written = [row for row in map(_cleaned, rows) if not (may_be_blank and row.blank)]
        self.outcome.blank += len(rows) - len(written)
        places = locate_plants(self._context.records, self._study, (row.plant for row in written))
        slips: list[Slip] = []
        undated: list[bool] = []
        for row in written:
            slip, issue = self._slip(row, places[row.plant])
            if issue is not None:
                self.outcome.refused += 1
                self.outcome.issues.append(issue)
            elif slip is not None:
                slips.append(slip)
                undated.append(not (row.date or self._defaults.date))
        self._add(slips, undated)
        return tuple(slip.identification for slip in slips)

    def finish(self) -> Outcome:
        """The outcome, with what should be known of it as a whole."""
        notes = self.outcome.notes
        for said, plants in self._strangers.items():
            notes.append(said if self.outcome.rows == 1 else f"{said} ({plants:,} plant{'s' if plants > 1 else ''})")
        for study, plants in self._others.items():
            notes.append(f"{plants:,} plant{'s are' if plants > 1 else ' is'} of the study {study}, not {self._study}.")
        if self._undated and self.outcome.rows > 1:
            notes.append(f"{self._undated:,} without a date got today's, {today_here()}.")
        return self.outcome

    def _slip(self, row: WrittenDetermination, plant: Found) -> tuple[Slip | None, Issue | None]:
        def refused(what: str, value: str, problem: str, suggestion: str) -> tuple[None, Issue]:
            return None, Issue(row.row, self._columns(what), value, problem, suggestion)

        if plant.problem:
            return refused("id", row.plant, plant.problem, plant.suggestion)
        study = self._study_called(plant.study)
        read = read_name(row.name, study, self._checklists[study.name])
        if read.given is None:
            return refused("name", row.name, read.problem, read.suggestion)
        by = " ".join((row.by or self._defaults.by or self._own_name or self._entered_by_signed_in()).split())
        if self._own_name and by != self._own_name:
            note(self._context, UseCase.DETERMINE_VERIFIED, plant.identifier, "refused")
            return refused(
                "by",
                by,
                f"a {Role.BOTANIST} determines as themselves",
                f"Leave it empty or give {self._own_name}; to enter what others determined takes the role of a {Role.CURATOR}.",
            )
        problem, suggestion = _no_person(by)
        if problem:
            return refused("by", by, problem, suggestion)
        day = parse_date(row.date or self._defaults.date or today_here())
        if day.problem:
            return refused("date", row.date or self._defaults.date, day.problem, day.suggestion)
        level = _level(row.level, self._defaults.level)
        if level is None:
            levels = "; ".join(f"{n} {words}" for n, words in LEVELS.items())
            return refused(
                "level", row.level, f"'{row.level[:40]}' is not a verification level", f"There are: {levels}."
            )
        if self._as_oneself and level >= COMPETENT:
            if row.level.strip():
                note(self._context, UseCase.DETERMINE_VERIFIED, plant.identifier, "refused")
                return refused(
                    "level",
                    row.level,
                    f"level {level} takes the role of a {Role.CURATOR}",
                    f"Give level 0 or {COMPETENT - 1}, or ask a {Role.CURATOR} to verify it.",
                )
            level = COMPETENT - 1
        remark = row.remark or self._defaults.remark
        if len(remark) > _LONGEST["remark"]:
            return refused(
                "remark", f"{remark[:40]}…", "the remark is too long", f"It may have {_LONGEST['remark']:,} letters."
            )
        self._note(read, study)
        slip = Slip(
            identification=plant.identifier,
            given=read.given,
            by=by,
            at=day.at,
            level=level,
            remark=remark.strip(),
            verbatim=row.name.strip(),
            source=self._source,
            source_sha256=self._sha256,
        )
        return slip, None

    def _entered_by_signed_in(self) -> str:
        """Who signed in determines, where nobody is named; in a local start nobody is known."""
        return "" if self._context.principal.types_names else self._entered_by

    def _add(self, slips: list[Slip], undated: list[bool]) -> None:
        if not slips:
            return
        before = self._context.determinations.of_each(slip.identification for slip in slips)
        new = []
        for slip, no_date in zip(slips, undated, strict=True):
            earlier = before[slip.identification]
            # A row without a date says the same today as it said yesterday.
            if no_date and any(_undated(slip) == _undated(e) for e in earlier):
                self.outcome.unchanged += 1
                continue
            self._undated += no_date
            if earlier and earlier[-1].at > slip.at and slip.at == today_here():
                self._ahead(slip, earlier[-1])
            new.append(slip)
        verified = any(slip.level >= COMPETENT for slip in new)
        with permitted(
            self._context, UseCase.DETERMINE_VERIFIED if verified else UseCase.DETERMINE, f"{self._study} {len(slips)}"
        ):
            added = self._context.determinations.add(new, entered_by=self._entered_by) if new else ()
        self.outcome.numbers += [number for number in added if number]
        self.outcome.added += sum(map(bool, added))
        self.outcome.unchanged += added.count(0)

    def _ahead(self, slip: Slip, earlier: Determination) -> None:
        """A clock went back, here or elsewhere: said, and nothing lost."""
        self.outcome.notes.append(
            f"{slip.identification} has a determination of {earlier.at}, but this machine says that today is {slip.at}. "
            "Both are kept; is the clock right?"
        )

    def _note(self, read: ReadName, study: Study) -> None:
        if read.note:
            self._strangers[read.note] = self._strangers.get(read.note, 0) + 1
        if study.name != self._study:
            self._others[study.name] = self._others.get(study.name, 0) + 1

    def _study_called(self, name: str) -> Study:
        if name not in self._studies:
            self._studies[name] = self._context.studies.get(name)
            self._checklists[name] = self._context.checklists.of(name)
        return self._studies[name]


def today_here() -> str:
    """Today by this machine's clock, as a slip bears it."""
    return datetime.now().astimezone().date().isoformat()


def _no_person(by: str) -> tuple[str, str]:
    if not by:
        return (
            "nobody is named",
            "Give the person who determined; a determination without a person can't be asked about later.",
        )
    if by.casefold().startswith(_MACHINE):
        return "this is the program's own identification", "A determination is a person's; give the person's name."
    if len(by) > _LONGEST["by"] or not any(c.isalpha() for c in by):
        return f"'{by[:40]}' is not a person's name", "Give the person who determined."
    return "", ""


def _level(text: str, default: int) -> int | None:
    cleaned = text.strip().removesuffix(".0")
    if not cleaned:
        return default
    return int(cleaned) if cleaned in {str(level) for level in LEVELS} else None


def _undated(slip: Slip) -> str:
    """The same for the same word of the same person on any day."""
    return replace(slip, at="").fingerprint


def _cleaned(row: WrittenDetermination) -> WrittenDetermination:
    """The row without what can't be seen: such characters come from nobody's pen, and no database takes them all."""
    seen = ("".join(c for c in text if c.isprintable()).strip() for text in row.texts)
    return WrittenDetermination(row.row, *seen)
