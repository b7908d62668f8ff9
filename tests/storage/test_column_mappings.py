import pytest

from flora_core.storage.column_mappings import MatchedColumns
from flora_core.storage.database import Database
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


@pytest.fixture
def columns(database_url):
    database = Database(database_url)
    database.prepare()
    Studies(database).add(IRIS, iris_plants(), "a test")
    yield MatchedColumns(database)
    database.close()


def test_what_was_said_of_a_header_is_known_of_the_next_file_with_it(columns):
    columns.remember("iris", "ab", '{"columns": {"Länge": ["petal_length", "mm"]}}', "Ada")
    assert columns.recall("iris", "ab") == '{"columns": {"Länge": ["petal_length", "mm"]}}'
    assert columns.recall("iris", "cd") is None
    assert columns.recall("rosa", "ab") is None


def test_the_newest_word_counts(columns):
    columns.remember("iris", "ab", "{}", "Ada")
    columns.remember("iris", "ab", '{"id_column": "x"}', "Eva")
    assert columns.recall("iris", "ab") == '{"id_column": "x"}'
