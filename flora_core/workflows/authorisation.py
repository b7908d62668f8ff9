"""The one place where a use case asks whether it may: the table of roles decides, and the audit trail keeps the attempt."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from flora_core.access import UseCase, refusal_text
from flora_core.access.use_cases import READS, ROLE_NEEDED
from flora_core.errors import FloraError, NotAllowed
from flora_core.logs import request_id
from flora_core.storage.access.audit_trail import AuditEntry
from flora_core.workflows.context import AppContext

#: What stands in the audit trail in place of a use case where none was asked for.
AT_THE_DOOR: Final = "enter"

P = ParamSpec("P")
T = TypeVar("T")

#: Written together with others of the same moment, because they may happen many times a second.
_OFTEN: Final = frozenset({UseCase.RECORD, UseCase.DETERMINE, UseCase.DETERMINE_VERIFIED})
_LONGEST: Final = 200
#: Whether a use case is being done that was allowed: what it does on its way is part of it.
_ALLOWED: Final[ContextVar[bool]] = ContextVar("flora_use_case_allowed", default=False)


def use_case(
    asked: UseCase, *, signs: str = ""
) -> Callable[[Callable[Concatenate[AppContext, P], T]], Callable[Concatenate[AppContext, P], T]]:
    """Have a workflow ask whether its context's principal may do it, before anything else.

    What a use case calls on its way is part of it and not asked again.

    Parameters
    ----------
    signs : str
        The parameter that holds the name that is written beside what is done. Of who signed in it is their own name, whatever
        was passed; see `AppContext.signed_by`.

    Raises
    ------
    NotAllowed
        From the workflow, with who may and what to do.
    """

    def decorated(function: Callable[Concatenate[AppContext, P], T]) -> Callable[Concatenate[AppContext, P], T]:
        place = list(inspect.signature(function).parameters).index(signs) - 1 if signs else -1

        @functools.wraps(function)
        def asking(context: AppContext, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if _ALLOWED.get():
                return function(context, *args, **kwargs)
            given: list[Any] = list(args)
            named: dict[str, Any] = dict(kwargs)
            with permitted(context, asked, _object_of(args, kwargs)):
                if signs and not context.principal.types_names:
                    if place < len(given):
                        given[place] = context.signed_by(str(given[place]))
                    else:
                        named[signs] = context.signed_by(str(named.get(signs, "")))
                return function(context, *given, **named)

        asking.__use_case__ = asked  # type: ignore[attr-defined]  # read by the test of the table
        return asking

    return decorated


@contextmanager
def permitted(context: AppContext, asked: UseCase, what: str = "") -> Iterator[None]:
    """A block in which the principal does this; refused before it begins, and kept in the audit trail when it ends.

    Raises
    ------
    NotAllowed
    """
    if _ALLOWED.get():
        yield
        return
    require(context, asked, what)
    before = _ALLOWED.set(True)
    result = "done"
    try:
        yield
    except FloraError as error:
        result = type(error).__name__
        raise
    except BaseException:
        result = "failed"
        raise
    finally:
        _ALLOWED.reset(before)
        if asked not in READS:
            note(context, asked, what, result)


def require(context: AppContext, asked: UseCase, what: str = "") -> None:
    """Refuse where the principal may not; the refusal stands in the audit trail.

    Raises
    ------
    NotAllowed
    """
    if not context.allows(asked):
        note(context, asked, what, "refused")
        raise NotAllowed(refusal_text(context.current_principal(), asked))


def require_or_within(context: AppContext, asked: UseCase, what: str = "") -> None:
    """As `require`, unless a use case that was allowed is under way, of which this is a part."""
    if not _ALLOWED.get():
        require(context, asked, what)


def owner_seen(context: AppContext) -> str | None:
    """Whose records this principal may read: its own identity, or None where it may read all."""
    return None if context.allows(UseCase.READ_RECORDS) else context.principal.identity


def note(context: AppContext, asked: UseCase, what: str, result: str) -> None:
    """Keep an attempt in the audit trail."""
    who = context.principal
    context.audit.note(
        AuditEntry(
            who.issuer,
            who.subject,
            who.name,
            str(asked),
            what,
            result,
            context.door,
            context.address,
            request_id(),
            who.token,
        ),
        gathered=asked in _OFTEN and result == "done",
    )


def note_turned_away(context: AppContext, what: str, *, gathered: bool = False) -> None:
    """Keep in the audit trail that somebody was turned away before any use case was asked."""
    who = context.principal
    context.audit.note(
        AuditEntry(
            who.issuer, who.subject, who.name, AT_THE_DOOR, what, "refused", context.door, context.address, request_id()
        ),
        gathered=gathered,
    )


def needed_role(asked: UseCase) -> str:
    """The lowest role that may do it, as a word."""
    return str(ROLE_NEEDED[asked])


def _object_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Of what: the study, the version, the number a use case was asked about."""
    named = [str(kwargs[name]) for name in ("study", "version") if name in kwargs]
    texts = [str(value) for value in args if isinstance(value, str | int) and not isinstance(value, bool)]
    studies = [study for value in (*args, *kwargs.values()) if isinstance(study := getattr(value, "study", None), str)]
    return " ".join([*texts[:2], *named, *studies[:1]])[:_LONGEST]
