import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.rows.summary_words import summary_word


@pytest.mark.parametrize(
    ("text", "clearness", "rest"),
    [
        ("Grand Total", "clear", ""),
        ("Std. Error", "clear", ""),
        ("Gesamtergebnis", "clear", ""),
        ("Mittelwert:", "clear", ""),
        ("Écart type", "clear", ""),
        ("E\u0301cart-type", "clear", ""),
        ("Promedio", "clear", ""),
        ("Desvio padrão", "clear", ""),
        ("Deviazione standard", "clear", ""),
        ("Průměr", "clear", ""),
        ("Średnia", "clear", ""),
        ("среднее", "clear", ""),
        ("Общий итог", "clear", ""),
        ("平均", "clear", ""),
        ("mean (n=5)", "clear", ""),
        ("CV %", "loose", ""),
        ("n = 12", "loose", ""),
        ("SD", "loose", ""),
        ("x̄", "loose", ""),
        ("Iris virginica Total", "clear", "iris virginica"),
        ("Mean of Brno", "clear", "brno"),
        ("25th percentile", "clear", ""),
        ("90th %ile", "clear", ""),
        ("upper 95%", "clear", ""),
        ("95% CI", "loose", ""),
        ("sm. odch.", "clear", ""),
        ("odch. st.", "clear", ""),
        ("desv. típica", "clear", ""),
        ("MW±SE", "clear", ""),
        ("ст. откл.", "clear", ""),
        ("平均±標準偏差", "clear", ""),
        ("Zw.-Summe", "clear", ""),
        ("n. campioni", "loose", ""),
        ("All species", "loose", ""),
        ("P>F", "loose", ""),
        ("Σ setosa", "loose", "setosa"),
        ("n(setosa)", "loose", "setosa"),
        ("ST 12", "", ""),
        ("M. St.", "", ""),
        ("Typ E", "", ""),
        ("upper", "", ""),
        ("M", "", ""),
        ("F", "", ""),
        ("Iris setosa", "", ""),
        ("p0-1", "", ""),
        ("", "", ""),
    ],
)
def test_a_summary_is_known_by_its_word(text, clearness, rest):
    assert summary_word(text) == (clearness, rest)


@given(st.text(max_size=150))
def test_any_text_is_looked_at(text):
    clearness, rest = summary_word(text)
    assert clearness or not rest
