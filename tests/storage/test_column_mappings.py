import pytest

from flora_core.storage.column_mappings import ColumnMappings
from flora_core.storage.database import Database
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


@pytest.fixture
def columns(database_url):
    database = Database(database_url)
    database.prepare()
    Studies(database).add(IRIS, iris_plants(), "a test")
    yield ColumnMappings(database)
    database.close()


def test_what_was_said_of_a_header_is_known_of_the_next_file_with_it(columns):
    columns.save("iris", "ab", '{"columns": {"Länge": ["petal_length", "mm"]}}', "Ada")
    assert columns.find("iris", "ab") == '{"columns": {"Länge": ["petal_length", "mm"]}}'
    assert columns.find("iris", "cd") is None
    assert columns.find("rosa", "ab") is None


def test_the_newest_word_counts(columns):
    columns.save("iris", "ab", "{}", "Ada")
    columns.save("iris", "ab", '{"id_column": "x"}', "Eva")
    assert columns.find("iris", "ab") == '{"id_column": "x"}'
