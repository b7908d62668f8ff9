"""Every exception of the program.

::

    FloraError
    ├── Refused                 what was asked for can't be done as asked: the asker can mend it
    │   ├── BadValues           measurements that can't be used; carries an issue for each
    │   ├── BadTable            a file that can't be read as a table
    │   ├── Unknown             a study, version, record, species or column that is not there
    │   ├── Conflict            it is there already, or somebody was quicker
    │   ├── NotAllowed          this person or key may not do this
    │   ├── NotSignedIn         nobody is known to ask, and this is not for everybody
    │   ├── OverBudget          more than one asker may have at a time; later it may be less
    │   └── TooLarge            beyond a limit that is named
    ├── Unavailable             the server can't serve now: an operator can mend it
    │   ├── DatabaseUnavailable locked, read-only, gone, older or newer than the program
    │   ├── NoChampion          the study has no model that identifies
    │   └── ArtifactRefused     a model's files are missing or are not what was registered
    └── WrongSetting            a FLORA_* setting that can't be used

A message says what is wrong with the value, what would be right, and what to do. It is translated once per door: a page
shows it, the command prints it on one line and exits 1, the API answers 4xx or 503 with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from flora_core.wording import shortened

#: Characters that an issue keeps of each text.
_LONGEST: Final = {"column": 300, "value": 300, "problem": 1500, "suggestion": 1500}
#: Issues whose sentences a message repeats; the others stand in its list.
_SAID: Final = 20


@dataclass(frozen=True, slots=True)
class Issue:
    """One bad cell or value: where it stands, what is wrong, what would be right.

    Attributes
    ----------
    row : int or None
        The number a person sees beside the row in the spreadsheet (the header is row 1); None for a single plant.
    column : str
        The column or measurement, as its owner wrote it.
    value : str
        What stands there, as typed; of a long text its beginning.
    problem : str
        What is wrong, as a sentence without a full stop.
    suggestion : str
        What would be right, or what to do.
    """

    row: int | None
    column: str
    value: str
    problem: str
    suggestion: str = ""

    def __post_init__(self) -> None:
        # What stands there may be as long as a file: it is shown, not kept.
        for name, most in _LONGEST.items():
            object.__setattr__(self, name, shortened(getattr(self, name), most))

    def sentence(self) -> str:
        """The issue as one line: "Row 14: petal length is 57.0 cm; ... ."."""
        place = f"Row {self.row}: " if self.row is not None else ""
        text = f"{place}{self.problem}. {self.suggestion}".strip()
        return text[0].upper() + text[1:]


class FloraError(Exception):
    """The root: its text is a sentence that can be shown to a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(FloraError):
    """What was asked for can't be done as asked; the message says what would be right."""


class BadValues(Refused):
    """Measurements that can't be used.

    Attributes
    ----------
    issues : tuple of Issue
        One for each bad value, never empty.
    question : str
        "Did you mean petal length 1.4 cm?", or "".
    correction : mapping of str to float
        The values the question asks about, in the study's units; empty where there is no question.
    """

    def __init__(
        self, issues: tuple[Issue, ...], question: str = "", correction: Mapping[str, float] | None = None
    ) -> None:
        more = f"And {len(issues) - _SAID:,} more." if len(issues) > _SAID else ""
        said = [issue.sentence() for issue in issues[:_SAID]]
        super().__init__(" ".join([*said, *filter(None, [more, question])]))
        self.issues = issues
        self.question = question
        self.correction = dict(correction or {})


class BadTable(Refused):
    """A file that can't be read as a table.

    Attributes
    ----------
    arrangement : str
        How it could be read: "join-headers" or "spread" (`flora_core.tables.layout.Arrangement`); "" where it could not.
    """

    def __init__(self, message: str, arrangement: str = "") -> None:
        super().__init__(message)
        self.arrangement = arrangement


class Unknown(Refused):
    """A name that is not there; the message lists those that are."""


class Conflict(Refused):
    """It exists already, or was changed by someone else first."""


class NotAllowed(Refused):
    """The person or key may not do this."""


class NotSignedIn(Refused):
    """Nobody is known to ask: sign in, or send a token."""


class OverBudget(Refused):
    """More than one asker, or all together, may have at a time; the message says when to try again."""


class TooLarge(Refused):
    """Beyond a limit that the message names."""


class Unavailable(FloraError):
    """The context can't serve now; the message says what an operator can do."""


class DatabaseUnavailable(Unavailable):
    """The database is locked, read-only, gone, or of another age than the program."""


class NoChampion(Unavailable):
    """The study has no model version that identifies."""


class ArtifactRefused(Unavailable):
    """A model's files are missing, or are not the ones that were registered."""


class WrongSetting(FloraError):
    """A FLORA_* setting that can't be used."""


def as_document(error: FloraError) -> dict[str, Any]:
    """An error as the document that every door gives a program: {error, detail, issues[]}."""
    issues = error.issues if isinstance(error, BadValues) else ()
    return {"error": type(error).__name__, "detail": error.message, "issues": [asdict(issue) for issue in issues]}
