"""`people ...`, `tokens ...`, `audit`: who may use the server, and what was done or tried."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flora_core.cli.options import Json, command_context, print_json
from flora_core.errors import Refused

if TYPE_CHECKING:
    from flora_core.workflows.context import AppContext

people_commands = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="People of this server, and their roles."
)
tokens_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tokens of programs.")
audit_commands = typer.Typer(rich_markup_mode=None)


@people_commands.command("list", epilog="Example: python -m flora_core people list")
def people_list(as_json: Json = False) -> None:
    """Everybody who signed in or was given a role."""
    from flora_core.workflows.access.people import list_people, person_document

    found = [person_document(person) for person in list_people(_prepared())]
    if as_json:
        print_json(found)
        return
    for person in found:
        roles = ", ".join(person["roles"]) or "no role"
        typer.echo(f"{person['id']}  {person['name']}: {roles}  ({person['subject']} at {person['issuer']})")
    if not found:
        typer.echo("Nobody signed in yet. `people grant SUBJECT admin` names the first admin.")


@people_commands.command(
    "grant", epilog="Example: python -m flora_core people grant 248289761001 admin --name 'Ada Green'"
)
def people_grant(
    subject: Annotated[str, typer.Argument(help="The person, as the identity provider's `sub` claim says.")],
    role: Annotated[str, typer.Argument(help="viewer, botanist, curator, maintainer or admin.")],
    issuer: Annotated[
        str, typer.Option(help="The identity provider's `iss` claim; FLORA_OIDC_ISSUER where empty.")
    ] = "",
    name: Annotated[str, typer.Option(help="What to call them until they sign in.")] = "",
    as_json: Json = False,
) -> None:
    """Give a person a role; who never signed in may be given one before. So the first admin is named."""
    from flora_core.workflows.access.people import grant_role, person_document

    person = grant_role(_prepared(), issuer, subject, role, name)
    if as_json:
        print_json(person_document(person))
    else:
        typer.echo(f"{person.name} has the role of {role} now.")


@people_commands.command("revoke", epilog="Example: python -m flora_core people revoke 3 curator")
def people_revoke(
    person: Annotated[int, typer.Argument(help="The number that `people list` shows.")],
    role: Annotated[str, typer.Argument(help="The role that is taken away, at once.")],
    as_json: Json = False,
) -> None:
    """Take a role away; what that person has open ends within two seconds."""
    from flora_core.workflows.access.people import person_document, revoke_role

    left = revoke_role(_prepared(), person, role)
    if as_json:
        print_json(person_document(left))
    else:
        typer.echo(f"{left.name} does not have the role of {role} any more.")


@people_commands.command("erase", epilog="Example: python -m flora_core people erase 'Carl Linnaeus'")
def people_erase(
    name: Annotated[str, typer.Argument(help="The name, as it stands in the records.")] = "",
    person: Annotated[
        int, typer.Option(min=0, help="The number that `people list` shows: ends the sign-in and its roles too.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Put a pseudonym in the place of a person's name wherever it stands; what was said of plants stays."""
    from flora_core.workflows.access.erasure import erase_person

    done = erase_person(_prepared(), name=name, person=person or None)
    if as_json:
        print_json({"pseudonym": done.pseudonym, "changed": done.changed, "cards": list(done.cards)})
        return
    places = ", ".join(f"{rows:,} in {table}" for table, rows in done.changed.items())
    typer.echo(f"The name is {done.pseudonym} now: {places or 'it stood nowhere'}.")
    if done.cards:
        typer.echo(f"Cards of versions still say who trained them, because they never change: {', '.join(done.cards)}.")
    typer.echo("Remarks, files that were handed in and backups stay as they are.")


@tokens_commands.command(
    "create", epilog="Example: python -m flora_core tokens create import --role botanist --days 90"
)
def tokens_create(
    name: Annotated[str, typer.Argument(help="What the token is for; it stands beside what is done with it.")],
    role: Annotated[list[str], typer.Option(help="What it may; may be repeated.")],
    days: Annotated[int, typer.Option(min=0, help="After how many days it expires; 0 for never.")] = 365,
    as_json: Json = False,
) -> None:
    """A token for a program, shown once: keep it where only that program reads it."""
    from flora_core.workflows.access.people import create_token, token_document

    token, secret = create_token(_prepared(), name, role, days or None)
    if as_json:
        print_json({**token_document(token), "token": secret})
    else:
        typer.echo(secret)
        typer.echo("This is shown once. Send it as: Authorization: Bearer ...", err=True)


@tokens_commands.command("list", epilog="Example: python -m flora_core tokens list")
def tokens_list(as_json: Json = False) -> None:
    """Every token there ever was, newest first; never the tokens themselves."""
    from flora_core.workflows.access.people import list_tokens, token_document

    found = [token_document(token) for token in list_tokens(_prepared())]
    if as_json:
        print_json(found)
        return
    for token in found:
        ends = f"revoked {token['revoked_at']}" if token["revoked_at"] else f"expires {token['expires_at'] or 'never'}"
        used = token["last_used_at"] or "never"
        typer.echo(f"{token['id']}  {token['name']}: {', '.join(token['roles'])}; {ends}; last used {used}")
    if not found:
        typer.echo("There is no token.")


@tokens_commands.command("revoke", epilog="Example: python -m flora_core tokens revoke 2")
def tokens_revoke(number: int, as_json: Json = False) -> None:
    """End a token, at once and for ever."""
    from flora_core.workflows.access.people import revoke_token, token_document

    token = revoke_token(_prepared(), number)
    if as_json:
        print_json(token_document(token))
    else:
        typer.echo(f"The token {token.name} opens nothing any more.")


@audit_commands.command(epilog="Example: python -m flora_core audit --since 2026-06-01 --json > audit.json")
def audit(
    since: Annotated[str, typer.Option(metavar="DATE", help="The first day, like 2026-06-01.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day.")] = "",
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, the newest.")] = 1000,
    as_json: Json = False,
) -> None:
    """Who did or tried what, newest first: also what was refused."""
    from datetime import timedelta

    from flora_core.workflows.access.people import audit_document, read_audit

    last = _day(until)
    entries = read_audit(_prepared(), _day(since), last and last + timedelta(days=1), most)
    if as_json:
        print_json([audit_document(entry) for entry in entries])
        return
    for entry in entries:
        who = entry.name or entry.subject or "nobody"
        typer.echo(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {who} ({entry.issuer or 'not known'}), {entry.door or 'command'} "
            f"{entry.address}: {entry.use_case} {entry.object}: {entry.result}"
        )
    if not entries:
        typer.echo("The audit trail has nothing of that time.")


def _prepared() -> AppContext:
    context = command_context()
    context.database.prepare()
    return context


def _day(text: str) -> datetime | None:
    from datetime import UTC

    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(f"'{text[:40]}' is not a day; write it like 2026-06-01.") from None
