import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from flora_core.workflows.batch.recording import _json_texts

letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(st.tuples(letters, letters), max_size=5))
def test_what_was_typed_is_written_as_json_writes_it(rows):
    cells = [pa.array([row[i] for row in rows], pa.string()) for i in range(2)]
    assert [json.loads(text) for text in _json_texts(cells)] == [list(row) for row in rows]
