"""A study made of a table knows the table's headers again: tried with headers that nobody would think of."""

import csv
import io

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flora_core.errors import FloraError
from flora_core.tables.columns.matching import guess_columns
from flora_core.workflows.studies import Choices, propose

WORDS = st.sampled_from(
    [
        "petal",
        "LobeL",
        "calLobeL",
        "corL (mm)",
        "Breite",
        "длина листа",
        "花弁長",
        "Castilleja",
        "Date",
        "SL",
        "sepal length",
    ]
)
HEADERS = st.one_of(
    WORDS,
    st.builds(lambda a, b, c: f"{a}{c}{b}", WORDS, WORDS, st.sampled_from([" ", "_", "/", " of ", "-"])),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn")), min_size=1, max_size=12),
)


@given(headers=st.lists(HEADERS, min_size=2, max_size=6, unique_by=lambda h: "".join(h.split()).casefold()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_what_it_was_made_of_is_found_whatever_it_is_called(context, headers):
    rng = np.random.default_rng(len(headers))
    values = rng.normal(10, 1, (40, len(headers))).round(3)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["species", *headers])
    for i, row in enumerate(values):
        writer.writerow([("Salix alba", "Salix caprea")[i % 2], *row])
    said = Choices(study="again", label="species")
    try:
        found = propose(context, io.BytesIO(text.getvalue().encode()), "t.csv", said)
    except FloraError:  # a header that is no header is refused in words
        return
    if found.study is None:
        assert found.refusals
        return
    guessed = guess_columns(found.study, found.layout.header, found.layout.preview, found.layout.decimal)
    assert {found.layout.header[a.column]: a.measurement for a in guessed.assigned} == dict(
        zip(found.measured, found.study.names, strict=True)
    )
