import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.values.text import normalize, normalize_name, normalize_number


def test_two_ways_of_typing_one_text_are_one_text():
    assert normalize("Gru\u0308ner") == "Grüner"
    assert normalize("\ufeffse\u00adpal\u200b length") == "sepal length"
    assert normalize_name(" Rosa\u00a0 ‘Queen’ ") == "Rosa 'Queen'"
    assert normalize_number("５．１\u200e") == "5.1"


@given(st.text())
def test_a_text_in_one_form_stays_as_it_is(text):
    once = normalize(text)
    assert normalize(once) == once
    assert normalize(unicodedata.normalize("NFD", text)) == once
    assert not any(unicodedata.category(c) == "Cf" for c in once)
