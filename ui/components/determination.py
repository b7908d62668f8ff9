"""What a person says of a plant: who signs, the buttons, the slips so far; for the Determine, Identify and Batch pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import streamlit as st

from flora_core.access import Role
from flora_core.determination import COMPETENT, LEVELS
from flora_core.errors import FloraError
from flora_core.identification.naming import NONE_OF_THESE
from flora_core.languages import localised, translate
from flora_core.storage.records.determinations import Determination
from flora_core.study import Study
from flora_core.tables.names.typed_names import read_name
from flora_core.tables.rows.determinations import WrittenDetermination
from flora_core.wording import listed
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine import DeterminationRecorder, defaults
from flora_core.workflows.determine.withdrawal import withdraw
from ui.site.person import page_principal, remember_typed
from ui.site.text import escape_markdown, italicised

_PERSON: Final = "person"
_LEVEL: Final = "determine.level"
_DATE: Final = "determine.date"
_REMARK: Final = "determine.remark"
_SAID: Final = "determine.said"
_LAID: Final = "determine.laid"

#: Determinations that can be taken back one after the other.
_UNDONE_AT_MOST: Final = 50

#: Species with a button, and a number key, of their own; the others are chosen from a list.
_BUTTONS: Final = 9
_OTHERS: Final = ("genus only", "cf.", "aff.", "hybrid", "another name")


@dataclass(frozen=True, slots=True)
class _Said:
    """What became of the last determination, shown above the next plant."""

    where: str
    text: str
    notes: tuple[str, ...] = ()
    refused: bool = False
    undone: bool = False


@dataclass(frozen=True, slots=True)
class _Laid:
    """What one press laid down, so that it can be taken back."""

    where: str
    identifiers: tuple[str, ...]
    numbers: tuple[int, ...]


def show_signature(person: str = _PERSON) -> None:
    """Who determines, when, and how far it is verified: asked once, kept while the visitor moves between pages.

    Parameters
    ----------
    person : str
        The key of the box for the person; another one where the page asks for a person elsewhere too.
    """
    named = str(st.session_state.get(_PERSON) or "")
    principal = page_principal()
    as_oneself = not principal.is_local and not principal.has(Role.CURATOR)
    levels = [number for number in LEVELS if number < COMPETENT] if as_oneself else list(LEVELS)
    who, level, day = st.columns([4, 5, 3], vertical_alignment="bottom")
    # Another box for another name: a browser that drew it empty would answer with nothing once it is filled from elsewhere.
    box = f"{person}.box.{named}"
    who.text_input(
        translate("Determined by"),
        named,
        key=box,
        placeholder=translate("your name"),
        max_chars=200,
        autocomplete="name",
        disabled=not principal.types_names and as_oneself,
        on_change=_typed_person,
        args=(box,),
    )
    level.selectbox(
        translate("Verification level (HISPID)"),
        levels,
        index=levels.index(COMPETENT) if COMPETENT in levels else len(levels) - 1,
        format_func=lambda n: f"{n}: {translate(LEVELS[n])}",
        key=_LEVEL,
        persist_state="session",
        help=translate(
            "A name of level 2 or more counts as the truth: the model is judged by it, and may learn from it."
        ),
    )
    day.text_input(
        translate("Date"),
        key=_DATE,
        placeholder=translate("today"),
        max_chars=40,
        persist_state="session",
        help=translate("When it was determined: 2026-06-03, 3.VI.1928, June 1928 or 1928. Empty: today."),
    )


def _typed_person(key: str) -> None:
    st.session_state[_PERSON] = st.session_state[key]
    remember_typed(key)


def show_signature_line() -> None:
    """Who determines, at which level and when, as one line with its boxes behind "Change"; the boxes where nobody is named."""
    state = st.session_state
    by = str(state.get(_PERSON) or "").strip()
    if not by:
        show_signature()
        return
    level, day = int(state.get(_LEVEL, COMPETENT)), str(state.get(_DATE) or "").strip() or translate("today")
    line = translate("Signed {by} · level {level} · {day}", by=f"<b>{escape(by)}</b>", level=level, day=escape(day))
    st.html(f"<p class='flora-quiet'>{line}</p>", width="content")
    with st.popover(translate("Change"), type="tertiary"):
        show_signature()


def show_notice(
    where: str, context: AppContext | None = None, *, keys: bool = False, back: Callable[[str], None] | None = None
) -> None:
    """What became of the last determination made at this place of the page, with a button that takes it back.

    Parameters
    ----------
    context : AppContext, optional
        Without one there is no button.
    keys : bool
        Whether U presses the button.
    back : callable, optional
        Called with the plant's identifier once it is taken back.
    """
    said: _Said | None = st.session_state.get(_SAID)
    if said is None or said.where != where:
        return
    laid: list[_Laid] = st.session_state.get(_LAID, [])
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"said-{where}"):
        if said.refused:
            st.error(said.text, icon=":material/error:")
        else:
            st.success(said.text, icon=":material/undo:" if said.undone else ":material/check_circle:")
        if context is not None and laid and laid[-1].where == where:
            st.button(
                translate("Undo the one before" if said.undone else "Undo"),
                on_click=_undo,
                args=(context, back),
                key=f"in-turn-{where}-undo",
                icon=":material/undo:",
                shortcut="U" if keys else None,
            )
    for note in said.notes:
        st.info(escape_markdown(note), icon=":material/info:")


def _undo(context: AppContext, back: Callable[[str], None] | None) -> None:
    """Take back what was laid down last, by a record of its own."""
    state = st.session_state
    laid: _Laid = state[_LAID].pop()
    try:
        withdraw(context, laid.numbers, by=str(state.get(_PERSON) or ""))
    except FloraError as refused:
        state[_LAID].append(laid)
        refuse(laid.where, f"{translate('Not taken back.')} {refused.message}")
        return
    which = laid.identifiers[0] if len(laid.identifiers) == 1 else _plants(len(laid.identifiers))
    text = translate("Taken back: what was said of {plant} counts no more.", plant=f"**{escape_markdown(which)}**")
    state[_SAID] = _Said(laid.where, text, undone=True)
    if back is not None:
        back(laid.identifiers[0])


def refuse(where: str, text: str) -> None:
    """Have a refusal shown at this place of the page."""
    st.session_state[_SAID] = _Said(where, escape_markdown(text), refused=True)


def show_answers(
    context: AppContext,
    study: Study,
    identifiers: Sequence[str],
    said: str,
    *,
    where: str,
    possible: Sequence[str] = (),
    keys: bool = False,
    source: str = "",
    then: Callable[[], None] | None = None,
) -> None:
    """Buttons for every answer a person may give of some plants.

    Parameters
    ----------
    identifiers : sequence of str
        Of the plants; all of them get the answer.
    said : str
        What the model says: a species or "none of these"; confirmed by the first button. "" where it says several things.
    where : str
        The place of the page: buttons elsewhere on it have other keys.
    possible : sequence of str
        The species that the model holds for possible; their buttons stand out.
    keys : bool
        Whether keys of the keyboard press the buttons.
    source : str
        How the plants were chosen, where that matters later: "drawn at random".
    then : callable, optional
        Called once the answer is laid down.
    """
    every = tuple(identifiers)
    # The same buttons for every plant, so that a key that is pressed quickly counts for each: `ui.server.in_turn`.
    mark, turn = f"{where}.{every[0]}", f"in-turn-{where}"

    def lay(name: str) -> None:
        _lay(context, study, every, name, where, source, then)

    with st.container(horizontal=True, key=f"answers-{where}"):
        if said:
            st.button(
                translate("Confirm: {name}", name=_labelled(said)),
                on_click=lay,
                args=(said,),
                key=f"{turn}-confirm",
                type="primary",
                icon=":material/check:",
                shortcut="Y" if keys else None,
            )
        # The species that the model named has its number too: numbers stay with their species from plant to plant.
        for number, name in enumerate(study.species_names[:_BUTTONS], start=1):
            st.button(
                f"**{_labelled(name)}**" if name in possible and len(possible) > 1 else _labelled(name),
                on_click=lay,
                args=(name,),
                key=f"{turn}-{number}",
                shortcut=str(number) if keys else None,
            )
        st.button(
            translate("None of these"),
            on_click=lay,
            args=(NONE_OF_THESE,),
            key=f"{turn}-none",
            shortcut="0" if keys else None,
        )
        rest = study.species_names[_BUTTONS:]
        if rest:
            st.menu_button(
                translate("Other species"),
                rest,
                key=f"{mark}.rest",
                on_click=lambda: lay(st.session_state[f"{mark}.rest"]),
                format_func=_labelled,
            )
        with st.popover(translate("Another answer …"), key=f"{mark}.popover"):
            _show_other_answers(study, mark, lay)
    st.text_input(
        translate("Remark"),
        key=_REMARK,
        placeholder=translate("what the slip says besides, if anything"),
        max_chars=2000,
    )


def _show_other_answers(study: Study, mark: str, lay: Callable[[str], None]) -> None:
    """Answers that need a word: less than a name, a hybrid, a species that the study does not know."""
    kind_key, name_key = f"{mark}.kind", f"{mark}.name"
    st.radio(translate("Answer"), _OTHERS, key=kind_key, horizontal=True, format_func=translate)
    kind = st.session_state[kind_key]
    expected = {
        "genus only": f"{study.genus} sp.",
        "cf.": "versicolor",
        "aff.": "virginica",
        "hybrid": "a × b",
        "another name": translate("{genus} and epithet", genus=study.genus or translate("Genus")),
    }
    st.text_input(translate("Name"), key=name_key, max_chars=300, placeholder=expected[kind])

    def lay_typed() -> None:
        text = str(st.session_state[name_key]).strip()
        typed = {"genus only": text or f"{study.genus} sp.", "cf.": f"cf. {text}", "aff.": f"aff. {text}"}
        lay(typed.get(st.session_state[kind_key], text))

    st.button(translate("Lay down"), on_click=lay_typed, key=f"{mark}.lay", type="primary")


def _lay(
    context: AppContext,
    study: Study,
    identifiers: tuple[str, ...],
    name: str,
    where: str,
    source: str,
    then: Callable[[], None] | None,
) -> None:
    state = st.session_state
    by, day, level = str(state.get(_PERSON) or ""), str(state.get(_DATE) or ""), str(state.get(_LEVEL, COMPETENT))
    remark = str(state.get(_REMARK) or "")
    laying = DeterminationRecorder(context, study.name, defaults=defaults(), entered_by=by, source=source)
    try:
        laying.lay(
            [WrittenDetermination(None, one, name, by, day, level, remark) for one in identifiers], may_be_blank=False
        )
    except FloraError as refused:
        refuse(where, f"{translate('Not added.')} {refused.message}")
        return
    outcome = laying.finish()
    if outcome.issues:
        # All plants of one press get the same answer, so they have the same issue.
        refuse(where, f"{translate('Not added.')} {outcome.issues[0].sentence()}")
        return
    which = escape_markdown(identifiers[0]) if len(identifiers) == 1 else _plants(len(identifiers))
    given = read_name(name, study, context.checklists.of(study.name)).given
    written, by = escape_markdown(translate(given.written) if given else name), escape_markdown(by)
    text = translate("{plant}: {name}, determined by {by}.", plant=f"**{which}**", name=written, by=by)
    if not outcome.added:
        text = translate("{plant}: {by} had said so before; nothing was added.", plant=f"**{which}**", by=by)
    elif outcome.unchanged:
        before = "{many} of them {by} had determined so before."
        text += " " + translate(before, many=localised(f"{outcome.unchanged:,}"), by=by)
    state[_SAID] = _Said(where, text, tuple(outcome.notes))
    if outcome.numbers:
        state[_LAID] = [*state.get(_LAID, []), _Laid(where, identifiers, tuple(outcome.numbers))][-_UNDONE_AT_MOST:]
    state[_REMARK] = ""
    if then is not None:
        then()


def show_slips(slips: Sequence[Determination], study: Study) -> None:
    """The determinations of a plant so far, one beside the other, the newest last."""
    cards = "".join(
        f"<div role='listitem' class='flora-slip'><p class='name'>{italicised(slip.given.written, study)}</p>"
        f"<p>det. {escape(slip.by)}, {escape(slip.at)}</p>"
        f"<p class='small'>{escape(translate(LEVELS[slip.level]))} ({slip.level})</p>"
        + (f"<p class='small'>{escape(slip.remark)}</p>" if slip.remark else "")
        + "</div>"
        for slip in slips
    )
    label = escape(translate("Determinations so far, the newest last"), quote=True)
    st.html(f"<div role='list' class='flora-slips' aria-label='{label}'>{cards}</div>")


def determine_here(
    context: AppContext,
    identifiers: Sequence[str],
    said: str = "",
    *,
    where: str = "here",
    asked_elsewhere: bool = False,
) -> None:
    """Confirm or correct some recorded plants right where they are shown: who signs, the answers, the slips so far.

    Parameters
    ----------
    identifiers : sequence of str
        Of recorded plants of one study; nothing is shown where there is none. All of them get the answer.
    said : str
        What the model said of them: a species or "none of these"; "" for no button to confirm.
    where : str
        The place of the page.
    asked_elsewhere : bool
        Whether the page asks for a person elsewhere too.
    """
    if not identifiers:
        return
    study = context.studies.get(context.records.get(identifiers[0]).recording.study)
    show_signature(f"{where}.{_PERSON}" if asked_elsewhere else _PERSON)
    show_notice(where, context)
    show_answers(context, study, identifiers, said, where=where)
    slips = [slip for each in context.determinations.of_each(identifiers).values() for slip in each]
    if len(identifiers) == 1 and slips:
        show_slips(slips, study)
    elif slips:
        names = dict.fromkeys(slip.given.written for slip in slips)
        so_far = translate("So far: {names}", names=italicised(listed(list(names), translate("and")), study))
        st.html(f"<p class='flora-in'>{so_far}</p>")


def _plants(many: int) -> str:
    return translate("{many} plants", many=localised(f"{many:,}"))


def _labelled(name: str) -> str:
    return translate(name) if name == NONE_OF_THESE else f"*{escape_markdown(name)}*"
