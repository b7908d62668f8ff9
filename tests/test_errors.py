import inspect

import pytest

from flora_core import errors
from flora_core.errors import BadValues, FloraError, Issue, Unknown, as_document


def test_an_issue_reads_as_a_sentence_with_the_row_a_person_sees():
    issue = Issue(14, "petal length", "57.0", "petal length is 57.0 cm", "These plants have 0.1 to 15.0 cm.")
    assert issue.sentence() == "Row 14: petal length is 57.0 cm. These plants have 0.1 to 15.0 cm."


def test_an_issue_of_a_single_plant_has_no_row_and_begins_with_a_capital():
    assert Issue(None, "x", "", "nothing was measured").sentence() == "Nothing was measured."


def test_the_tree_at_the_top_of_the_module_is_the_tree_of_classes():
    drawn = inspect.getdoc(errors) or ""
    classes = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, FloraError)]
    assert len(classes) > 10
    for c in classes:
        assert c.__name__ in drawn, f"{c.__name__} is not in the tree"


def test_an_error_becomes_a_document_with_its_issues():
    error = BadValues((Issue(2, "a", "x", "it is not a number", "Write a number."),), "Did you mean 1?")
    assert as_document(error) == {
        "error": "BadValues",
        "detail": "Row 2: it is not a number. Write a number. Did you mean 1?",
        "issues": [
            {"row": 2, "column": "a", "value": "x", "problem": "it is not a number", "suggestion": "Write a number."}
        ],
    }
    assert as_document(Unknown("nope"))["issues"] == []


@pytest.mark.parametrize("kind", [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, FloraError)])
def test_every_error_is_one_of_the_family_and_says_what_it_does(kind):
    assert issubclass(kind, FloraError)
    assert kind.__doc__
