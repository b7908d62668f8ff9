"""At start: how the server is run, said in one line; refused where strangers would reach what nobody meant them to."""

from __future__ import annotations

import logging
import sys
from typing import Final

from streamlit import config

from flora_core.errors import FloraError
from flora_core.logs import set_up_log
from flora_core.settings import Settings, read_settings
from ui.server.sign_in import check_way_to_run

_log: Final = logging.getLogger("flora")
_SAID: Final = {
    "local": "a local start: one person on this machine, who may do everything",
    "signed-in": "people sign in at %s; their roles stand in the database",
    "open": "open: everybody who reaches it may what a %s may",
}


def checked_settings() -> Settings:
    """The settings, where the server may begin with them; otherwise the process ends with a sentence and exit code 1."""
    try:
        settings = read_settings()
        set_up_log(settings.log)
        check_way_to_run(settings, listening_address(sys.argv))
    except FloraError as error:
        raise SystemExit(f"flora: {error.message}") from None
    way = settings.way_to_run
    said = {"signed-in": (settings.oidc_issuer,), "open": (settings.open_role,)}.get(way, ())
    _log.info(_SAID[way], *said)
    # Streamlit signs the state of a sign-in that is under way with its own setting, and not with that of `st.login`.
    secret = settings.cookie_secret.get_secret_value()
    if secret:
        config.set_option("server.cookieSecret", secret)
    return settings


def listening_address(arguments: list[str]) -> str:
    """On which address the server is to listen: of uvicorn's own option, else of Streamlit's configuration."""
    for i, argument in enumerate(arguments):
        if argument.startswith("--host="):
            return argument.partition("=")[2]
        if argument == "--host" and i + 1 < len(arguments):
            return arguments[i + 1]
    if arguments and arguments[0].rpartition("/")[2].startswith("uvicorn"):
        return "127.0.0.1"
    return str(config.get_option("server.address") or "")
