import sklearn

from flora_core.learning.libraries import libraries, libraries_note


def test_a_version_made_here_needs_no_note(champion):
    assert champion.card.libraries == libraries()
    assert libraries_note(champion.card) == ""


def test_other_libraries_are_named(champion):
    older = champion.card.model_copy(update={"libraries": {**libraries(), "scikit-learn": "1.5.0"}})
    assert libraries_note(older) == (
        f"Trained with other libraries (scikit-learn 1.5.0 then, {sklearn.__version__} now): trained again, its scores may "
        "differ a little."
    )


def test_a_library_that_a_card_does_not_know_is_unknown(champion):
    bare = champion.card.model_copy(update={"libraries": {}})
    assert "numpy unknown then" in libraries_note(bare)
