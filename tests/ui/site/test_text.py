import pytest

from flora_core.study import IRIS
from tests.builders import make_study
from ui.site.text import escape_markdown, italicised


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
    assert escaped.replace("\\", "") == text
