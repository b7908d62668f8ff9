import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.files.reading import read_layout, read_whole
from flora_core.tables.rows.summary_rows import find_summary_rows, plants_only, rows_at

HEADER = ("no", "site", "length", "width")
#: A mean, a total and a deviation in each of eight languages, as programs and people write them.
WORDS = {
    "en": ("Mean", "Grand Total", "Std. Error"),
    "de": ("Mittelwert", "Gesamtergebnis", "Standardabweichung"),
    "fr": ("Moyenne", "Total général", "Écart type"),
    "es": ("Promedio", "Total general", "Desviación estándar"),
    "pt": ("Média", "Total geral", "Desvio padrão"),
    "it": ("Media", "Totale complessivo", "Deviazione standard"),
    "cs": ("Průměr", "Celkový součet", "Směrodatná odchylka"),
    "ru": ("Среднее", "Общий итог", "Стандартное отклонение"),
}


def table(rows):
    text = "\n".join(",".join(map(str, row)) for row in (HEADER, *rows))
    part, header = whole(text)
    return plants_only(part, header, ".", {0, 1})


def whole(text):
    stream = io.BytesIO(text.encode())
    layout = read_layout(stream, "plants.csv")
    return read_whole(stream, layout, 10_000), layout.header


def plants(n=12, sites=("Brno", "Praha")):
    return [(f"a{i}", sites[i % len(sites)], round(5 + i / 10, 1), round(2 + i / 20, 2)) for i in range(n)]


@pytest.mark.parametrize("language", WORDS)
def test_summaries_in_any_text_cell_at_either_end_are_refused(language):
    for word in WORDS[language]:
        for row in ((word, "", 5.5, 2.3), ("", word, 5.5, 2.3), ("", word.upper(), 5.5, 2.3)):
            for rows in ([*plants(), row], [row, *plants()]):
                kept, issues = table(rows)
                assert len(kept) == 12, row
                assert "summary of other rows" in issues[0].problem


@given(
    st.sampled_from(list(WORDS)), st.integers(2, 30), st.sampled_from(["{}", "{}:", " {} ", "{} (n=4)"]), st.booleans()
)
def test_any_number_of_summaries_is_refused(language, groups, form, first_column):
    rows = []
    for g in range(groups):
        rows += [(f"p{g}-{i}", "Brno", 5.1 + i / 10, 2.2) for i in range(4)]
        rows += [
            (form.format(w), "", 5.2, 2.1) if first_column else ("", form.format(w), 5.2, 2.1) for w in WORDS[language]
        ]
    kept, issues = table(rows)
    assert (len(kept), len(issues)) == (4 * groups, 3 * groups)


def test_subtotals_that_name_their_group_are_refused():
    rows = [*plants(), ("", "Brno Total", 33.0, 13.5), ("", "Total Praha", 33.6, 13.8)]
    assert len(table(rows)[0]) == 12


@pytest.mark.parametrize("site", ["SE", "SD", "N", "Var", "Max", "Media"])
def test_a_site_that_is_called_like_a_summary_stays(site):
    kept, issues = table(plants(40, ("NE", site, "NW")))
    assert (len(kept), issues) == (40, ())


def test_rows_that_are_the_sum_or_the_mean_of_others_are_found_by_their_numbers():
    values = np.array([row[2:] for row in plants()])
    total, mean = values.sum(axis=0).round(2), values.mean(axis=0).round(3)
    kept, issues = table([*plants(), ("", "", *total), ("", "", *mean)])
    assert len(kept) == 12
    assert [i.problem.split()[4] for i in issues] == ["sum", "mean"]
    assert len(table([("", "", *total), *plants()])[0]) == 12
    # A plant without a number that is merely ordinary stays.
    assert len(table([*plants(), ("", "", 5.3, 2.1)])[0]) == 13


def test_nothing_is_found_where_nothing_stands_beside_the_measurements():
    part, header = whole("length,width\n5.1,2.0\n5.2,2.1\n")
    assert find_summary_rows(part, header, (0, 1), np.ones((2, 2)), np.zeros(2, bool)) == {}
    assert rows_at(part, np.array([1])).rows.tolist() == [3]


@pytest.mark.parametrize(
    "word",
    [
        "arith. Mittel",
        "Mean values",
        "Mean of Brno",
        "moy.",
        "Mittelw.",
        "Streuung",
        "LSD 5%",
        "IQR",
        "p-value",
        "Q1",
        "Ср.",
        "gem.",
    ],
)
def test_more_words_of_summaries(word):
    for rows in ([*plants(), (word, "", 5.5, 2.3)], [*plants(), ("", word, 5.5, 2.3)]):
        kept, issues = table(rows)
        assert (len(kept), len(issues)) == (12, 1)


@pytest.mark.parametrize("code", ["F", "F-301330", "M", "Mo", "S", "G"])
def test_codes_of_herbaria_and_sexes_are_no_summaries(code):
    kept, issues = table([*plants(30, ("MO", code, "K")), *plants(30, (code, "W"))])
    assert (len(kept), issues) == (60, ())


@given(st.integers(3, 30), st.integers(0, 99), st.sampled_from([("", "Brno"), ("", "")]))
def test_a_mean_that_bears_the_name_of_its_plants_is_found_by_its_numbers(n, seed, beside):
    rng = np.random.default_rng(seed)
    values = rng.normal((50, 20), 3, (n, 2)).round(1)
    rows = [(f"a{i}", "Brno", *row) for i, row in enumerate(values.tolist())]
    mean = [f"{v:.3f}" for v in values.mean(axis=0)]
    kept, issues = table([*rows, (*beside, *mean), *[(f"b{i}", "Praha", 40.1, 10.5 + i) for i in range(9)]])
    assert (len(kept), len(issues)) == (n + 9, 1)
    assert "the mean of other rows" in issues[0].problem


def test_plants_measured_to_more_digits_than_others_stay():
    rng = np.random.default_rng(1)
    values = rng.normal((5, 2), 0.5, (40, 2)).round(1).tolist()
    finer = rng.normal((5, 2), 0.5, (5, 2)).round(3).tolist()
    rows = [(f"a{i}", "Brno", *row) for i, row in enumerate([*values, *finer])]
    assert len(table(rows)[0]) == 45


def test_a_nameless_plant_that_is_nearly_the_mean_of_others_is_a_plant():
    rows = plants()
    mean = np.array([row[2:] for row in rows]).mean(axis=0).round(3)
    # One unit of its last digit away: near, and no mean of these.
    kept, issues = table([*rows, ("", "", *(mean + 0.001).round(3))])
    assert len(kept) == 13
    assert issues == ()


def test_a_column_without_numbers_and_a_part_without_numbers_are_no_summaries():
    kept, issues = table([(f"a{i}", "Brno", "", "") for i in range(12)])
    assert (len(kept), issues) == (12, ())


@pytest.mark.parametrize(
    "word", ["95% CI", "25th percentile", "*Mean*", "--- total ---", "sm. odch.", "upper 95 %", "All"]
)
def test_a_word_in_a_column_of_numbers_is_seen(word):
    rows = [(i, "Brno", round(5 + i / 10, 1), round(2 + i / 20, 2)) for i in range(1, 100)]
    for at in (0, 50, 99):
        kept, issues = table([*rows[:at], (word, "Brno", 5.5, 2.3), *rows[at:]])
        assert len(kept) == 99
        assert issues[0].value == word


def test_a_summary_may_abbreviate_the_genus():
    rows = [(i, f"Iris {'setosa' if i % 2 else 'aphylla'}", round(5 + i / 10, 1), 2.2) for i in range(1, 30)]
    kept, _ = table([*rows, ("I. setosa mean", "Iris setosa", 5.5, 2.2)])
    assert len(kept) == 29
    kept, _ = table([*rows, ("I. sibirica mean", "Iris setosa", 5.5, 2.2)])
    assert len(kept) == 30
