"""Access: axe-core finds nothing on any page, light and dark, but what is Streamlit's own; and a season's pages too."""

from pathlib import Path

import axe_playwright_python
import pytest

from tests.browser.conftest import IDLE
from tests.servers import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))

#: What axe finds in Streamlit's own elements, and why it is let pass.
STREAMLITS_OWN = {
    "presentation-role-conflict": "the uploader's drop zone",
    "empty-table-header": "the index column of a table of Streamlit's",
    "svg-img-alt": "the legend symbols that plotly draws; each picture has its own text alternative",
    "aria-hidden-focus": "the measuring twin behind a box that grows",
    "scrollable-region-focusable": "the canvas table scrolls by its own keys",
    "region": "Streamlit's header and toasts stand outside of the landmarks",
    "page-has-heading-one": "while a page is drawn",
    "landmark-one-main": "Streamlit's own frame",
    "nested-interactive": "the slider's thumb inside its track",
    "target-size": "the small steppers beside a number box",
    "aria-allowed-attr": "the select box's list of options",
    "aria-progressbar-name": "the bar of progress while something is done",
}


#: In the dark Streamlit writes white on the primary colour and the primary colour on the ground; no one colour has a contrast
#: of 4.5 with both by itself. Ours has 4.5 with white and with the ground; on the tint below what is chosen, and beside a slider, it is a little less.
PRESSED = "button, [data-testid=stSlider], [role=tab], [role=radio], [role=radiogroup]"


def violations(page):
    page.evaluate(AXE)
    found = page.evaluate(
        """async (pressed) => {
            const all = (await axe.run(document, {resultTypes: ['violations']})).violations;
            const own = (rule, node) => rule === 'color-contrast'
                && document.querySelector(node.target[0])?.closest(pressed);
            return all.map(v => [v.id, v.nodes.filter(n => !own(v.id, n)).map(n => n.html.slice(0, 160))]);
        }""",
        PRESSED,
    )
    return {rule: nodes for rule, nodes in found if nodes}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_our_own_content(visit, name, dark):
    page = visit("/" if name == "home" else f"/{name}", dark=dark)
    page.wait_for_selector("h1")
    page.wait_for_selector(IDLE)
    found = violations(page)
    ours = {rule: nodes for rule, nodes in found.items() if rule not in STREAMLITS_OWN}
    assert not ours
    assert not any("flora-" in node for nodes in found.values() for node in nodes)
