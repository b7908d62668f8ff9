"""What a version looks like on paper: its card, and its key. Self-contained pages that load nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from flora_core.identification.sentences import probability_text, scores_sentence
from flora_core.model import ModelCard, Scores, SpeciesScore
from flora_core.storage.registry.registry import Event
from flora_core.study import Study, epithet, genus_of
from flora_core.tables.values.limits import limits_text

if TYPE_CHECKING:
    from flora_core.identification.key import Key, Lead

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
@page {{ size: A4; margin: 18mm }}
body {{ font: 10.5pt/1.45 Georgia, "Times New Roman", serif; color: #000; background: #fff; max-width: 46rem;
margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 18pt; margin: 0 0 .2em; font-weight: 400 }}
h2 {{ font-size: 12.5pt; margin: 1.4em 0 .3em; break-after: avoid }}
table {{ border-collapse: collapse; width: 100% }} tr {{ break-inside: avoid }}
th, td {{ text-align: left; vertical-align: top; font-weight: 400; padding: .2em .8em .2em 0; border-bottom: .2mm solid #999 }}
th {{ white-space: nowrap }} .n {{ white-space: nowrap; text-align: right }}
.key td {{ border: 0 }} .key tr.b td {{ padding-bottom: .7em }} .key .to {{ text-align: right; white-space: nowrap }}
.small {{ font-size: 9pt }}
@media print {{ body {{ margin: 0; max-width: none; padding: 0 }} }}
</style></head><body>
{body}
</body></html>
"""


_CONDITIONS: Final = {
    "fresh": "the plants were fresh when measured",
    "pressed": "the plants were pressed when measured",
    "unknown": "whether the plants were fresh or pressed when measured is not known",
}


def card_page(card: ModelCard, events: tuple[Event, ...] = ()) -> str:
    """The card of a version as a page to read and to print; whatever a person typed is escaped."""
    study, scores = card.study, card.scores
    parts = [
        f"<h1>{escape(study.title)}: version {card.version}</h1>",
        f"<p>{escape(card.algorithm_title.capitalize())}, trained {card.trained_at:%Y-%m-%d} by {escape(card.trained_by)} "
        f"with {card.table.rows:,} plants. {escape(card.chosen)}</p>",
        _origin(card),
        "<h2>How well it does</h2>",
        f"<p>{_scored(scores)} Always naming the commonest species would reach {100 * card.baseline:.1f} %. Mean over "
        f"species {100 * scores.balanced_accuracy:.1f} %, macro F1 {scores.macro_f1:.3f}, log loss {scores.log_loss:.3f}. "
        f"Its 95 % prediction sets held the true species of {100 * scores.set_coverage:.1f} % of the plants, with "
        f"{scores.set_size:.2f} species each.</p>",
        f"<p>On groups it had not seen: {_scored(card.group_scores)}</p>" if card.group_scores is not None else "",
        f"<p>{escape(scores_sentence(card))}</p>" if scores_sentence(card) else "",
        _species_table(card),
        _list("What to beware of", card.warnings),
        f"<p>{escape(card.more_plants)}</p>" if card.more_plants else "",
        "<h2>What it can’t know</h2>",
        f"<p>{escape(study.caveat) or 'Nothing was noted for this study.'} It knows these "
        f"{len(study.species)} species and no other; {_CONDITIONS[study.condition]}.</p>",
        _measurements(study),
        "<h2>How it was made</h2>",
        _settings(card),
        _history(events),
        _list("Sources", (*study.sources, *([f"Licence of the data: {study.licence}"] if study.licence else []))),
    ]
    return _PAGE.format(title=escape(f"Model card: {card.label}"), body="\n".join(filter(None, parts)))


def key_page(card: ModelCard, key: Key) -> str:
    """A dichotomous key as a page to print: numbered couplets, with plants and purity at each end."""
    body = (
        f"<h1>Key to {escape(card.study.title)}</h1><p>{escape(key.sentence)} Version {card.version}, "
        f"{escape(card.algorithm_title)}. At each end: how many training plants come there, and how many of them bear the "
        f"name.</p>{key_table(card.study, key)}<p class='small'>{escape(card.identified_by)}</p>"
    )
    return _PAGE.format(title=escape(f"Key: {card.label}"), body=body)


def key_table(study: Study, key: Key) -> str:
    """The couplets of a key as an HTML table."""
    if not key.couplets:
        return f"<p>All plants: {_italic(key.only)}</p>"
    rows = []
    for couplet in key.couplets:
        for letter, lead in (("a", couplet.first), ("b", couplet.second)):
            rows.append(
                f"<tr class='{letter}'><td>{couplet.number}{letter}</td><td>{escape(lead.text)}</td>"
                f"<td class='to'>{_end(lead)}</td></tr>"
            )
    around = "".join(f"<tr><td>{c.number}</td><td>{escape(c.missing)}</td></tr>" for c in key.couplets)
    return (
        f"<table class='key'><tbody>{''.join(rows)}</tbody></table>"
        f"<p>Where a character can’t be measured:</p><table class='key small'><tbody>{around}</tbody></table>"
    )


def _end(lead: Lead) -> str:
    if not lead.species:
        return f"go to <b>{lead.goes_to}</b>"
    return f"{_italic(lead.species)} <span class='small'>n = {lead.plants}, {100 * lead.purity:.0f} %</span>"


def _italic(name: str) -> str:
    return f"<i>{escape(name)}</i>" if genus_of(name) and epithet(name) else escape(name)


def _scored(scores: Scores) -> str:
    return (
        f"{100 * scores.accuracy:.1f} % named right (95 % interval {100 * scores.low:.1f} to {100 * scores.high:.1f} %, "
        f"n = {scores.plants}), {escape(scores.method)}."
    )


def _origin(card: ModelCard) -> str:
    if card.imported is None:
        return ""
    origin = card.imported
    return (
        f"<p><b>Brought in</b> by {escape(origin.by)} on {origin.at:%Y-%m-%d} from {escape(origin.file)} (SHA-256 "
        f"{escape(origin.sha256)}). The scores below are what the file states; they were not measured here.</p>"
    )


def _species_table(card: ModelCard) -> str:
    rows = "".join(
        f"<tr><td>{_italic(name)}</td><td class='n'>{s.right} of {s.plants}</td><td class='n'>{_between(s)}</td>"
        f"<td class='n'>{'never named' if s.precision is None else probability_text(s.precision)}</td></tr>"
        for name, s in card.scores.by_species.items()
    )
    return (
        "<table><thead><tr><th>Species</th><th class='n'>Named right</th><th class='n'>95 % interval</th>"
        "<th class='n'>Its name was right</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _between(score: SpeciesScore) -> str:
    return f"{100 * score.recall_low:.0f} to {100 * score.recall_high:.0f} %"


def _measurements(study: Study) -> str:
    told = any(m.how for m in study.measurements)
    rows = "".join(
        f"<tr><td>{escape(m.label)}</td><td>{escape(limits_text(m))}</td>{f'<td>{escape(m.how)}</td>' if told else ''}</tr>"
        for m in study.measurements
    )
    return (
        "<h2>What it measures</h2><table><thead><tr><th>Measurement</th><th>Plausible</th>"
        f"{'<th>How</th>' if told else ''}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _settings(card: ModelCard) -> str:
    settings = ", ".join(f"{name} = {value}" for name, value in card.hyperparameters.items()) or "none"
    facts = [
        ("Settings", settings),
        ("Shape ratios", "yes" if card.shape_ratios else "no"),
        ("Searched", f"{card.searched} settings" if card.searched else "nothing"),
        ("Table", f"{card.table.source}, {card.table.rows:,} plants, SHA-256 {card.table.sha256}"),
        ("Determined by persons", f"{card.table.determined} of them"),
        ("Seed", str(card.seed)),
        ("Programs", ", ".join(f"{name} {version}" for name, version in card.libraries.items())),
    ]
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    return f"<table><tbody>{rows}</tbody></table>"


def _history(events: tuple[Event, ...]) -> str:
    if not events:
        return ""
    rows = "".join(
        f"<tr><td class='n'>{e.at:%Y-%m-%d %H:%M} UTC</td><td>{e.kind} by {escape(e.by)}: {escape(e.why)}"
        f"{f' <b>Over the gate:</b> {escape(e.gate)}' if e.overruled else ''}</td></tr>"
        for e in events
    )
    return f"<h2>What happened to it</h2><table><tbody>{rows}</tbody></table>"


def _list(title: str, lines: tuple[str, ...]) -> str:
    if not lines:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
