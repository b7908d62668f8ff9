"""Who is at the screen: known by a sign-in, or by the name that a local start asks for once and remembers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import streamlit as st

from flora_core.access import NOBODY, Principal, Role, UseCase, is_allowed
from flora_core.access.use_cases import ROLE_NEEDED
from flora_core.errors import FloraError
from flora_core.languages import translate
from flora_core.workflows.access.sign_in import principal_of_visitor
from flora_core.workflows.context import AppContext
from ui.site.navigation import page_link
from ui.site.text import escape_markdown

_NAME: Final = "person.name"
_PRINCIPAL: Final = "person.principal"
_CONTEXT: Final = "person.context"
#: The key under which pages keep who determines.
_PERSON: Final = "person"
_LONGEST_NAME: Final = 200


def current_principal(context: AppContext) -> Principal:
    """Who looks at this page, with the roles of this moment; `NOBODY` where that is not known."""
    return principal_of_visitor(context, _claims(), _address())


def acting_context(context: AppContext) -> AppContext:
    """The server's context for who looks at this page: what a page hands to workflows."""
    return context.acting_as(current_principal(context), "page", _address())


def _address() -> str:
    address = st.context.ip_address
    return address if isinstance(address, str) else ""


def person_name(context: AppContext) -> str:
    """The name that stands beside what this person does; "" where a local start was not told yet."""
    return context.principal.name


def show_signing_name(context: AppContext, key: str, label: str = "Your name") -> str:
    """The name to sign with: that of the sign-in; in a local start the one that was given once, and a box until it was.

    A visitor of an open server types it.

    Parameters
    ----------
    key : str
        The key of the box.
    label : str
        What the box is called, like "Identified by".

    Returns
    -------
    str
        "" where a local start was not told yet.
    """
    who = context.principal
    if who.name or not who.types_names:
        st.markdown(f"{escape_markdown(label)}  \n**{escape_markdown(who.name)}**")
        st.session_state[key] = who.name
        return who.name
    typed = st.text_input(
        label, key=key, placeholder="your name", max_chars=_LONGEST_NAME, autocomplete="name", persist_state="session"
    )
    # Here and not in a callback: a box in a form has none.
    name = " ".join(typed.split())
    if name:
        _remember_name(context, name)
    return name


def remember_typed(key: str) -> None:
    """Keep the name that was typed into this box, where a local start was not told one yet."""
    who, name = page_principal(), " ".join(str(st.session_state.get(key) or "").split())
    context = st.session_state.get(_CONTEXT)
    if isinstance(context, AppContext) and not who.name and name:
        _remember_name(context, name)


def page_principal() -> Principal:
    """Who looks at this page, as the frame around it found."""
    who = st.session_state.get(_PRINCIPAL, NOBODY)
    return who if isinstance(who, Principal) else NOBODY


def may(context: AppContext, use_case: UseCase) -> bool:
    """Whether this person may do it; what can't be used is not shown."""
    return is_allowed(context.principal, use_case)


def allowed_here(context: AppContext, use_case: UseCase) -> bool:
    """Whether this person may do it; where not, who may is said in the place of what is not shown."""
    if may(context, use_case):
        return True
    st.caption(who_may(use_case), width="content")
    return False


def who_may(use_case: UseCase) -> str:
    """In place of a button that is not there: who may."""
    role = ROLE_NEEDED[use_case]
    return f"To {use_case} takes the role of {'an' if role is Role.ADMIN else 'a'} {role}."


def show_person(context: AppContext) -> None:
    """Who is signed in, and the way out; in a local start the name that is remembered, and a box to change it."""
    who = context.principal
    st.session_state[_PRINCIPAL], st.session_state[_CONTEXT] = who, context
    if who is NOBODY:
        return
    if who.name:
        st.session_state.setdefault(_PERSON, who.name)
    label = who.name or translate("Your name" if who.is_local else "Guest")
    with (
        st.container(key="who", horizontal=True, horizontal_alignment="right"),
        st.popover(escape_markdown(label[:40]), icon=":material/person:"),
    ):
        if who.is_local:
            st.session_state.setdefault(_NAME, who.name)
            st.text_input(
                translate("The name beside what you record"),
                key=_NAME,
                max_chars=_LONGEST_NAME,
                autocomplete="name",
                on_change=_remember,
                args=(context, _NAME),
            )
            st.caption(translate("A local start: one person, who may do everything. No password is asked for."))
            _show_way_to_access(context)
        elif who.is_anonymous:
            st.markdown(f"Nobody is signed in. Everybody may what a {who.role} may.")
        else:
            st.markdown(f"**{escape_markdown(who.name)}**")
            st.caption(f"{who.role or 'no role'} · {escape_markdown(who.subject)} at {escape_markdown(who.issuer)}")
            _show_way_to_access(context)
            st.button(
                translate("Sign out"), icon=":material/logout:", on_click=lambda: _sign_out(context), key="sign-out"
            )


def _show_way_to_access(context: AppContext) -> None:
    if may(context, UseCase.MANAGE_PEOPLE):
        page_link("access", "People and access")


def _claims() -> dict[str, Any]:
    # Without an [auth] section there is no user at all, and asking for one raises.
    return dict(st.user.to_dict()) if st.user.get("is_logged_in") else {}


def _remember(context: AppContext, key: str) -> None:
    name = " ".join(str(st.session_state.get(key, "")).split())
    if name:
        _remember_name(context, name)
        st.session_state[_PERSON] = name


def _remember_name(context: AppContext, name: str) -> None:
    who = context.principal
    if not who.is_local or name == who.name:
        return
    with suppress(FloraError):  # it is asked for again; what is recorded says by itself whether the database answers
        context.people.remember_name(who.issuer, who.subject, name[:_LONGEST_NAME])


def _sign_out(context: AppContext) -> None:
    who = context.principal
    context.people.signed_out(who.issuer, who.subject)
    st.logout()
