"""The inbox of the Determine page: which plant is shown, what the model said of it, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Final

import streamlit as st

from flora_core.determination import AT_RANDOM
from flora_core.errors import FloraError
from flora_core.identification.naming import NONE_OF_THESE
from flora_core.languages import localised, spoken_language, translate
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.inbox import Inbox, InboxPlant, Reason, at_random, inbox
from flora_core.workflows.determine.lookup import find_plants, recorded_plant
from flora_core.workflows.determine.progress import DeterminationProgress, progress
from flora_core.workflows.determine.replay import seen_again
from flora_core.workflows.determine.slips import slip_page
from flora_core.workflows.identify import Identification
from flora_core.workflows.reports.overview import DAYS, unsettled_plants
from ui.components import determination
from ui.identify import answer_card, sections
from ui.site.handed_plants import HandedPlants, handed_plants, put_back
from ui.site.text import escape_markdown, italicised

_QUEUE: Final = "determine.queue"
_PLACE: Final = "determine.place"
_ONLY: Final = "determine.only"
_FIND: Final = "determine.find"
_FOUND: Final = "determine.found"
_KEYS: Final = "determine.keys"
_WHERE: Final = "inbox"

#: Values written out above the picture; the table below it has them all.
_VALUES: Final = 12
#: The plants that chance chooses, among the filters.
_CHANCE: Final = "at random"
_FILTERS: Final = ("all", *(reason.value for reason in Reason), _CHANCE)


@dataclass(frozen=True, slots=True)
class Shown:
    """The plant that is shown, why it waits, and whether chance chose it."""

    recorded: IdentificationRecord
    reasons: tuple[str, ...]
    by_chance: bool = False


@dataclass(frozen=True, slots=True)
class Far:
    """How far the determinations of a study have come, and what waits by the words of the Home page."""

    progress: DeterminationProgress
    unsettled: int

    @property
    def undetermined(self) -> int:
        return self.progress.identified - self.progress.determined


def coverage_shown(context: AppContext, study: str) -> Far:
    """Show how far the study's determinations have come; every count of the page is of this one."""
    far = _progress(
        context, context.database.description, study, RecordStatistics(context.database).state(study), spoken_language()
    )
    found = far.progress
    with st.container(width=520):
        if found.identified:
            st.progress(found.determined / found.identified, escape_markdown(found.sentence))
        else:
            st.markdown(escape_markdown(found.sentence))
    return far


@st.cache_data(ttl=600, max_entries=50, show_spinner=False)
def _progress(_context: AppContext, database: str, study: str, state: tuple[int, int, int], language: str) -> Far:
    """Counted anew where something was recorded or determined, not at each press of a button."""
    return Far(progress(_context, study), unsettled_plants(_context, study))


def chosen_plant(context: AppContext, study: str, far: Far) -> Shown | None:
    """The plant that the visitor asked for, else the next that waits; None where none does. With the filter above it."""
    line = st.container(key="bench-filter", horizontal=True, vertical_alignment="center", gap="small")
    with line:
        only = st.pills(
            translate("Which plants"),
            _FILTERS,
            default="all",
            required=True,
            key=_ONLY,
            format_func=lambda name: translate(name.capitalize()),
            label_visibility="collapsed",
        )
        with st.popover(translate("Find"), icon=":material/search:"):
            st.text_input(
                translate("Find a plant"),
                key=_FIND,
                placeholder=translate("identifier or catalogue number"),
                max_chars=300,
                on_change=_find,
                args=(context, study),
            )
    determination.show_notice(_WHERE, context, keys=_keys(), back=_return_to)
    found: str = st.session_state.get(_FOUND, "")
    if found:
        st.button(translate("Back to the inbox"), on_click=_leave_found, icon=":material/inbox:")
        return Shown(recorded_plant(context, found), ())
    handed = handed_plants(study)
    if handed is not None:
        with line:
            _show_steps()
        return _handed(handed)
    queue = _queue(context, study, str(only))
    if not queue.waiting:
        _show_nothing_waits(queue, str(only))
        return None
    place = min(int(st.session_state.get(_PLACE, 0)), len(queue.waiting) - 1)
    waiting = queue.waiting[place]
    with line:
        _show_steps()
    _show_place(queue, place, str(only), far)
    return Shown(waiting.recorded, tuple(waiting.reasons.values()), only == _CHANCE)


def _handed(handed: HandedPlants) -> Shown | None:
    """The next of the plants that another page handed over; None behind the last of them."""
    asked = (handed, "", None)
    state: Any = st.session_state
    if (state.get(_QUEUE) or ("",))[0] != asked:
        plants = tuple(InboxPlant(one, {}, 0.0) for one in handed.plants)
        state[_QUEUE], state[_PLACE] = (asked, Inbox(plants, len(plants), len(plants), None)), 0
    place = int(state.get(_PLACE, 0))
    with st.container(horizontal=True, vertical_alignment="center"):
        many = len(handed.plants)
        st.button(translate("Back to the inbox"), on_click=_leave_handed, icon=":material/inbox:")
        st.caption(
            translate(
                "Plant {place} of the {many} {words}.",
                place=min(place + 1, many),
                many=localised(f"{many:,}"),
                words=escape_markdown(handed.words),
            )
        )
    if place >= many:
        st.info(
            translate(
                "Those were the {many} {words}.", many=localised(f"{many:,}"), words=escape_markdown(handed.words)
            ),
            icon=":material/check:",
        )
        return None
    return Shown(handed.plants[place], (), handed.by_chance)


def _leave_handed() -> None:
    put_back()
    st.session_state[_PLACE] = 0


def show_plant(context: AppContext, study: Study, shown: Shown) -> None:
    """One plant: what is known of it, what the model said, the answers, and where it lies."""
    recorded = shown.recorded
    try:
        found = seen_again(context, recorded)
    except FloraError as refused:
        st.warning(escape_markdown(refused.message), icon=":material/warning:")
        found = None
    left, right = st.columns([6, 6], gap="large")
    with left.container(key="bench", border=True, gap="xsmall"):
        st.header(_heading(recorded), anchor=False)
        st.html(_facts(recorded, found, shown.reasons))
        if found is not None:
            candidates = answer_card.candidate_rows(found, most=3) if found.fits else ""
            asked = translate("What {model} says", model=escape(found.model.card.label))
            said = f"<p class='flora-in flora-model'>{asked}</p>"
            st.html(f"{said}{answer_card.answer_card(found)}{candidates}")
            if found.did_you_mean is not None:
                st.info(escape_markdown(found.did_you_mean.question), icon=":material/help:")
        _show_buttons(context, study, shown, found)
        slips = context.determinations.of(recorded.id)
        if slips:
            determination.show_slips(slips, study)
            st.download_button(
                translate("Determination slip"),
                data=lambda: slip_page(context, (recorded,)),
                file_name=f"slip-{recorded.id}.html",
                mime="text/html",
                on_click="ignore",
                icon=":material/print:",
            )
    if found is None:
        return
    with right:
        sections.show_place(found)
        # A value that can't be makes a picture that can't be read.
        if found.study.drawing and not found.plant.unusual:
            sections.show_drawing(found)
    sections.show_why(found)


def _show_buttons(context: AppContext, study: Study, shown: Shown, found: Identification | None) -> None:
    possible = () if found is None or not found.fits else found.answer.prediction_set
    # While the model is unsure nothing is filled, so that it does not lead the hand.
    sure = found is not None and len(possible) < 2
    said = "" if found is None or not sure else found.answer.species if found.fits else NONE_OF_THESE
    determination.show_answers(
        context,
        study,
        [shown.recorded.id],
        said if said == NONE_OF_THESE or said in study.species_names else "",
        where=_WHERE,
        possible=possible,
        keys=_keys(),
        source=AT_RANDOM if shown.by_chance else "",
        then=_next,
    )
    st.toggle(translate("Keys press the buttons"), value=True, key=_KEYS, persist_state="session")


def _keys() -> bool:
    return bool(st.session_state.get(_KEYS, True))


def _show_steps() -> None:
    """To the plant before and the next, without a determination."""
    with st.container(key="bench-steps", horizontal=True, horizontal_alignment="right", gap="small"):
        st.button(
            translate("Back"),
            on_click=_step,
            args=(-1,),
            icon=":material/arrow_back:",
            shortcut="B" if _keys() else None,
        )
        st.button(translate("Next"), on_click=_next, icon=":material/arrow_forward:", shortcut="N" if _keys() else None)


def _heading(recorded: IdentificationRecord) -> str:
    number = recorded.plant.catalogue_number
    if number:
        return translate("No. {number}", number=escape_markdown(number))
    return translate("Plant {id}", id=escape_markdown(recorded.id))


def _facts(recorded: IdentificationRecord, found: Identification | None, reasons: tuple[str, ...]) -> str:
    """Where the plant comes from, its values, and why it waits."""
    recording = recorded.recording
    # The identifier is the heading where there is no number.
    identifier = [recorded.id] if recorded.plant.catalogue_number else []
    parts = [*identifier, translate("recorded {day} by {by}", day=f"{recording.at:%Y-%m-%d}", by=recording.by)]
    if recording.source:
        parts.append(translate("row {row} of {file}", row=recorded.plant.row, file=recording.source))
    if recorded.collector:
        parts.append(translate("gathered by {collector}", collector=recorded.collector))
    parts += [recorded.site] if recorded.site else []
    lines = [f"<p class='flora-in'>{escape(' · '.join(parts))}</p>"]
    if found is not None:
        values = [
            f"{escape(translate(m.label))} <b>{escape(m.written(value) if m.has_states else localised(m.written(value)))}</b>"
            for m, value in zip(found.study.measurements, recorded.plant.used, strict=True)
            if value is not None
        ]
        more = " · " + translate("and {more} more", more=len(values) - _VALUES) if len(values) > _VALUES else ""
        lines.append(f"<p>{' · '.join(values[:_VALUES])}{more}</p>")
        lines += [f"<p class='flora-reason'>{italicised(reason, found.study)}</p>" for reason in reasons]
    return "".join(lines)


def _queue(context: AppContext, study: str, only: str) -> Inbox:
    """The inbox as it was when it was last looked into; looked into again for another filter, and at its end."""
    state: Any = st.session_state
    asked = (study, only, context.registry.champion_version(study), spoken_language())
    kept: tuple[object, Inbox] | None = state.get(_QUEUE)
    if kept is None or kept[0] != asked or state.get(_PLACE, 0) >= len(kept[1].waiting):
        with st.spinner(translate("Looking for the plants that teach most …")):
            if only == _CHANCE:
                kept = (asked, at_random(context, study))
            else:
                kept = (asked, inbox(context, study, None if only == "all" else Reason(only)))
        state[_QUEUE], state[_PLACE] = kept, 0
    return kept[1]


def _show_place(queue: Inbox, place: int, only: str, far: Far) -> None:
    which = {
        "all": "Plant {place} of the {many} that teach most.",
        _CHANCE: "Plant {place} of the {many} that chance chose.",
    }.get(only, "Plant {place} of the {many} with “{only}”.")
    left, many = far.undetermined, localised(f"{len(queue.waiting):,}")
    parts = [
        translate(which, place=place + 1, many=many, only=translate(only)),
        translate("{left} is undetermined" if left == 1 else "{left} are undetermined", left=localised(f"{left:,}")),
    ]
    if far.unsettled:
        wait = (
            "{many} of the last {days} days waits: unsure, or fitting no species"
            if far.unsettled == 1
            else "{many} of the last {days} days wait: unsure, or fitting no species"
        )
        parts[-1] += "; " + translate(wait, many=localised(f"{far.unsettled:,}"), days=DAYS)
    if queue.looked_through < queue.undetermined:
        looked = localised(f"{queue.looked_through:,}")
        parts[-1] += "; " + translate("the newest {many} were looked through", many=looked)
    parts[-1] += "."
    if queue.challenger:
        parts.append(translate("Beside the champion, version {version} was asked.", version=queue.challenger))
    st.caption(" ".join(parts))


def _show_nothing_waits(queue: Inbox, only: str) -> None:
    if queue.undetermined and only != "all":
        left = localised(f"{queue.undetermined:,}")
        text = translate("No plant waits here: none is “{only}”. {many} others wait.", only=translate(only), many=left)
        st.info(text, icon=":material/inbox:")
    elif queue.undetermined:
        st.info(translate("No plant waits here."), icon=":material/inbox:")
    else:
        st.info(
            translate(
                "No plant waits for a determination. Record some on the Identify or the Batch page, or find one that has one "
                "already."
            ),
            icon=":material/inbox:",
        )


def _next() -> None:
    if st.session_state.get(_FOUND):
        return
    _step(1)


def _step(by: int) -> None:
    st.session_state[_PLACE] = max(0, int(st.session_state.get(_PLACE, 0)) + by)


def _return_to(identifier: str) -> None:
    """Show a plant again whose determination was taken back."""
    state: Any = st.session_state
    waiting = state[_QUEUE][1].waiting if state.get(_QUEUE) else ()
    place = next((i for i, one in enumerate(waiting) if one.recorded.id == identifier), None)
    if place is not None and not state.get(_FOUND):
        state[_PLACE] = place
    else:
        state[_FOUND] = identifier


def _find(context: AppContext, study: str) -> None:
    """Show the plant that was asked for, or say why it can't be told."""
    asked = str(st.session_state[_FIND]).strip()
    if not asked:
        return
    found = find_plants(context, study, [asked])[asked]
    if found.problem:
        determination.refuse(_WHERE, f"{found.problem[:1].upper()}{found.problem[1:]}. {found.suggestion}")
        return
    st.session_state[_FOUND], st.session_state[_FIND] = found.identifier, ""


def _leave_found() -> None:
    st.session_state[_FOUND] = ""
