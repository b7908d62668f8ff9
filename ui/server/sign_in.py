"""Signing in: what Streamlit needs to know of the identity provider, what its cookie says, and the page before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from streamlit.auth_util import encode_provider_token, get_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from flora_core.errors import WrongSetting
from flora_core.settings import Settings

#: The cookie in which Streamlit keeps who signed in.
USER_COOKIE: Final = "_streamlit_user"
#: The fewest bytes of a secret that signs cookies.
SHORTEST_SECRET: Final = 32
_CALLBACK: Final = "/oauth2callback"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})


def check_way_to_run(settings: Settings, address: str) -> None:
    """Refuse to begin where strangers would reach what nobody meant them to.

    Parameters
    ----------
    address : str
        On which the server is to listen; "" for every address.

    Raises
    ------
    WrongSetting
    """
    way = settings.way_to_run
    if way == "signed-in":
        _check_sign_in(settings)
    elif way == "local" and not is_loopback(address):
        raise WrongSetting(
            f"The server is to listen on {address or 'every address'}, where others reach it, and nobody has to sign in. Set "
            " FLORA_OIDC_ISSUER and what belongs to it (docs/operations.md, Who may), or FLORA_ACCESS=open to let "
            "everybody look, or listen on 127.0.0.1."
        )


def _check_sign_in(settings: Settings) -> None:
    missing = [
        name
        for name, value in (
            ("FLORA_OIDC_ISSUER", settings.oidc_issuer),
            ("FLORA_OIDC_CLIENT_ID", settings.oidc_client_id),
            ("FLORA_OIDC_CLIENT_SECRET", settings.oidc_client_secret.get_secret_value()),
            ("FLORA_COOKIE_SECRET", settings.cookie_secret.get_secret_value()),
        )
        if not value
    ]
    if missing:
        raise WrongSetting(f"Signing in needs {', '.join(missing)}. docs/operations.md describes each.")
    if len(settings.cookie_secret.get_secret_value().encode()) < SHORTEST_SECRET:
        raise WrongSetting(
            f"FLORA_COOKIE_SECRET can't be used: it has fewer than {SHORTEST_SECRET} bytes, and whoever guesses it is anybody. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    site = urlsplit(settings.site)
    if site.scheme not in ("http", "https") or not site.hostname:
        raise WrongSetting(
            "FLORA_SITE can't be used: give the address as visitors type it, like https://flora.example.org."
        )
    if site.scheme == "http" and site.hostname not in _LOOPBACK:
        raise WrongSetting(
            "FLORA_SITE can't be used: signing in over http:// shows the cookie to everybody on the way; use https://."
        )


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches that address."""
    return address.lower() in _LOOPBACK or address.startswith("127.")


def streamlit_secrets(settings: Settings) -> dict[str, Any] | None:
    """What `st.login` needs, from our settings; None where nobody signs in."""
    if settings.way_to_run != "signed-in":
        return None
    issuer = settings.oidc_issuer.rstrip("/")
    return {
        "auth": {
            "redirect_uri": settings.site.rstrip("/") + _CALLBACK,
            "cookie_secret": settings.cookie_secret.get_secret_value(),
            "client_id": settings.oidc_client_id,
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": f"{issuer}/.well-known/openid-configuration",
        }
    }


def claims_in(cookies: Mapping[str, str], settings: Settings) -> dict[str, Any]:
    """What the identity provider said of a visitor; empty where the cookie is missing, forged or too old."""
    if USER_COOKIE not in cookies:
        return {}
    secret = settings.cookie_secret.get_secret_value()

    def single(name: str) -> bytes | None:
        value = cookies.get(name)
        return (
            None
            if value is None
            else decode_signed_value(secret, name, value.encode("latin-1"), settings.sign_in_hours / 24)
        )

    try:
        claims = json.loads(get_cookie_with_chunks(single, USER_COOKIE) or b"{}")
    except (ValueError, UnicodeError):
        return {}
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") else {}


def sign_in_page(settings: Settings, name: str = "", subject: str = "", issuer: str = "") -> str:
    """The page before the program: the way to sign in, or, for who did and has no role, whom to ask."""
    if subject:
        words = (
            f"<p>You are signed in as <b>{escape(name)}</b>, and have no role here yet. Ask an admin of this server for one; "
            f"they need this:</p><pre>{escape(subject)}\n{escape(issuer)}</pre>"
            '<p><a class="way" href="/auth/logout">Sign out</a></p>'
        )
    else:
        token = encode_provider_token("default")
        words = (
            "<p>Measure a plant, learn its name, and know how far to trust it.</p>"
            f'<p><a class="way" href="/auth/login?provider={escape(token)}">Sign in</a></p>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Flora Classification</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><style>'
        "body{font-family:system-ui,sans-serif;background:#fdfcf8;color:#06100a;max-width:34rem;"
        "margin:18vh auto;padding:0 1rem}"
        "h1{font-family:Georgia,serif}.way{display:inline-block;background:#1b6e3c;color:#fff;padding:.6rem 1.2rem;"
        "border-radius:.5rem;text-decoration:none}pre{background:#f1efe6;padding:.8rem;overflow:auto}"
        f"</style></head><body><main><h1>Flora Classification</h1>{words}</main></body></html>"
    )
