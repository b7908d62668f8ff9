"""What is done to versions on the Models page: promoted, rolled back, retired; by whom and why; and what came of it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flora_core.errors import FloraError
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.promotion_gate import Gate
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import Promotion, promote, retire, roll_back
from flora_core.workflows.models.shadow import watch_in_shadow
from ui.components.refusal import show_refusal
from ui.site.person import show_signing_name
from ui.site.text import escape_markdown

_SAID: Final = "models.said"
_UNDO: Final = "models.undo"


def sign(context: AppContext, deed: str, sentence: str = "") -> tuple[str, str]:
    """Who and why: what the history keeps. The name is known after it was given once."""
    if sentence:
        st.markdown(escape_markdown(sentence))
    by = show_signing_name(context, f"{deed}.by")
    why = st.text_input("Reason", key=f"{deed}.why", max_chars=2000, placeholder="for the history")
    return by, why


def act(
    deed: str,
    context: AppContext,
    study: str,
    version: int,
    overrule: bool = False,
    judged: tuple[int, Comparison, Gate] | None = None,
) -> None:
    """Promote, roll back or retire, and keep the sentence that says what came of it."""
    by = str(st.session_state.get(f"{deed}.by") or context.principal.name)
    why = str(st.session_state.get(f"{deed}.why", ""))
    try:
        if deed == "rollback":
            said = f"Version {roll_back(context, study, by=by, why=why)} identifies again."
        elif deed == "retire":
            retire(context, study, version, by=by, why=why)
            said = f"Version {version} is retired."
        else:
            watched = context.registry.watching_version(study) == version
            done = promote(context, study, version, by=by, why=why, overrule=overrule, judged=judged)
            keep_promotion_notice(study, version, by, done, watched=watched)
            st.session_state[f"{deed}.why"] = ""
            return
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)
        return
    st.session_state[_SAID] = (True, said)
    st.session_state[f"{deed}.why"] = ""


def keep_promotion_notice(study: str, version: int, by: str, done: Promotion, *, watched: bool = False) -> None:
    """What a promotion came to, to be shown once, with the way back where a version identified before.

    Parameters
    ----------
    watched : bool
        Whether it watched in the shadow until then, and shall do so again when its promotion is taken back.
    """
    if done.promoted:
        st.session_state[_SAID] = (True, f"Version {version} identifies from now on.")
        if done.before is not None:
            st.session_state[_UNDO] = (study, version, by, watched)
        return
    why = done.gate.sentence if done.gate is not None else "The gate is shut."
    st.session_state[_SAID] = (False, f"Not promoted. {why}")


def show_version_notice(context: AppContext) -> None:
    """What the last click came to, once; a promotion with the way back."""
    done, said = st.session_state.pop(_SAID, (True, ""))
    undo = st.session_state.pop(_UNDO, None)
    if said and done:
        st.success(escape_markdown(said), icon=":material/check_circle:")
        if undo is not None:
            st.button("Undo", key="undo", icon=":material/undo:", on_click=_undo, args=(context, *undo))
    elif said:
        show_refusal(said)


def _undo(context: AppContext, study: str, version: int, by: str, watched: bool) -> None:
    try:
        again = roll_back(context, study, by=by, why=f"The promotion of version {version} was taken back at once.")
        if watched:
            watch_in_shadow(context, study, version, by=by, why="Its promotion was taken back, so it watches again.")
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)
        return
    st.session_state[_SAID] = (True, f"Version {again} identifies again.")
