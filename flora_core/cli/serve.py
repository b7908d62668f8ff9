"""`serve`: the whole server, pages and API, of a checkout or an installed package, on the records of the present folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from flora_core.errors import Refused

commands = typer.Typer(rich_markup_mode=None)

_PACKAGE: Final = Path(__file__).resolve().parents[1]


@commands.command(epilog="Example: python -m flora_core serve --host 0.0.0.0 --port 8080")
def serve(
    host: Annotated[
        str,
        typer.Option(help="The address to listen at; without it, this machine only (127.0.0.1).", show_default=False),
    ] = "",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The port; 8501 where not given.", show_default=False)
    ] = None,
) -> None:
    """The whole server, pages and API; records and models are kept in this folder unless settings say otherwise."""
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(server_script())]
    if host:
        command += ["--server.address", host]
    if port is not None:
        command += ["--server.port", str(port)]
    # The server takes this process's place, so that whoever started it can stop it.
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own interpreter and script, no shell


def server_script() -> Path:
    """The script that Streamlit runs: inside the installed package, or at the top of a checkout.

    Raises
    ------
    Refused
        Neither is there: only the core was copied.
    """
    for folder in (_PACKAGE / "_server", _PACKAGE.parent):
        if (folder / "app.py").is_file() and (folder / "ui" / "frame.py").is_file():
            return folder / "app.py"
    raise Refused(
        "The pages of the server are not installed. Install the whole package: pip install flora-classification"
    )
