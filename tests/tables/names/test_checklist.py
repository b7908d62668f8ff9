"""What a checklist says of names: homonyms, chains, circles, and what a name counts as."""

import pytest

from flora_core.tables.names.checklist import Checklist, ChecklistName, pack_names, unpack_names

NAMES = (
    ChecklistName("1", "Carex flava", "L.", "1"),
    ChecklistName("2", "Carex fulva", "Gooden.", "3"),
    ChecklistName("3", "Carex hostiana", "DC.", "3"),
    ChecklistName("4", "Carex fulva", "Huds.", "1"),
    ChecklistName("5", "Carex prima", "A.", "6"),
    ChecklistName("6", "Carex secunda", "B.", "3"),
    ChecklistName("7", "Carex circularis", "C.", "8"),
    ChecklistName("8", "Carex rotunda", "D.", "7"),
    ChecklistName("9", "Carex × fulvoides", "E.", "1"),
)
LIST = Checklist("list.csv", "0" * 64, NAMES)


@pytest.mark.parametrize(
    ("name", "author", "accepted"),
    [
        ("Carex flava", "", None),
        ("Carex fulva", "Gooden.", "Carex hostiana"),
        ("Carex fulva", "Huds.", "Carex flava"),
        ("Carex fulva", "", None),  # two homonyms lead to different names: nobody can tell
        ("Carex prima", "", "Carex hostiana"),  # a synonym of a synonym
        ("Carex circularis", "", None),
        ("Carex ×fulvoides", "", "Carex flava"),
        ("Carex x fulvoides", "", "Carex flava"),
        ("Salix alba", "", None),
    ],
)
def test_accepted_names(name, author, accepted):
    found = LIST.accepted_name(name, author)
    assert (None if found is None else found.name) == accepted


def test_a_name_counts_as_the_one_that_the_study_knows():
    assert LIST.counts_as("Carex prima", ["Carex flava"]) == "Carex hostiana"
    # The study calls the taxon by a synonym: that is its name there.
    assert LIST.counts_as("Carex hostiana", ["Carex prima", "Carex flava"]) == "Carex prima"
    assert LIST.counts_as("Carex secunda", ["Carex prima"]) == "Carex prima"
    assert LIST.counts_as("Carex prima", ["Carex prima"]) == "Carex prima"
    assert LIST.counts_as("Salix alba", ["Carex prima"]) == "Salix alba"


def test_terms_of_an_archive():
    assert LIST.terms("Carex prima") == {
        "taxonID": "5",
        "acceptedNameUsage": "Carex hostiana DC.",
        "acceptedNameUsageID": "3",
    }
    assert set(LIST.terms("Salix alba").values()) == {""}


def test_names_are_kept_as_they_were():
    assert unpack_names(pack_names(NAMES)) == NAMES
