"""What every route shares: who stands at the front door, who asks, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from pydantic import BaseModel
from starlette.requests import Request

from flora_core.workflows.context import AppContext

#: Gives the context for who sent a request.
Caller = Callable[[Request], Awaitable[AppContext]]


class ContextProvider(Protocol):
    """What the API needs of its host: the context, or why it is not open."""

    def context(self) -> AppContext:
        """The open context; raises Unavailable while it is not."""

    def doing(self) -> str:
        """What is being done while it starts; "" once it is open."""


class ErrorResponse(BaseModel):
    """What every refusal looks like."""

    error: str
    detail: str
    issues: list[dict[str, Any]]


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's description: the statuses with which it may refuse."""
    return {status: {"model": ErrorResponse} for status in statuses}


def name_given(context: AppContext, typed: str) -> str:
    """The name that a program signs with: its own where it is known by a key, else what it sent, else the remembered one."""
    who = context.principal
    return (typed or who.name) if who.types_names else who.name
