"""The card of a version on a page: what it is, how well it does, what to beware of, and the pictures behind it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from flora_core.identification.sentences import scores_sentence, sets_sentence
from flora_core.learning.libraries import libraries_note
from flora_core.model import ModelCard, Scores
from ui.charts import model as model_charts
from ui.charts.scatter import Picture
from ui.components.named_heading import show_named_heading
from ui.components.picture import show_picture
from ui.models.leaderboard import show_leaderboard
from ui.models.mistakes import show_mistakes
from ui.site.theme import theme
from ui.site.text import italicised, escape_markdown


def show_card(card: ModelCard, key: str) -> None:
    """Headline figures, warnings, and the pictures; `key` tells two cards on one page apart."""
    st.html(figures(card))
    if card.imported is not None:
        origin = card.imported
        st.info(
            f"Brought in by {escape_markdown(origin.by)} on {origin.at:%Y-%m-%d} from {escape_markdown(origin.file)}. Its scores are what the "
            "file states; they were not measured here. Compare it with the champion to have it measured.",
            icon=":material/move_to_inbox:",
        )
    st.markdown(escape_markdown(card.chosen))
    for sentence in (scores_sentence(card), sets_sentence(card), "" if card.unknown_species is None else card.unknown_species.sentence):
        if sentence:
            st.markdown(escape_markdown(sentence))
    for warning in card.warnings:
        st.warning(escape_markdown(warning), icon=":material/warning:")
    _show_pictures(card, key)
    with st.expander("Settings, table and program", icon=":material/tune:"):
        st.html(settings_table(card))
        if note := libraries_note(card):
            st.info(escape_markdown(note), icon=":material/update:")


def figures(card: ModelCard) -> str:
    """The headline figures as HTML, each with its interval or what it stands beside."""
    scores = card.scores
    cells = [
        _figure(_share(scores.accuracy), "named right", f"95 % interval {_interval(scores)}, n = {scores.plants}", "accuracy"),
        _figure(_share(card.baseline), "by always naming the commonest", "what any model must beat", "baseline"),
        _figure(_share(scores.balanced_accuracy), "mean over species", "each species counts the same", "balanced accuracy"),
        _figure(f"{scores.log_loss:.3f}", "honest certainty", "less is better; 0 is perfect", "log loss"),
    ]
    if card.group_scores is not None:
        unseen = card.group_scores
        cells.insert(
            1,
            _figure(
                _share(unseen.accuracy),
                "on unseen groups",
                f"95 % interval {_interval(unseen)}, n = {unseen.plants}, {card.groups} groups",
            ),
        )
    how = f"<p class='flora-in'>{escape(scores.method[:1].upper() + scores.method[1:])}.</p>"
    return f"<div class='flora-figures'>{''.join(cells)}</div>{how}"


def settings_table(card: ModelCard) -> str:
    """What it was trained with, as HTML."""
    plants = ", ".join(f"{italicised(name, card.study)} {n}" for name, n in card.table.plants.items())
    rows = [
        ("Algorithm", escape(card.algorithm_title)),
        *((escape(name), escape(str(value))) for name, value in card.hyperparameters.items()),
        ("Shape ratios", "yes" if card.shape_ratios else "no"),
        ("Settings searched", str(card.searched or "none")),
        ("Seed", str(card.seed)),
        ("Plants", f"{card.table.rows}: {plants}"),
        ("Of them determined by persons", str(card.table.determined)),
        ("Table", f"{escape(card.table.source)}, SHA-256 {escape(card.table.sha256[:12])}…"),
        ("Trained", f"{card.trained_at:%Y-%m-%d %H:%M} UTC by {escape(card.trained_by)}, in {card.seconds:.1f} s"),
        ("Programs", escape(", ".join(f"{name} {version}" for name, version in card.libraries.items()))),
    ]
    cells = "".join(f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return f"<table class='flora-facts'><tbody>{cells}</tbody></table>"


def _show_pictures(card: ModelCard, key: str) -> None:
    ink = theme().ink

    def drawn(plain: str, standard: str, picture: Callable[[], Picture], file_name: str = "") -> Callable[[], None]:
        def show() -> None:
            show_named_heading(plain, standard)
            show_picture(picture(), card.study, f"{key}.{plain}", file_name)

        return show

    views: dict[str, Callable[[], None]] = {
        "taken for which": lambda: show_mistakes(card, key),
        "by species": drawn("Species by species", "recall", lambda: model_charts.recalls(card, ink)),
    }
    if card.calibration_curve:
        views["how sure"] = drawn(
            "Does “90 % sure” come true?",
            "reliability diagram: line said, point came true, band chance",
            lambda: model_charts.reliability_chart([card], ink),
            f"{card.study.name}-v{card.version}-reliability.csv",
        )
    if card.learning_curve:
        views["more plants?"] = drawn(
            "Would more plants help?", "learning curve", lambda: model_charts.learning(card, ink)
        )
    if card.importance:
        views["what matters"] = drawn(
            "Which measurement matters?", "permutation importance", lambda: model_charts.importance_chart(card, ink)
        )
    if len(card.candidates) > 1:
        views["what was tried"] = lambda: show_leaderboard(card.candidates, card.study, key)
    names = list(views)
    chosen = st.segmented_control(
        "Show", names, default=names[0], key=f"{key}.picture", required=True, label_visibility="collapsed"
    )
    views[chosen if chosen in views else names[0]]()


def _figure(value: str, label: str, below: str, standard: str = "") -> str:
    beside = f"<small>{standard}</small>" if standard else ""
    return f"<div><b>{value}</b><span>{label}{beside}</span><small>{below}</small></div>"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _interval(scores: Scores) -> str:
    return f"{100 * scores.low:.1f} to {100 * scores.high:.1f} %"
