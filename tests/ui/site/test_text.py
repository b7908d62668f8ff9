import json
import re

import plotly.graph_objects as go
import pytest

from flora_core.study import IRIS
from tests.builders import make_study
from tests.servers import ROOT
from ui.site.text import escape_markdown, harmless_figure, italicised


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Iris setosa: all", "<i>Iris setosa</i>: all"),
        (
            "Iris cf. virginica fits both I. virginica and I. versicolor.",
            "<i>Iris</i> cf. <i>virginica</i> fits both <i>I. virginica</i> and <i>I. versicolor</i>.",
        ),
        ("<b>Iris setosa</b>", "&lt;b&gt;<i>Iris setosa</i>&lt;/b&gt;"),
        ("Iris setosana", "Iris setosana"),
        ("nothing", "nothing"),
    ],
)
def test_scientific_names_stand_in_italics_and_cf_upright(text, html):
    assert italicised(text, IRIS) == html


def test_names_without_a_genus_stay_upright():
    study = make_study()
    study = study.model_copy(update={"species": tuple(s.model_copy(update={"name": "Kama"}) for s in study.species)})
    assert italicised("Kama & Kama", study) == "Kama &amp; Kama"


@pytest.mark.parametrize("text", ["*x*", "[a](http://b)", "![i](x)", "# h", "$x$", ":red[x]", "<b>", "a_b_", "`c`"])
def test_a_visitor_s_text_is_no_markup(text):
    escaped = escape_markdown(text)
    for i, letter in enumerate(escaped):
        if letter in "*[]()!#$:<>_`":
            assert escaped[i - 1] == "\\"
    assert escaped.replace("\\", "").replace("\N{WORD JOINER}", "") == text


LIVE = [
    "https://evil.example/x",
    "http://evil.example",
    "www.evil.example",
    "somebody@evil.example",
    ":material/skull:",
    ":streamlit:",
    ":smile:",
    ":+1:",
    ":100:",
    "a -> b",
    "a <-> b",
    "a -- b",
    "a >= b",
    "a ~= b",
    "$x^2$",
    ":red[x]",
    ":blue-badge[x]",
    "[a](https://evil.example)",
    "<https://evil.example>",
]


@pytest.mark.parametrize("text", LIVE)
def test_what_the_escapes_leave_behind_is_no_address_and_no_sign(text):
    """Streamlit looks for these once more in the text that the Markdown was read to, where no backslash is left."""
    read = escape_markdown(text).replace("\\", "")
    assert not re.search(r"https?://|www\.|\w@\w|:[\w+-]+:|:material/|<->|->|--|>=|~=", read)
    assert read.replace("\N{WORD JOINER}", "") == text


@pytest.mark.parametrize("text", ["10:11:12", "2026-05-03", "Iris × germanica", "5.1-5.3"])
def test_an_ordinary_text_gets_no_invisible_sign(text):
    assert "\N{WORD JOINER}" not in escape_markdown(text)


def test_a_figure_makes_no_links_and_keeps_its_italics():
    figure = go.Figure(go.Bar(x=["<i>I. setosa</i>", "<a href='https://evil.example'>x</a>"], y=[1, 2], name="a<br>b"))
    figure.update_layout(title="<span style='x'>t</span>", annotations=[{"text": "<A HREF='//evil.example'>y</A>"}])
    written = json.dumps(go.Figure(harmless_figure(figure)).to_plotly_json(), default=list)
    assert "<i>I. setosa</i>" in written
    assert "a<br>b" in written
    assert not re.search(r"<(a|span)", written, re.IGNORECASE)


def test_every_figure_goes_to_the_screen_through_the_one_way():
    for path in (ROOT / "ui").rglob("*.py"):
        for call in re.findall(r"plotly_chart\(\s*([\w.]+)", path.read_text(encoding="utf-8")):
            assert call == "harmless_figure", path
