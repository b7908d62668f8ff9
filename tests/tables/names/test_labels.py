import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.names.labels import alike, gather_names, read_label, trains_by_default


@pytest.mark.parametrize(
    ("text", "name", "author", "doubt"),
    [
        ("  Iris   setosa ", "Iris setosa", "", ""),
        ("Iris versicolor L.", "Iris versicolor", "L.", ""),
        ("iris setosa L.", "iris setosa", "L.", ""),
        ("Iris setosa Pall. ex Link, 1820", "Iris setosa", "Pall. ex Link, 1820", ""),
        ("Fragaria × ananassa (Weston) Duchesne", "Fragaria ×ananassa", "(Weston) Duchesne", ""),
        ("Magnolia x soulangeana", "Magnolia ×soulangeana", "", ""),
        ("Iris versicolor L. var. kermesina Farw.", "Iris versicolor var. kermesina", "Farw.", ""),
        ("Ilex perado ssp. azorica", "Ilex perado ssp. azorica", "", ""),
        ("Physaria 'medicinae'", "Physaria 'medicinae'", "", ""),
        ("Iris versicolor (Gaspé)", "Iris versicolor (Gaspé)", "", ""),
        ("Iris_versicolor", "Iris versicolor", "", ""),
        ("Kama", "Kama", "", ""),
        ("SEKER", "SEKER", "", ""),
        ("type_a", "type_a", "", ""),
        ("Iris cf. versicolor", "Iris cf. versicolor", "", "cf."),
        ("cf setosa", "cf setosa", "", "cf."),
        ("Iris aff. setosa", "Iris aff. setosa", "", "aff."),
        ("Iris setosa?", "Iris setosa?", "", "?"),
        ("Iris sp.", "Iris sp.", "", "sp."),
        ("Iris sp", "Iris sp.", "", "sp."),
        ("Rosa sp. nov.", "Rosa sp. nov.", "", "sp."),
        ("indet.", "indet.", "", "?"),
        ("Iris setosa × I. virginica", "Iris setosa × I. virginica", "", "hybrid"),
        ("a x b", "a x b", "", "hybrid"),
        ("", "", "", ""),
        ("NA", "", "", ""),
        ("---", "", "", ""),
    ],
)
def test_a_label_is_read_as_a_botanist_reads_it(text, name, author, doubt):
    label = read_label(text)
    assert (label.name, label.author, label.doubt) == (name, author, doubt)


def gathered(texts, genus=""):
    names, name_of = gather_names(texts, genus)
    return {g.name: g.plants for g in names}, name_of


def test_ways_of_writing_one_name_are_gathered():
    counts, name_of = gathered(
        {
            "Iris setosa": 10,
            " iris  Setosa": 2,
            "IRIS SETOSA": 1,
            "I. setosa": 3,
            "Iris setosa Pall.": 1,
            "Iris virginica": 5,
            "": 4,
        }
    )
    assert counts == {"Iris setosa": 17, "Iris virginica": 5}
    assert name_of["I. setosa"] == "Iris setosa"
    assert name_of[""] == ""


def test_the_author_and_the_spellings_are_kept():
    names, _ = gather_names({"Iris setosa": 2, "Iris setosa Pall.": 1, "Iris virginica": 3})
    assert (names[0].author, names[0].spellings) == ("Pall.", (("Iris setosa", 2), ("Iris setosa Pall.", 1)))


def test_hyphens_between_genus_and_epithet_are_read_where_several_share_the_genus():
    assert gathered({"Iris-setosa": 2, "Iris-virginica": 3})[0] == {"Iris setosa": 2, "Iris virginica": 3}
    assert gathered({"Sainte-lucie": 2, "Kama": 3})[0] == {"Kama": 3, "Sainte-lucie": 2}


def test_an_abbreviation_of_two_genera_stays_as_it_is():
    counts, _ = gathered({"Iris setosa": 1, "Ilex aquifolium": 1, "I. robusta": 1})
    assert counts == {"Iris setosa": 1, "Ilex aquifolium": 1, "I. robusta": 1}


def test_the_genus_that_was_said_completes_epithets_and_abbreviations():
    assert gathered({"setosa": 2, "I. virginica": 3}, "Iris")[0] == {"Iris setosa": 2, "Iris virginica": 3}


def test_codes_and_varieties_stay_as_they_stand():
    assert gathered({"A1": 2, "A2": 3, "Kama": 1, "SEKER": 2})[0] == {"A1": 2, "A2": 3, "Kama": 1, "SEKER": 2}


def test_the_genus_alone_is_in_doubt_where_its_species_are_named():
    names, _ = gather_names({"Iris": 8, "Iris setosa": 10, "Iris virginica": 9})
    assert [(g.name, g.doubt) for g in names][-1] == ("Iris sp.", "sp.")
    assert [g.name for g in trains_by_default(names)] == ["Iris setosa", "Iris virginica"]


def test_a_genus_that_no_other_name_is_of_is_a_name_of_its_own():
    names, _ = gather_names({"Celtis sp.": 12, "Iris sp.": 9, "Rosa sp.": 2, "Iris setosa": 10, "Iris cf. setosa": 6})
    assert [g.name for g in trains_by_default(names)] == ["Iris setosa", "Celtis sp."]


def pairs(*names):
    return [(a.rarer, a.commoner) for a in alike(gather_names(dict(names))[0])]


def test_names_that_are_nearly_one_are_offered_the_rarer_into_the_commoner():
    assert pairs(("Iris virginca", 2), ("Iris virginica", 30), ("Iris setosa", 30)) == [
        ("Iris virginca", "Iris virginica")
    ]
    assert pairs(("Iris setosa", 5), ("setosa", 30)) == [("setosa", "Iris setosa")]
    assert pairs(("Populus nigra", 5), ("Populus-nigra", 3)) == [("Populus-nigra", "Populus nigra")]


def test_different_names_and_codes_are_not():
    assert pairs(("Quercus suber", 5), ("Quercus robur", 5), ("Populus alba", 5), ("Populus nigra", 5)) == []
    assert pairs(("A1", 5), ("A2", 5), ("Kama", 5), ("Rosa", 5), ("SIRA", 4), ("CALI", 4)) == []
    assert pairs(("Iris versicolor", 5), ("Iris versicolor var. kermesina", 5)) == []


@given(st.dictionaries(st.text(max_size=30), st.integers(1, 9), max_size=12))
def test_every_cell_has_a_name_or_none_and_no_row_is_lost(texts):
    names, name_of = gather_names(texts)
    assert set(name_of) == set(texts)
    for g in names:
        assert g.plants == sum(n for text, n in texts.items() if name_of[text] == g.name)
        assert sum(n for _, n in g.spellings) == g.plants
    assert len({g.name for g in names}) == len(names)
    alike(names)
