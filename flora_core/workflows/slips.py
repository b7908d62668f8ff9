"""The determination slip: what is glued beside the older slips on a herbarium sheet."""

from __future__ import annotations

from html import escape

from flora_core.identification.sentences import percent
from flora_core.model import ModelCard
from flora_core.storage.records import Recorded
from flora_core.study import Study, epithet, genus_of
from flora_core.workflows.house import House

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Determination slip {id}</title>
<style>
@page {{ size: 105mm 60mm; margin: 4mm }}
body {{ font: 9pt/1.35 Georgia, "Times New Roman", serif; color: #000; background: #fff; margin: 1rem }}
.slip {{ width: 97mm; box-sizing: border-box; border: .3mm solid #000; padding: 3mm 4mm; break-inside: avoid }}
h1 {{ font-size: 13pt; margin: 0 0 1mm; font-weight: 400 }} p {{ margin: .6mm 0 }}
.small {{ font-size: 7.5pt }} .foot {{ display: flex; justify-content: space-between; margin-top: 1.5mm }}
@media print {{ body {{ margin: 0 }} .slip {{ border: 0; padding: 0 }} }}
</style></head><body>
{slips}
</body></html>
"""


def slip_page(house: House, recorded: tuple[Recorded, ...]) -> str:
    """A self-contained HTML page with a slip for each identification, ready to be printed on labels of 105 x 60 mm.

    What a person typed is escaped; the page loads nothing.
    """
    slips = []
    for one in recorded:
        card = house.registry.card(one.recording.study, one.recording.version)
        slips.append(_slip(card, one))
    title = recorded[0].id if len(recorded) == 1 else f"{len(recorded)} plants"
    return _PAGE.format(id=escape(title), slips="\n".join(slips))


def _slip(card: ModelCard, one: Recorded) -> str:
    study, plant, recording = card.study, one.plant, one.recording
    measured = ", ".join(
        f"{m.label} {m.written(value)}"
        for m, value in zip(study.measurements, plant.used, strict=True)
        if value is not None
    )
    catalogue = f"<p>No. {escape(plant.catalogue_number)}</p>" if plant.catalogue_number else ""
    return (
        f'<div class="slip"><h1>{_name(study, one)}</h1><p>{_sureness(study, one)}</p>{catalogue}'
        f"<p>{escape(measured)}</p>"
        f'<div class="foot"><span>Recorded by {escape(recording.by)}</span><span>{recording.at:%Y-%m-%d}</span></div>'
        f'<p class="small">Identified by {escape(card.identified_by)}; not yet confirmed by a person. {one.id}</p></div>'
    )


def _name(study: Study, one: Recorded) -> str:
    if not one.plant.possible:
        return "<i>indet.</i> (fits none of these species)"
    species = study.species[one.plant.possible[0]]
    genus, rest = escape(genus_of(species.name)), escape(epithet(species.name))
    if len(one.plant.possible) > 1:
        return f"<i>{genus}</i> cf. <i>{rest}</i>" if genus else f"cf. {rest}"
    return f"<i>{genus} {rest}</i> {escape(species.author)}" if genus else rest


def _sureness(study: Study, one: Recorded) -> str:
    if not one.plant.possible:
        return f"Outside every species of the study “{escape(study.title)}”"
    others = [f"<i>{escape(study.species[j].short)}</i>" for j in one.plant.possible[1:]]
    share = one.plant.probabilities[one.plant.species]
    return f"Probability {percent(share)}{'; possible too: ' + ', '.join(others) if others else ''}"
