"""The report's papers: Markdown for a pull request, one HTML file for people, JSON and JUnit for machines."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.model import Candidate, ModelCard
from flora_core.reporting import svg_figures
from flora_core.reporting.svg_figures import SvgFigure
from flora_core.workflows.monitor.current_verdict import verdict_document
from flora_core.workflows.reports.study_report import StudyReport

_TEMPLATES: Final = Path(__file__).parent / "templates"
_STATES: Final = {"passed": "passed", "warning": "warning", "failed": "FAILED"}
#: Events shown at most, newest.
_HISTORY: Final = 30


def render_documents(facts: StudyReport) -> dict[str, str]:
    """Every file of the report by its name: the same facts give the same bytes."""
    drawn = _figures(facts)
    return {
        "report.md": _render("report.md.j2", facts, drawn),
        "report.html": _render("report.html.j2", facts, drawn),
        "report.json": json.dumps(report_document(facts), ensure_ascii=False, indent=1) + "\n",
        "junit.xml": _junit(facts),
        **{f"{figure.name}.svg": figure.svg for figure in drawn},
    }


def report_document(facts: StudyReport) -> dict[str, Any]:
    """The report for a program."""
    rival = facts.rival
    return {
        "study": facts.study.name,
        "simulated": facts.simulated,
        "verdict": facts.verdict,
        "sentence": facts.watched.sentence,
        "monitor": verdict_document(facts.watched),
        "reasons": list(facts.watched.reasons),
        "champion": _card(facts.champion),
        "checks": [asdict(check) for check in facts.checks],
        "challenger": None
        if rival is None
        else {
            "card": _card(rival.card),
            "comparison": None if rival.comparison is None else asdict(rival.comparison),
            "gate": None if rival.gate is None else {"passed": rival.gate.passed, **asdict(rival.gate)},
            "problem": rival.problem,
        },
        "drift": [
            {"measurement": label, "n": n, "moved": moved, "p": p, "alert": alert}
            for label, n, moved, p, alert in _drift(facts)
        ],
        "history": [
            {"at": e.at.isoformat(timespec="seconds"), "version": e.version, "kind": e.kind, "by": e.by, "why": e.why}
            for e in facts.history
        ],
    }


def _card(card: ModelCard) -> dict[str, Any]:
    """The card for a program, but for what only a clock knows: how long each step took."""
    document: dict[str, Any] = card.model_dump(
        mode="json", exclude={"seconds": True, "candidates": {"__all__": {"seconds"}}}
    )
    return document


def _tried(facts: StudyReport) -> list[dict[str, Any]]:
    """The best settings of every algorithm that was tried, in the order of the card."""
    card = facts.champion
    best: dict[str, Candidate] = {}
    for c in card.candidates:
        if c.algorithm not in best or c.log_loss < best[c.algorithm].log_loss:
            best[c.algorithm] = c
    rows = []
    for c in best.values():
        low, high = clopper_pearson(c.accuracy * card.scores.plants, card.scores.plants)
        title = ALGORITHMS[c.algorithm].title if c.algorithm in ALGORITHMS else c.algorithm
        chosen = c.algorithm == card.algorithm
        rows.append(
            {
                "title": title,
                "accuracy": c.accuracy,
                "low": low,
                "high": high,
                "balanced": c.balanced_accuracy,
                "log_loss": c.log_loss,
                "mark": "chosen" if chosen else "",
            }
        )
    return rows


def _drift(facts: StudyReport) -> list[tuple[str, int, float | None, float | None, bool]]:
    """For each measurement: its label, plants, the shift in reference standard deviations, the corrected p, an alert."""
    study = facts.champion.study
    return [
        (study.measurement(s.name).label, s.m, s.effect, s.p_adjusted, s.verdict in ("amber", "red"))
        for s in facts.watched.findings.shifts
    ]


def _figures(facts: StudyReport) -> list[SvgFigure]:
    card, tried = facts.champion, _tried(facts)
    names = [facts.study.short(name) for name in facts.study.species_names]
    drawn = []
    if tried:
        chosen = next((i for i, row in enumerate(tried) if row["mark"]), 0)
        rates = [(row["accuracy"], row["low"], row["high"]) for row in tried]
        drawn.append(svg_figures.accuracies([row["title"] for row in tried], rates, card.baseline, chosen))
    drawn.append(svg_figures.confusion_figure(names, card.scores.confusion))
    if card.calibration_curve:
        drawn.append(svg_figures.calibration_figure(card.calibration_curve))
    if card.importance:
        labels = [card.study.measurement(i.measurement).label for i in card.importance]
        values = [(100 * i.drop, 100 * i.low, 100 * i.high) for i in card.importance]
        drawn.append(
            svg_figures.bar_figure(
                "importance",
                "What is lost without a measurement",
                labels,
                values,
                "loss of accuracy when it is shuffled, in points, with 95 % interval",
            )
        )
    moved = [(label, value) for label, _, value, _, _ in _drift(facts) if value is not None]
    if moved:
        drawn.append(
            svg_figures.bar_figure(
                "drift",
                "How far the last plants moved from the training plants",
                [label for label, _ in moved],
                [(value, value, value) for _, value in moved],
                "difference of means, in reference standard deviations",
            )
        )
    return drawn


def _render(name: str, facts: StudyReport, drawn: list[SvgFigure]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    html = name.endswith("html.j2")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=html,  # noqa: S701  Markdown's cells have a filter of their own
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=_percent, points=_points, cell=_cell, short=facts.study.short)
    by_name = {figure.name: figure for figure in drawn}

    def figure(wanted: str) -> str:
        one = by_name.get(wanted)
        if one is None:
            return ""
        # The picture is drawn here and holds no text of a visitor's but what was escaped with it.
        svg = Markup(one.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(one.alt)}" ', 1))  # noqa: S704
        return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(one.title, svg)

    card = facts.champion
    scores = card.scores
    accuracy = (
        f"Of {scores.plants} training {facts.study.plural}, none of them seen while learning, {_percent(scores.accuracy)} were "
        f"named right (95 % interval {_percent(scores.low)} to {_percent(scores.high)}), by {scores.method}; balanced over the "
        f"species {_percent(scores.balanced_accuracy)}; always naming the commonest would reach {_percent(card.baseline)}."
    )
    grouped = ""
    if card.group_scores is not None:
        g = card.group_scores
        grouped = f"On groups it had not seen: {_percent(g.accuracy)} ({_percent(g.low)} to {_percent(g.high)}), by {g.method}."
    return environment.get_template(name).render(
        facts=facts,
        study=facts.study,
        card=card,
        tried=_tried(facts),
        drift=_drift(facts),
        history=facts.history[-_HISTORY:],
        accuracy_sentence=accuracy,
        group_sentence=grouped,
        state_words=_STATES,
        figure=figure,
    )


def _junit(facts: StudyReport) -> str:
    """Checks, gate and verdict as test cases: what a build server shows."""
    suite = ElementTree.Element("testsuite", name=f"flora {facts.study.name}")

    def case(group: str, name: str, problem: str) -> None:
        one = ElementTree.SubElement(suite, "testcase", classname=f"{facts.study.name}.{group}", name=name)
        if problem:
            ElementTree.SubElement(one, "failure", message=problem)

    for check in facts.checks:
        case("training table", check.name, check.detail if check.state == "failed" else "")
    if facts.rival is not None and facts.rival.gate is not None:
        case("gate", facts.rival.card.label, " ".join(facts.rival.gate.objections))
    case("monitor", "verdict", facts.watched.told if facts.watched.verdict == "red" else "")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall(".//failure"))))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table: nothing in it ends the cell or becomes markup."""
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")
