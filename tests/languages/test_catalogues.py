"""The catalogues: complete, with the same names in braces, and nothing on the pages is left untranslated."""

import ast
import re
import string

import pytest
from babel.messages.pofile import read_po

from flora_core import languages
from flora_core.determination import LEVELS
from flora_core.study import IRIS
from tests.languages.messages import ROOT, TRANSLATED, all_messages, is_translate, parsed

OTHERS = [code for code in languages.LANGUAGES if code != "en"]
#: Texts that the pages hand over in variables.
OF_DATA = (
    *LEVELS.values(),
    *(text for m in IRIS.measurements for text in (m.label, m.heading, m.how)),
    *(IRIS.organism, IRIS.plural, IRIS.caveat, "sepals", "petals", "strongly for {names}", "against {names}"),
    *(species.note for species in IRIS.species if species.note),
)


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_with_the_same_names_in_braces(code):
    known = languages.catalogue(code)
    assert [text for text in (*all_messages(), *OF_DATA) if text not in known] == []
    # A sentence may do without a noun of the study, which has no gender that a catalogue could know, and use no others.
    assert [text for text, said in known.items() if not set(fields(said)) <= set(fields(text))] == []
    for text, said in known.items():
        left_out = set(fields(text)) - set(fields(said))
        assert left_out <= {"organism", "plural", "one", "which"}, text


@pytest.mark.parametrize("code", OTHERS)
def test_babel_reads_the_same_catalogue(code):
    with (ROOT / "flora_core" / "languages" / f"{code}.po").open("rb") as file:
        theirs = {str(m.id): str(m.string) for m in read_po(file, locale=code) if m.id}
    assert theirs == languages.catalogue(code)


def texts_of(node):
    """What a person would read of a node's texts that are not handed to `translate`; values stand as {}."""
    if is_translate(node):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts_of(part.value)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from texts_of(child)


#: What shows its first argument to a person.
SHOWING = {
    *("title", "header", "markdown", "html", "caption", "info", "warning", "error", "success", "button", "text_input"),
    *("selectbox", "radio", "pills", "toggle", "popover", "expander", "download_button", "menu_button", "spinner"),
    *("form_submit_button", "segmented_control", "text_area", "number_input", "slider", "image"),
}


def untranslated(path):
    tree = parsed(path)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr not in SHOWING:
            continue
        spoken = [*call.args[:1], *(k.value for k in call.keywords if k.arg in ("placeholder", "help", "alt"))]
        for node in spoken:
            for text in texts_of(node):
                words = re.sub(r"<[^>]*>|&\w+;|'[^']*'|\{.*?\}|:material/\w+:", " ", text)
                if re.search(r"[A-Za-z]{3,}", words):
                    yield f"{path.name}:{call.lineno}: {text}"


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_page_says_anything_in_english_only(path):
    assert list(untranslated(path)) == []


def test_the_finder_finds_what_is_left_in_english(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(
        'st.title("Left in English")\nst.title(translate("Said"))\nst.text_input(translate("Name"), placeholder="your name")\n'
        'st.html(f"<p class=\'quiet\'>{translate(\'Said\')} and more</p>")\nst.button(f"**{name}**", key="the key")\n'
    )
    assert [found.split(": ", 1)[1] for found in untranslated(page)] == [
        "Left in English",
        "your name",
        "<p class='quiet'>{} and more</p>",
    ]


def test_numbers_have_the_signs_of_the_language(monkeypatch):
    monkeypatch.setattr(languages, "_asked", lambda: "de")
    assert languages.localised("1,046.5 cm") == "1.046,5 cm"
    assert languages.translate("not measured") == "nicht gemessen"
    assert languages.translate("{left} are undetermined", left="2") == "2 sind unbestimmt"
    assert languages.translate("a study's own {text}") == "a study's own {text}"
    monkeypatch.setattr(languages, "_asked", lambda: "xx")
    assert languages.localised("1,046.5 cm") == "1,046.5 cm"
