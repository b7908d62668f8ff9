"""A change of the verdict is told to people: once, to whom the operator said, and again until it got through."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flora_core.access import UseCase
from flora_core.errors import WrongSetting
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

if TYPE_CHECKING:
    from apprise import Apprise

_log: Final = logging.getLogger("flora.alerts")

#: "Too few to say" is no news: a verdict that comes back after it is compared with the one before it.
_NO_NEWS: Final = "too few"


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """What became of a verdict: `state` is "nothing new", "told", "not told" or "nobody to tell"; `detail` in words."""

    state: str
    detail: str


@use_case(UseCase.READ_MONITOR)
def announce_change(context: AppContext, study: str, verdict: str, sentence: str) -> AlertOutcome:
    """Tell of a verdict where it changed since the last one that was told.

    Parameters
    ----------
    verdict : {"green", "amber", "red", "too few"}
    sentence : str
        The verdict in words; the message's text.

    Returns
    -------
    Told
        A delivery that fails is no error here: it is said, logged, and tried again at the next call.

    Raises
    ------
    WrongSetting
        FLORA_ALERTS holds an address that can't be read, or the library that sends is not installed.
    DatabaseUnavailable
    """
    addresses = context.settings.alerts.get_secret_value().split()
    sender = alert_sender(addresses) if addresses else None
    if verdict == _NO_NEWS:
        return AlertOutcome("nothing new", "Too few plants to say; the verdict before stands.")
    newest = context.alert_outbox.note(study, verdict, sentence)
    if newest.delivered_at is not None:
        return AlertOutcome(
            "nothing new", f"The verdict of {study} is {verdict}, as it was said on {newest.at:%Y-%m-%d %H:%M} UTC."
        )
    if sender is None:
        return AlertOutcome(
            "nobody to tell", f"The verdict of {study} is {verdict}; FLORA_ALERTS names nobody to be told."
        )
    if not context.alert_outbox.claim(newest):
        return AlertOutcome("nothing new", "Another process is telling of it just now.")
    success = False
    try:
        was = f" (it was {newest.before})" if newest.before else ""
        success = bool(sender.notify(title=f"Flora: {study} is {verdict}{was}", body=newest.sentence))
    finally:
        context.alert_outbox.delivered(newest, success)
    if success:
        _log.info("told of a change", extra={"facts": {"study": study, "verdict": verdict}})
        return AlertOutcome(
            "told", f"The verdict of {study} changed to {verdict}; {len(addresses)} address(es) were told."
        )
    _log.error("nobody could be told", extra={"facts": {"study": study, "verdict": verdict}})
    return AlertOutcome(
        "not told",
        f"The verdict of {study} is {verdict}, but no receiver took the message. It is tried again at the next look.",
    )


def alert_sender(addresses: list[str]) -> Apprise:
    """What sends messages to these addresses.

    Raises
    ------
    WrongSetting
    """
    try:
        import apprise
    except ImportError:
        raise WrongSetting(
            "FLORA_ALERTS is set, but Apprise, which sends the messages, is not installed. Install what servers need: "
            "pip install --require-hashes -r requirements-server.txt (or flora-classification[server])."
        ) from None

    sender = apprise.Apprise()
    for place, address in enumerate(addresses, start=1):
        # The address itself is not repeated: it may hold a password.
        if not sender.add(address):
            raise WrongSetting(
                f"FLORA_ALERTS: address {place} of {len(addresses)} can't be read. Addresses are written as Apprise writes "
                "them and parted by spaces, for example json://receiver.example.org/hook or mailto://user:password@example.org"
            )
    return sender
