import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.errors import BadTable, Refused, Unknown
from flora_core.study import IRIS
from flora_core.workflows.monitor.two_tables import (
    ALL_MEASUREMENTS,
    drift_of_tables,
    estimate_of_tables,
    figures_document,
    read_table,
)


def table(text, name="field.csv"):
    return read_table(io.BytesIO(text.encode()), name)


def written(columns, name="field.csv", separator=",", decimal="."):
    lines = [separator.join(columns)]
    for row in zip(*columns.values(), strict=True):
        cells = [f"{c:.6f}".replace(".", decimal) if isinstance(c, float) else str(c) for c in row]
        lines.append(separator.join("" if c in ("nan", "None") else c for c in cells))
    return table("\n".join(lines), name)


def numbers(n, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    return {
        "sepal_length": rng.normal(5.8 + shift, 0.8, n).tolist(),
        "petal_length": rng.normal(3.7, 1.7, n).tolist(),
        "site": rng.choice(["bog", "meadow"], n).tolist(),
    }


def answers(n, seed=0, k=3):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([0.4] * k, n)
    true = (rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(0, k - 1)
    names = np.array(["setosa", "versicolor", "virginica"])
    return {f"p{j}": p[:, j].tolist() for j in range(k)} | {"named": names[p.argmax(1)], "true": names[true]}


THREE = {"setosa": "p0", "versicolor": "p1", "virginica": "p2"}


def test_every_column_both_have_and_all_together():
    found = drift_of_tables(written(numbers(100), "herbarium.csv"), written(numbers(80, 1, 0.8)), study=IRIS)
    assert found.columns == ("sepal_length", "petal_length", "site")
    assert [(f.column, f.method, f.alert) for f in found.figures] == [
        ("sepal_length", "wasserstein", True),
        ("petal_length", "wasserstein", False),
        ("site", "chi2", False),
        (ALL_MEASUREMENTS, "energy", True),
    ]
    assert found.windows[0].window_verdict.sentence.startswith(
        "These 80 rows do not look like herbarium.csv: sepal length is 0.678 higher than before (5.86 to 6.54"
    )


def test_windows_of_the_current_table_the_last_one_however_small():
    found = drift_of_tables(written(numbers(100)), written(numbers(70, 1)), columns=["sepal_length"], size=30)
    assert [(f.window, f.start, f.end, f.n) for f in found.figures] == [
        (0, 0, 29, 30),
        (1, 30, 59, 30),
        (2, 60, 69, 10),
    ]
    assert found.windows[2].window_verdict.sentence == "10 rows are too few to say; 10 more are needed."
    assert found.figures[2].p_value is None
    assert found.figures[2].value is not None


def test_documents_have_the_names_of_the_contract():
    found = drift_of_tables(written(numbers(40)), written(numbers(40, 1)), columns=["site"])
    assert list(figures_document(found.figures)[0]) == [
        "window",
        "start",
        "end",
        "n",
        "column",
        "method",
        "value",
        "p",
        "threshold_low",
        "threshold_high",
        "alert",
    ]
    estimates = estimate_of_tables(
        written(answers(200)), written(answers(40, 1)), identified="named", true="true", probabilities=THREE
    )
    assert list(figures_document(estimates)[0]) == [
        "window",
        "start",
        "end",
        "n",
        "metric",
        "value",
        "standard_error",
        "low",
        "high",
        "threshold_low",
        "threshold_high",
        "realised",
        "alert",
    ]


def test_dates_and_row_numbers_are_left_out_unless_named():
    extra = {"date": [f"2024-01-{i % 28 + 1:02d} 10:{i:02d}" for i in range(60)], "id": list(range(1, 61))}
    tables = [written({**numbers(60, seed), **extra}) for seed in (0, 1)]
    found = drift_of_tables(*tables)
    assert found.columns == ("sepal_length", "petal_length", "site")
    assert found.notes == (
        "'date' holds 60 different values and was left out; name it in --columns to compare it all the same.",
        "'id' numbers the rows and was left out; name it in --columns to compare it all the same.",
    )
    assert drift_of_tables(*tables, columns=["date", "id"]).columns == ("date", "id")


def test_other_tools_by_name():
    before, now = written(numbers(200)), written(numbers(60, 1, 0.8))
    nannyml = drift_of_tables(before, now, columns=["sepal_length", "site"], tool="nannyml", size=30)
    assert [(f.window, f.column, f.method) for f in nannyml.figures[:5]] == [
        (0, "sepal_length", "jensen_shannon"),
        (0, "sepal_length", "kolmogorov_smirnov"),
        (0, "sepal_length", "wasserstein"),
        (0, "sepal_length", "hellinger"),
        (0, "site", "jensen_shannon"),
    ]
    assert len(nannyml.figures) == 16
    evidently = drift_of_tables(before, now, tool="evidently")
    assert [f.method for f in evidently.figures if f.column == "sepal_length"] == [
        "psi",
        "jensenshannon",
        "kl_div",
        "wasserstein",
        "ks",
        "default",
    ]
    assert (nannyml.windows, evidently.windows) == ((), ())


def test_decimal_commas_bad_cells_and_an_empty_column_do_not_stop_the_others():
    columns = numbers(60)
    columns["sepal_length"][0] = "x1"
    columns["petal_width"] = [None] * 60
    found = drift_of_tables(
        written(columns, separator=";", decimal=","), written({**numbers(40, 1), "petal_width": [None] * 40})
    )
    by_name = {f.column: f for f in found.figures}
    assert (by_name["sepal_length"].n, by_name["petal_length"].n) == (40, 40)
    assert (by_name["petal_width"].value, by_name["petal_width"].alert) == (None, False)
    assert by_name["petal_length"].p_value is not None


@pytest.mark.parametrize(
    ("current", "columns", "error", "text"),
    [
        (
            "a,b\n1,2\n3,4\n5,6",
            ["c"],
            Unknown,
            "herbarium.csv has no column 'c'. There are: sepal_length, petal_length, site.",
        ),
        ("a,b\n1,2\n3,4\n5,6", (), BadTable, "have no column in common that holds numbers or a few groups."),
        ("sepal_length,b", (), BadTable, "field.csv has a header and no rows below it."),
    ],
)
def test_what_cannot_be_compared_is_refused(current, columns, error, text):
    with pytest.raises(error) as refused:
        drift_of_tables(written(numbers(30), "herbarium.csv"), table(current), columns=columns)
    assert text in refused.value.message


def test_accuracy_without_labels():
    current = answers(90, 1)
    del current["true"]
    found = estimate_of_tables(
        written(answers(400)), written(current), identified="named", true="true", probabilities=THREE, size=40
    )
    assert [(e.window, e.metric, e.n) for e in found[::6]] == [
        (0, "accuracy", 40),
        (1, "accuracy", 40),
        (2, "accuracy", 10),
    ]
    assert all(e.realised is None for e in found)


def test_two_species_with_one_probability_or_with_two():
    before, now = written(answers(300, 0, 2)), written(answers(60, 1, 2))
    for tool in ("flora", "nannyml"):
        one, two = (
            estimate_of_tables(before, now, identified="named", true="true", probabilities=given, tool=tool)
            for given in ({"versicolor": "p1"}, {"setosa": "p0", "versicolor": "p1"})
        )
        for a, b in zip(one, two, strict=True):
            assert (a.metric, a.value) == (b.metric, pytest.approx(b.value, abs=1e-4))


def test_labels_that_are_numbers_are_the_same_with_and_without_a_point():
    codes = {"setosa": "0.0", "versicolor": "1.0"}
    columns = answers(200, 0, 2)
    columns["true"] = [codes[name] for name in columns["true"]]
    columns["named"] = [codes[name].removesuffix(".0") for name in columns["named"]]
    found = estimate_of_tables(
        written(columns), written(columns), identified="named", true="true", probabilities={"1": "p1"}, tool="nannyml"
    )
    assert found[0].realised > 0.5


@pytest.mark.parametrize(
    ("change", "given", "error", "text"),
    [
        ({"p0": [2.0] * 30}, THREE, BadTable, "holds 2 in row 2; a probability lies between 0 and 1."),
        ({"p0": ["high"] * 30}, THREE, BadTable, "holds no probabilities but text."),
        ({"true": [None] * 30}, THREE, BadTable, "has no row with a true species in 'true'"),
        (
            {},
            {"setosa": "p0"},
            Refused,
            "There are 3 species (setosa, versicolor, virginica), and a probability of one of them.",
        ),
        ({}, {"setosa": "q"}, Unknown, "has no column 'q'."),
    ],
)
def test_what_cannot_be_estimated_from_is_refused(change, given, error, text):
    before = written({**answers(30), **change})
    with pytest.raises(error) as refused:
        estimate_of_tables(before, written(answers(30, 1)), identified="named", true="true", probabilities=given)
    assert text in refused.value.message


cells = st.sampled_from(["1.5", "2", "2.0", "1e6", "-3", "", "NA", "x", "bog", "0.1", "7,5", "1.7e-8"])
tables = st.integers(1, 50).flatmap(
    lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=2, max_size=2).map(
        lambda columns: table(
            "a,b\n" + "\n".join(",".join(f'"{c}"' for c in row) for row in zip(*columns, strict=True))
        )
    )
)


@settings(max_examples=60)
@given(tables, tables, st.sampled_from(["flora", "nannyml", "evidently"]), st.sampled_from([None, 1, 4]))
def test_whatever_stands_in_two_tables_there_are_figures_or_a_sentence_and_never_nan(before, now, tool, size):
    try:
        found = drift_of_tables(before, now, tool=tool, size=size)
    except BadTable:
        return
    json.dumps(figures_document(found.figures), allow_nan=False)
    for one in found.windows:
        assert one.window_verdict.sentence.endswith(".")
        assert "nan" not in one.window_verdict.sentence


shares = st.sampled_from(["0", "1", "0.5", "0.25", "", "0.999999", "1e-12"])
names = st.sampled_from(["setosa", "versicolor", "setosa", "cf. setosa", ""])


@settings(max_examples=60)
@given(
    *[st.integers(1, 30).flatmap(lambda n: st.lists(st.tuples(shares, shares, names, names), min_size=n, max_size=n))]
    * 2,
    st.sampled_from(["flora", "nannyml"]),
    st.sampled_from([None, 1, 7]),
    st.booleans(),
)
def test_whatever_stands_in_the_probabilities_there_are_estimates_or_a_sentence(before, now, tool, size, three):
    species = {"setosa": "p0", "versicolor": "p1"} | ({"virginica": "p0"} if three else {})
    made = [table("p0,p1,named,true\n" + "\n".join(map(",".join, rows)) + "\n") for rows in (before, now)]
    try:
        found = estimate_of_tables(*made, identified="named", true="true", probabilities=species, tool=tool, size=size)
    except Refused:
        return
    json.dumps(figures_document(found), allow_nan=False)
    assert all(e.value is None or 0 <= e.value <= 1 for e in found)


def measured(n, x, *, seed=0, header="x,y,site"):
    rng = np.random.default_rng(seed)
    rows = [(x(i, rng), f"{rng.normal(3, 1):.2f}", "ab"[i % 2]) for i in range(n)]
    return table(f"{header}\n" + "\n".join(",".join(row) for row in rows) + "\n")


def number(_, rng):
    return f"{rng.normal(5, 1):.2f}"


@pytest.mark.parametrize(
    ("x", "share", "verdict"),
    [
        (lambda i, rng: "long", 1.0, "red"),
        (lambda i, rng: "", 1.0, "red"),
        (lambda i, rng: "big" if i % 3 == 0 else number(i, rng), 1 / 3, "amber"),
        (lambda i, rng: "NA" if i % 5 == 0 else number(i, rng), 0.2, "amber"),
    ],
)
@pytest.mark.parametrize("columns", [(), ("x",)])
def test_a_column_that_is_empty_or_turned_to_text_is_in_the_verdict(x, share, verdict, columns):
    found = drift_of_tables(measured(300, number), measured(300, x, seed=1), columns=columns)
    (figure,) = [f for f in found.figures if f.method == "missing"]
    assert (figure.column, figure.n, figure.alert) == ("x", 300, True)
    assert figure.value == pytest.approx(share, abs=0.01)
    (window,) = found.windows
    assert window.window_verdict.verdict == verdict
    assert f"'x' is missing or no number in {share:.0%} of 300 rows" in window.window_verdict.sentence
    assert [r.topic for r in window.window_verdict.reasons] == ["missing"]


def test_a_column_that_is_gone_is_in_the_verdict_also_where_it_alone_was_asked_for():
    now = measured(300, number, seed=1, header="z,y,site")
    for columns in ((), ("x",)):
        (window,) = drift_of_tables(measured(300, number), now, columns=columns).windows
        assert window.window_verdict.verdict == "red"
        assert "every one of its values is missing there" in window.window_verdict.sentence


def test_without_gaps_the_verdict_stays():
    (window,) = drift_of_tables(measured(300, number), measured(300, number, seed=1)).windows
    assert window.window_verdict.verdict == "green"


def test_probabilities_that_are_empty_are_refused():
    before, now = written(answers(30)), written({**answers(30, 1), "p0": [""] * 30})
    with pytest.raises(BadTable, match="'p0' of field.csv is empty"):
        estimate_of_tables(
            before, now, identified="named", true="true", probabilities={"setosa": "p0", "versicolor": "p1"}
        )
