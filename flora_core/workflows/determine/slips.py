"""The determination slip: what is glued beside the older slips on a herbarium sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from flora_core.access import UseCase
from flora_core.determination import LEVELS, AnswerKind, GivenName
from flora_core.identification.sentences import UNUSUAL, probability_text
from flora_core.model import ModelCard
from flora_core.storage.records.determinations import Determination
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.study import Study, epithet, genus_of
from flora_core.tables.names.checklist import Checklist
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.unusual_plants import unusual_plants

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Determination slip {id}</title>
<style>
@page {{ size: {paper} }}
body {{ font: 9pt/1.35 Georgia, "Times New Roman", serif; color: #000; background: #fff; margin: 1rem }}
.slip {{ width: 97mm; box-sizing: border-box; border: .3mm solid #000; padding: 3mm 4mm; break-inside: avoid }}
h1 {{ font-size: 13pt; margin: 0 0 1mm; font-weight: 400 }} p {{ margin: .6mm 0 }}
.small {{ font-size: 7.5pt }} .foot {{ display: flex; justify-content: space-between; margin-top: 1.5mm }}
.sheet {{ display: grid; grid-template-columns: 1fr 1fr; max-width: 190mm }}
.sheet .slip {{ border: .2mm dashed #777; width: auto; min-height: 54mm }}
@media print {{ body {{ margin: 0 }} body > .slip {{ border: 0; padding: 0 }} }}
</style></head><body>
{slips}
</body></html>
"""
#: One slip is printed on a label; several on sheets, two beside each other, to be cut apart along the dashes.
_LABEL, _SHEET = "105mm 60mm; margin: 4mm", "A4; margin: 10mm"


@use_case(UseCase.READ_OWN_RECORDS)
def slip_page(context: AppContext, recorded: tuple[IdentificationRecord, ...]) -> str:
    """A self-contained HTML page with a slip for each plant, ready to be printed: one on a label of 105 x 60 mm, several on A4.

    A plant that persons determined bears the newest determination, and below it what was said before, oldest first.
    What a person typed is escaped; the page loads nothing.
    """
    determined = context.determinations.of_each(one.id for one in recorded)
    checklists = {study: context.checklists.of(study) for study in {one.recording.study for one in recorded}}
    unusual = unusual_plants(context, recorded)
    slips = []
    for one in recorded:
        card = context.registry.card(one.recording.study, one.recording.version)
        slips.append(_slip(card, one, determined[one.id], checklists[one.recording.study], one.id in unusual))
    if len(slips) == 1:
        return _PAGE.format(id=escape(recorded[0].id), paper=_LABEL, slips=slips[0])
    sheet = "\n".join(['<div class="sheet">', *slips, "</div>"])
    return _PAGE.format(id=f"{len(slips)} plants", paper=_SHEET, slips=sheet)


def _slip(
    card: ModelCard,
    one: IdentificationRecord,
    determined: Sequence[Determination],
    checklist: Checklist | None,
    unusual: bool,
) -> str:
    study, plant, recording = card.study, one.plant, one.recording
    measured = ", ".join(
        f"{m.label} {m.written(value)}"
        for m, value in zip(study.measurements, plant.used, strict=True)
        if value is not None
    )
    catalogue = f"<p>No. {escape(plant.catalogue_number)}</p>" if plant.catalogue_number else ""
    place = ", ".join(filter(None, (one.site, one.collector and f"leg. {one.collector}")))
    where = f"<p>{escape(place)}</p>" if place else ""
    if determined:
        head, foot = _determined(study, determined, checklist)
        by = f"Identified by {escape(card.identified_by)}: {_name(study, one)}. {one.id}"
    else:
        head, foot = f"<h1>{_name(study, one)}</h1><p>{_sureness(study, one, unusual)}</p>", ""
        by = f"Identified by {escape(card.identified_by)}; not yet confirmed by a person. {one.id}"
    return (
        f'<div class="slip">{head}{catalogue}<p>{escape(measured)}</p>{where}{foot}'
        f'<div class="foot"><span>Recorded by {escape(recording.by)}</span><span>{recording.at:%Y-%m-%d}</span></div>'
        f'<p class="small">{by}</p></div>'
    )


def _determined(study: Study, determined: Sequence[Determination], checklist: Checklist | None) -> tuple[str, str]:
    """The newest determination for the head of a slip, and those before it for its foot."""
    *before, newest = determined
    remark = f" {escape(newest.remark)}" if newest.remark else ""
    head = (
        f"<h1>{_given(study, newest.given)}</h1>{_accepted(newest.given, checklist)}"
        f"<p>det. {escape(newest.by)}, {escape(newest.at)} ({escape(LEVELS[newest.level])}).{remark}</p>"
    )
    if not before:
        return head, ""
    earlier = " | ".join(f"{_given(study, d.given)} (det. {escape(d.by)}, {escape(d.at)})" for d in before)
    return head, f'<p class="small">Determined before: {earlier}</p>'


def _given(study: Study, given: GivenName) -> str:
    """A person's name for a plant, in italics where botanists write it so, with the author where the study knows it."""
    if given.answer is AnswerKind.NONE:
        return f"none of the species of “{escape(study.title)}”"
    if given.answer is AnswerKind.HYBRID:
        return " × ".join(f"<i>{escape(name)}</i>" for name in (given.name, given.other) if name)
    if given.answer is AnswerKind.GENUS:
        return f"<i>{escape(given.name)}</i> sp." if given.name else "genus only"
    genus, rest = escape(genus_of(given.name)), escape(epithet(given.name))
    if given.answer in (AnswerKind.CF, AnswerKind.AFF):
        return f"{f'<i>{genus}</i> ' if genus else ''}{given.answer.value} <i>{rest}</i>"
    author = next((s.author for s in study.species if s.name == given.name), "")
    return f"<i>{escape(given.name)}</i> {escape(author)}".strip()


def _accepted(given: GivenName, checklist: Checklist | None) -> str:
    """A line with the accepted name where the checklist calls the given one a synonym."""
    to = None if checklist is None else checklist.accepted_name(given.name)
    return "" if to is None else f"<p>= <i>{escape(to.name)}</i> {escape(to.author)}</p>"


def _name(study: Study, one: IdentificationRecord) -> str:
    if not one.plant.possible:
        return "<i>indet.</i> (fits none of these species)"
    species = study.species[one.plant.possible[0]]
    genus, rest = escape(genus_of(species.name)), escape(epithet(species.name))
    if len(one.plant.possible) > 1:
        return f"<i>{genus}</i> cf. <i>{rest}</i>" if genus else f"cf. {rest}"
    return f"<i>{genus} {rest}</i> {escape(species.author)}" if genus else rest


def _sureness(study: Study, one: IdentificationRecord, unusual: bool) -> str:
    if not one.plant.possible:
        return f"Outside every species of the study “{escape(study.title)}”"
    others = [f"<i>{escape(study.short(study.species[j].name))}</i>" for j in one.plant.possible[1:]]
    share = one.plant.probabilities[one.plant.species]
    said = f"Probability {probability_text(share)}{'; possible too: ' + ', '.join(others) if others else ''}"
    # A probability among the species that are known says nothing of a plant that may be of none of them.
    return f"{UNUSUAL} If it is one: {said[:1].lower()}{said[1:]}" if unusual else said
