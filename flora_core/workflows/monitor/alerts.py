"""A change of the verdict is told to people: once, to whom the operator said, and again until it got through."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flora_core.errors import WrongSetting
from flora_core.workflows.context import House

if TYPE_CHECKING:
    from apprise import Apprise

_log: Final = logging.getLogger("flora.alerts")

#: "Too few to say" is no news: a verdict that comes back after it is compared with the one before it.
_NO_NEWS: Final = "too few"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a verdict: `state` is "nothing new", "told", "not told" or "nobody to tell"; `detail` in words."""

    state: str
    detail: str


def tell_of_change(house: House, study: str, verdict: str, sentence: str) -> Told:
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
        FLORA_ALERTS holds an address that can't be read.
    DatabaseUnavailable
    """
    addresses = house.settings.alerts.get_secret_value().split()
    sender = _sender(addresses) if addresses else None
    if verdict == _NO_NEWS:
        return Told("nothing new", "Too few plants to say; the verdict before stands.")
    newest = house.announcements.note(study, verdict, sentence)
    if newest.delivered_at is not None:
        return Told(
            "nothing new", f"The verdict of {study} is {verdict}, as it was said on {newest.at:%Y-%m-%d %H:%M} UTC."
        )
    if sender is None:
        return Told("nobody to tell", f"The verdict of {study} is {verdict}; FLORA_ALERTS names nobody to be told.")
    if not house.announcements.claim(newest):
        return Told("nothing new", "Another process is telling of it just now.")
    success = False
    try:
        was = f" (it was {newest.before})" if newest.before else ""
        success = bool(sender.notify(title=f"Flora: {study} is {verdict}{was}", body=newest.sentence))
    finally:
        house.announcements.delivered(newest, success)
    if success:
        _log.info("told of a change", extra={"facts": {"study": study, "verdict": verdict}})
        return Told("told", f"The verdict of {study} changed to {verdict}; {len(addresses)} address(es) were told.")
    _log.error("nobody could be told", extra={"facts": {"study": study, "verdict": verdict}})
    return Told(
        "not told",
        f"The verdict of {study} is {verdict}, but no receiver took the message. It is tried again at the next look.",
    )


def _sender(addresses: list[str]) -> Apprise:
    import apprise

    sender = apprise.Apprise()
    for place, address in enumerate(addresses, start=1):
        # The address itself is not repeated: it may hold a password.
        if not sender.add(address):
            raise WrongSetting(
                f"FLORA_ALERTS: address {place} of {len(addresses)} can't be read. Addresses are written as Apprise writes "
                "them and parted by spaces, for example json://receiver.example.org/hook or mailto://user:password@example.org"
            )
    return sender
