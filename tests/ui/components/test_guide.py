"""The guide: every chapter is there, every link of it leads somewhere, every picture speaks."""

import re

import pytest

from tests.servers import ROOT
from ui.components.guide import chapter_named, chapters

DOCS = ROOT / "docs"
NAMES = [chapter.name for chapter in chapters()]


def text(name):
    return chapter_named(name).path.read_text()


def anchors(name):
    """The headings of a chapter as an address names them."""
    headings = re.findall(r"^#+ (.+)$", text(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_chapters_are_those_of_the_guide_s_own_table():
    files = {path.stem for path in (DOCS / "guide").glob("*.md")} - {"README"}
    assert files <= set(NAMES)
    assert NAMES[0] == "how-to-measure"
    assert {"glossary", "iris-data-sheet", "iris-model-card"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_chapter_and_a_heading_of_it(name):
    for target, anchor in re.findall(r"\]\((?:\.\./)?(?:guide/)?([\w-]+)\.md(?:#([\w-]+))?\)", text(name)):
        assert target in NAMES, target
        assert not anchor or anchor in anchors(target), anchor


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_says_what_it_shows(name):
    for alt, file in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text(name)):
        assert len(alt) > 15
        assert (chapter_named(name).path.parent / file).exists()


def test_an_unknown_chapter_is_the_first():
    assert chapter_named("../../etc/passwd").name == "how-to-measure"


def test_the_iris_model_card_says_what_the_model_s_own_card_says(champion):
    card, paper = champion.card, text("iris-model-card")
    s = card.scores
    assert (
        f"{100 * s.accuracy:.1f} % of flowers it had not seen (95 % interval {100 * s.low:.1f} to {100 * s.high:.1f} %"
        in paper
    )
    for name, species in s.by_species.items():
        short = f"*I. {name.split()[1]}*"
        line = next(line for line in paper.splitlines() if line.startswith(f"| {short}"))
        assert f"{species.right} of {species.plants}" in line
        assert f"({100 * species.recall_low:.0f} to {100 * species.recall_high:.0f} %)" in line
    assert f"for {100 * s.set_coverage:.0f} % of the flowers" in paper
    assert card.selection_optimism < 0.01
    assert [i.measurement for i in card.importance][:2] == ["petal_length", "petal_width"]
    assert card.more_plants.startswith("More plants may help")
