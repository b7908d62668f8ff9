"""A study whose every text was made to come alive, on every page of a real browser: it shows as it is, and nothing else."""

import csv
import shutil

import pytest

from flora_core.learning.training import train
from flora_core.workflows.context import open_context
from flora_core.workflows.determine import determine
from flora_core.workflows.identify import identify, record
from tests.browser.conftest import IDLE
from tests.builders import make_plants, make_study
from tests.conftest import settings_in
from tests.servers import ROOT, WebServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
#: One of each kind, as a visitor might have written it into any box or cell.
LIVE = (
    "https://evil.example/a www.evil.example b@evil.example [c](https://evil.example) <https://evil.example> "
    "<a href='https://evil.example'>d</a> <img src=https://evil.example/e onerror=\"document.title='owned'\"> "
    "![f](https://evil.example/f) :material/skull: :streamlit: :smile: $x^2$ :red[g] :blue-badge[h] i -> j `k` **l** %{x} "
    "</span><script>document.title='owned'</script> =1+1"
)
SHORT = "www.evil.example :smile: <a href='//evil.example'>x</a> $y$ :red[z]"


@pytest.fixture(scope="module")
def hostile(first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "context"
    shutil.copytree(first_start, folder)
    context = open_context(settings_in(folder))
    made = make_study(species=2, measurements=2)
    study = made.model_copy(
        update={
            "name": "hostile",
            "title": f"Title {SHORT}",
            "organism": f"leaf {SHORT}",
            "caveat": LIVE,
            "sources": (LIVE,),
            "species": tuple(
                s.model_copy(update={"name": f"{s.name} {SHORT}", "author": LIVE, "note": LIVE}) for s in made.species
            ),
            "measurements": tuple(
                m.model_copy(update={"label": f"{m.label} {SHORT}", "how": LIVE}) for m in made.measurements
            ),
        }
    )
    context.studies.add(study, make_plants((20, 20)), LIVE)
    for _ in range(2):
        context.registry.register(train(study, context.studies.plants(study), algorithm="lda"), LIVE)
    context.registry.promote("hostile", 1, LIVE, LIVE)
    values = {m.name: "30" for m in study.measurements}
    for i in range(3):
        found = identify(context, "hostile", values)
        (one,) = record(
            context, [found], by=LIVE[:200], door="page", catalogue_number=f"{i} {SHORT}", collector=SHORT, site=SHORT
        )
    determine(context, "hostile", one.id, study.species[0].name, by=SHORT, remark=LIVE)
    context.people.remember_name(context.principal.issuer, context.principal.subject, SHORT)
    context.close()
    with WebServer(folder) as running:
        running.wait_for("/readyz", 200)
        yield running


#: What would have come alive: links and pictures of elsewhere, scripts, formulas, icons, emoji, coloured words.
FOUND = """() => {
    const found = [];
    for (const e of document.querySelectorAll('a[href], svg a, img[src], iframe, object, embed')) {
        const where = e.getAttribute('href') || e.getAttribute('xlink:href') || e.getAttribute('src') || e.tagName;
        if (/evil|mailto:/i.test(where) && !where.startsWith('#')) found.push(e.outerHTML.slice(0, 200));
    }
    for (const e of document.querySelectorAll('.katex, .stMarkdownBadge, [class*=colored-text], .stMarkdownColoredText')) {
        found.push(e.outerHTML.slice(0, 200));
    }
    for (const e of document.querySelectorAll('[data-testid=stIconMaterial], [role=img]')) {
        if (/skull/.test(e.textContent) || e.getAttribute('alt') === 'Streamlit logo') found.push(e.outerHTML.slice(0, 200));
    }
    for (const e of document.querySelectorAll('[data-testid=stMarkdownContainer] span[style*=color]')) {
        if (/^[gzh]$/.test(e.textContent.trim())) found.push(e.outerHTML.slice(0, 200));
    }
    const text = document.body.innerText;
    for (const sign of ['\\u{1F604}', '\\u{1F600}', 'i \\u2192 j']) {
        const i = text.indexOf(sign);
        if (i >= 0) found.push(text.slice(Math.max(0, i - 80), i + 20));
    }
    if (document.title.includes('owned')) found.push('a script ran');
    return found;
}"""


def opened_up(page):
    """Everything that unfolds, unfolded; what opens over the page, opened; and every tab of the page, one after the other."""
    yield page
    for fold in page.locator("[data-testid=stExpander] summary").all():
        if fold.is_visible():
            fold.click()
    page.wait_for_selector(IDLE)
    yield page
    for opener in page.locator("[data-testid=stPopover] button").all():
        if opener.is_visible() and opener.is_enabled():
            opener.click()
            page.locator("[data-testid=stPopoverBody]").wait_for()
            page.wait_for_timeout(300)
            page.wait_for_selector(IDLE)
            yield page
            page.keyboard.press("Escape")
            page.locator("[data-testid=stPopoverBody]").wait_for(state="hidden")
    for group in page.locator("[data-testid=stButtonGroup] button, [role=radiogroup] button").all()[:14]:
        if group.is_visible() and group.is_enabled():
            group.click()
            page.wait_for_timeout(300)
            page.wait_for_selector(IDLE)
            yield page


@pytest.mark.parametrize("name", PAGES)
def test_no_page_makes_anything_of_it(visit, hostile, name):
    page = visit(f"/{'' if name == 'home' else name}?study=hostile", address=hostile.address)
    page.get_by_role("heading").first.wait_for()
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(500)
    shown = ""
    for state in opened_up(page):
        assert not state.evaluate(FOUND)
        shown += state.inner_text("body")
    if name not in ("guide", "batch", "studies"):
        assert "evil.example" in shown.replace("\N{WORD JOINER}", "")  # it is there to be read


def test_a_table_that_was_made_to_come_alive_is_read_as_it_is(visit, hostile, tmp_path):
    """Its name, its headings and its cells: in the preview, in the questions and row by row."""
    label = f"leaf 0 {SHORT}"
    cells = [["a", "30", "40"], [SHORT, "30", "40"], ["c", LIVE, "41"], ["d", "31", SHORT], ["e", "32", "39"]]
    table = tmp_path / "www.evil.example :smile: $y$.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[f"number {SHORT}", label, "leaf_1"], *cells])
    page = visit("/batch?study=hostile", address=hostile.address)
    page.locator("input[type=file]").set_input_files(str(table))
    page.get_by_role("heading", name="Take it with you").wait_for()
    page.wait_for_selector(IDLE)
    shown = ""
    for state in opened_up(page):
        assert not state.evaluate(FOUND)
        shown += state.inner_text("body")
    assert ":smile:" in shown.replace("\N{WORD JOINER}", "")
    assert "$y$" in shown
