"""The page of admins: people and their roles, tokens of programs, the audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import pandas as pd
import streamlit as st

from flora_core.access import Role
from flora_core.errors import FloraError
from flora_core.storage.access.people import Person
from flora_core.storage.access.tokens import Token
from flora_core.workflows.access.erasure import erase_person
from flora_core.workflows.access.people import (
    audit_document,
    create_token,
    grant_role,
    list_people,
    list_tokens,
    read_audit,
    revoke_role,
    revoke_token,
)
from flora_core.workflows.context import AppContext
from ui.site.text import escape_markdown

_SAID: Final = "access.said"
_MADE: Final = "access.made"
#: Rows of the audit trail on the page; the command exports all.
_SHOWN: Final = 500


def show_access_notice() -> None:
    """What became of the last press of a button; a new token, once."""
    said: tuple[bool, str] | None = st.session_state.pop(_SAID, None)
    if said is not None:
        done, text = said
        (st.success if done else st.error)(escape_markdown(text))
    secret: str | None = st.session_state.pop(_MADE, None)
    if secret is not None:
        st.warning("This is the token. It is shown once; keep it where only that program reads it.")
        st.code(secret, language=None)


def show_people(context: AppContext) -> None:
    """Everybody with their roles; a role given, a role taken away, a name erased."""
    people = list_people(context)
    if people:
        st.dataframe(
            pd.DataFrame(
                {
                    "Name": [person.name for person in people],
                    "Roles": [_roles(person.roles) for person in people],
                    "Last sign-in": [_moment(person.seen_at) for person in people],
                    "Subject": [person.subject for person in people],
                    "Issuer": [person.issuer for person in people],
                }
            ),
            hide_index=True,
            key="access.people",
        )
    else:
        st.info(
            "Nobody signed in yet. Who is to be let in before is named by the subject that the provider gives them."
        )
    give, take, erase = st.columns(3, gap="medium")
    with give.container(border=True, height="stretch"):
        st.header("Give a role", anchor=False)
        _show_giving(context, people)
    with take.container(border=True, height="stretch"):
        st.header("Take a role away", anchor=False)
        _show_taking(context, people)
    with erase.container(border=True, height="stretch"):
        st.header("Erase a name", anchor=False)
        _show_erasing(context)


def _show_giving(context: AppContext, people: Sequence[Person]) -> None:
    somebody_else = None
    whom = st.selectbox(
        "Person",
        [*people, somebody_else],
        format_func=lambda one: one.name if one else "somebody who has not signed in",
        key="access.whom",
    )
    if whom is None:
        st.text_input("Subject, as the provider gives it", key="access.subject", max_chars=200)
    role = st.selectbox("Role", list(Role), format_func=str, key="access.role")

    def give() -> str:
        if whom is None:
            person = grant_role(context, "", st.session_state["access.subject"], str(role))
        else:
            person = grant_role(context, whom.issuer, whom.subject, str(role), whom.name)
        return f"{person.name} has the role of {role} now."

    st.button("Give", key="access.give", on_click=_told, args=(give,), type="primary", icon=":material/person_add:")


def _show_taking(context: AppContext, people: Sequence[Person]) -> None:
    held = [(person, role) for person in people for role in Role if role in person.roles]
    if not held:
        st.caption("Nobody has a role.")
        return
    chosen = st.selectbox(
        "Person and role", held, format_func=lambda one: f"{one[0].name}: {one[1]}", key="access.held"
    )

    def take() -> str:
        person, role = chosen
        revoke_role(context, person.id, str(role))
        return f"{person.name} does not have the role of {role} any more; what they had open ends."

    st.button("Take away", key="access.take", on_click=_told, args=(take,), icon=":material/person_remove:")


def _show_erasing(context: AppContext) -> None:
    st.text_input("Name as it stands in the records", key="access.name", max_chars=200)
    sure = st.checkbox("Put a pseudonym in its place for ever", key="access.sure")

    def erase() -> str:
        done = erase_person(context, name=st.session_state["access.name"])
        rows = sum(done.changed.values())
        return f"The name is {done.pseudonym} now, in {rows:,} rows. What was said of plants stays."

    st.button(
        "Erase", key="access.erase", on_click=_told, args=(erase,), disabled=not sure, icon=":material/person_off:"
    )


def show_tokens(context: AppContext) -> None:
    """Tokens of programs; a new one, and one ended."""
    tokens = list_tokens(context)
    if tokens:
        st.dataframe(
            pd.DataFrame(
                {
                    "Name": [token.name for token in tokens],
                    "Roles": [_roles(token.roles) for token in tokens],
                    "Made by": [token.created_by for token in tokens],
                    "Expires": [_moment(token.expires_at) or "never" for token in tokens],
                    "Last used": [_moment(token.last_used_at) or "never" for token in tokens],
                    "Ended": [_moment(token.revoked_at) for token in tokens],
                }
            ),
            hide_index=True,
            key="access.tokens",
        )
    else:
        st.info("No program has a token.")
    make, end = st.columns(2, gap="medium")
    with make.container(border=True, height="stretch"):
        st.header("A new token", anchor=False)
        _show_making(context)
    with end.container(border=True, height="stretch"):
        st.header("End a token", anchor=False)
        _show_ending(context, [token for token in tokens if token.revoked_at is None])


def _show_making(context: AppContext) -> None:
    st.text_input("What it is for", key="access.token-name", max_chars=200, placeholder="import of field tables")
    role = st.selectbox("Role", list(Role), index=1, format_func=str, key="access.token-role")
    st.number_input("Days until it expires", 1, 3650, 365, key="access.token-days")

    def make() -> str:
        state = st.session_state
        token, state[_MADE] = create_token(
            context, state["access.token-name"], [str(role)], int(state["access.token-days"])
        )
        return f"{token.name} has a token."

    st.button("Make", key="access.make", on_click=_told, args=(make,), type="primary", icon=":material/key:")


def _show_ending(context: AppContext, tokens: Sequence[Token]) -> None:
    if not tokens:
        st.caption("There is none to end.")
        return
    chosen = st.selectbox("Token", tokens, format_func=lambda one: f"{one.id}: {one.name}", key="access.token")

    def end() -> str:
        return f"The token {revoke_token(context, chosen.id).name} opens nothing any more."

    st.button("End it", key="access.end", on_click=_told, args=(end,), icon=":material/key_off:")


def show_audit_trail(context: AppContext) -> None:
    """The newest of what was done or tried, also what was refused."""
    refused = st.toggle("Only what was refused", key="access.refused")
    entries = [one for one in read_audit(context, most=_SHOWN) if not refused or one.result == "refused"]
    if not entries:
        st.info("Nothing of that kind stands in it.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "When (UTC)": [f"{one.at:%Y-%m-%d %H:%M:%S}" for one in entries],
                "Who": [one.name or one.subject or "nobody" for one in entries],
                "What": [one.use_case for one in entries],
                "Of what": [one.object for one in entries],
                "Result": [one.result for one in entries],
                "By": [one.door for one in entries],
                "From": [one.address for one in entries],
            }
        ),
        hide_index=True,
        key="access.audit",
    )
    st.caption(f"The newest {len(entries):,}. `python -m flora_core audit` exports all.")
    st.download_button(
        "These as JSON",
        data=json.dumps([audit_document(one) for one in entries], ensure_ascii=False, indent=1),
        file_name="audit.json",
        mime="application/json",
        on_click="ignore",
        icon=":material/download:",
    )


def _told(do: Callable[[], str]) -> None:
    """Do it, and have said what became of it; for callbacks of buttons."""
    try:
        st.session_state[_SAID] = (True, do())
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)


def _roles(roles: frozenset[Role]) -> str:
    return ", ".join(role for role in Role if role in roles)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
