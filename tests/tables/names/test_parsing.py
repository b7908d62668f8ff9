import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.names.labels import alike, different_tails, gather_names, read_label
from flora_core.tables.names.parsing import (
    are_different_authors,
    is_evident,
    is_misapplied,
    is_of_other_rank,
    parse_label,
)


@pytest.mark.parametrize(
    ("text", "name", "author", "sense"),
    [
        ("Rosa 'Queen Elizabeth'", "Rosa 'Queen Elizabeth'", "", ""),
        ("Iris hexagona (Walt.) Small", "Iris hexagona", "(Walt.) Small", ""),
        ("Opuntia stricta White ex Britton & Small", "Opuntia stricta", "White ex Britton & Small", ""),
        ("Carex tenera Dewey var. echinodes A. Wild", "Carex tenera var. echinodes", "A. Wild", ""),
        ("Iris hexagona Small", "Iris hexagona Small", "", ""),
        ("Abutilon bastardioides Baker f. ex Rose", "Abutilon bastardioides", "Baker f. ex Rose", ""),
        (
            "Cyperus glaber form. fasciculariforme (Lojac.) Soó",
            "Cyperus glaber form. fasciculariforme",
            "(Lojac.) Soó",
            "",
        ),
        ("Racosperma spirorbe(Benth.)Pedley", "Racosperma spirorbe", "(Benth.) Pedley", ""),
        ("Pentapanax angelicifoliusGriseb.", "Pentapanax angelicifolius", "Griseb.", ""),
        ("Denticula van heurckii Hust.", "Denticula vanheurckii", "Hust.", ""),
        ("Abies brevifolia cv. ex Dallim.", "Abies brevifolia", "hort. ex Dallim.", ""),
        ("Rosa 'Iceberg' Meilland", "Rosa 'Iceberg'", "Meilland", ""),
        ("Salix alba L. 'Tristis'", "Salix alba 'Tristis'", "L.", ""),
        ("Abies alba cv. Pendula", "Abies alba 'Pendula'", "", ""),
        ("Hosta (Tardiana Group) 'Halcyon'", "Hosta (Tardiana Group) 'Halcyon'", "", ""),
        ("Taraxacum sect. Ruderalia", "Taraxacum sect. Ruderalia", "", ""),
        ("Taraxacum sect. Ruderalia Kirschner & al.", "Taraxacum sect. Ruderalia", "Kirschner & al.", ""),
        ("Brassica oleracea Capitata Group", "Brassica oleracea Capitata Group", "", ""),
        ("Solanum tuberosum L. Phureja Group", "Solanum tuberosum Phureja Group", "L.", ""),
        ("Carex flava auct. non L.", "Carex flava auct. non L.", "", ""),
        ("Carex flava L., non Huds.", "Carex flava", "L.", "non Huds."),
        ("Carex flava non L.", "Carex flava non L.", "", ""),
        ("Festuca ovina L. s. str.", "Festuca ovina", "L.", "s. str."),
        ("Festuca ovina s.l.", "Festuca ovina", "", "s.l."),
        ("Festuca ovina sensu auct.", "Festuca ovina", "", "sensu auct."),
        ("Poa annua L. nec Huds.", "Poa annua", "L.", "nec Huds."),
        ("Rosa canina agg.", "Rosa canina agg.", "", ""),
        ("Taraxacum aaa v. Soest", "Taraxacum aaa", "v. Soest", ""),
        ("Rubus aaa 't Hart", "Rubus aaa", "'t Hart", ""),
        ("Iris setosa (Linnaeus, 1758)", "Iris setosa", "(Linnaeus, 1758)", ""),
        ("Abies alba Mill. f.", "Abies alba", "Mill. f.", ""),
        ("Iris setosa L. subsp. alba (A.) B.", "Iris setosa subsp. alba", "(A.) B.", ""),
        ("Brassica oleracea var. capitata L. f. alba DC.", "Brassica oleracea var. capitata f. alba", "DC.", ""),
        ("Iris setosa Wild type", "Iris setosa Wild type", "", ""),
        ("Silene dioica Male", "Silene dioica Male", "", ""),
        ("Silene dioica Clade B", "Silene dioica Clade B", "", ""),
        ("Thymus vulgaris Chemotype A", "Thymus vulgaris Chemotype A", "", ""),
        ("Iris setosa A", "Iris setosa A", "", ""),
        ("Iris setosa 4x", "Iris setosa 4x", "", ""),
        ("Grüner Veltliner", "Grüner Veltliner", "", ""),
        ("Pinot noir Klon 5", "Pinot noir Klon 5", "", ""),
    ],
)
def test_a_name_is_parted_from_its_author_and_its_sense_and_from_nothing_else(text, name, author, sense):
    parsed = parse_label(text)
    assert (parsed.name, parsed.author, parsed.sense) == (name, author, sense)


@pytest.mark.parametrize(
    ("said", "of", "not_of"),
    [
        (is_evident, "(L.) Mill.", "Alpha"),
        (is_evident, "L", "Male"),
        (is_misapplied, "Carex flava auct. non L.", "Carex flava"),
        (is_of_other_rank, "Rosa 'Iceberg'", "Iris setosa subsp. alba"),
        (is_of_other_rank, "Taraxacum sect. Alba", "Iris setosa"),
    ],
)
def test_what_is_said_of_a_name(said, of, not_of):
    assert said(of)
    assert not said(not_of)


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [("L.", "Huds.", True), ("L.", "Linnaeus", False), ("(L.) Mill.", "L.", False), ("", "L.", False)],
)
def test_authors_without_a_name_in_common_are_different(one, other, different):
    assert are_different_authors(one, other) is different


def gathered(*texts):
    names, name_of = gather_names(dict.fromkeys(texts, 5))
    return {g.name for g in names}, names, name_of


def test_one_species_with_many_tails_is_one_and_the_tails_are_said():
    texts = ("", " v. Soest", " 't Hart", " s.l.", " sensu auct.", " (Linnaeus, 1758)", " Wigg.")
    found, names, _ = gathered(*(f"Taraxacum alatum{tail}" for tail in texts))
    assert found == {"Taraxacum alatum"}
    assert different_tails(names[0]) == ("Taraxacum alatum", "Taraxacum alatum s.l.")


def test_a_misapplied_name_is_kept_apart_and_asked_about():
    for tail in ("auct. non L.", "auct.", "sensu Huds. non L."):
        found, names, _ = gathered("Carex flava L.", f"Carex flava {tail}")
        assert found == {"Carex flava", f"Carex flava {tail}"}
        assert "another plant" in alike(names)[0].because


def test_words_that_differ_behind_one_name_are_kept_apart_and_asked_about():
    found, names, _ = gathered("Iris setosa Alpha", "Iris setosa Beta")
    assert found == {"Iris setosa Alpha", "Iris setosa Beta"}
    assert alike(names)[0].because == "they are one name with different words behind it"
    assert gathered("Iris setosa Mill.", "Iris setosa Miller")[0] == {"Iris setosa"}
    _, names, _ = gathered("Iris setosa L.", "Iris setosa Huds.")
    assert different_tails(names[0]) == ("Iris setosa Huds.", "Iris setosa L.")


_GENUS = st.sampled_from(["Rosa", "Salix", "Carex", "Hieracium", "Brassica"])
_WORD = st.from_regex(r"[A-Z][a-z]{3,8}", fullmatch=True)
_EPITHET = st.sampled_from(["alba", "rubra", "montana", "repens", "vulgaris", "palustris"])
_AUTHOR = st.sampled_from(
    [
        "L.",
        "Mill.",
        "(L.) Mill.",
        "Pall. ex Link",
        "F.H. Wigg.",
        "v. Soest",
        "d'Urv.",
        "DC.",
        "Kirschner & Štěpánek",
        "Hook. f.",
        "Linnaeus, 1758",
    ]
)


@given(_GENUS, _WORD, _WORD, st.sampled_from(["'{}'", "‘{}’", "'Queen {}'", "sect. {}", "subg. {}", "ser. {}"]))
def test_two_cultivars_or_sections_are_never_one(genus, one, other, form):
    found, _, _ = gathered(*{f"{genus} {form.format(one)}", f"{genus} {form.format(other)}"})
    assert len(found) == len({one.casefold(), other.casefold()})


@given(_GENUS, _EPITHET, _WORD, _WORD)
def test_two_groups_are_never_one(genus, epithet, one, other):
    found, _, _ = gathered(*{f"{genus} {epithet} {one} Group", f"{genus} {epithet} L. {other} Group"})
    assert len(found) == len({one.casefold(), other.casefold()})


@given(_GENUS, _EPITHET, st.lists(_AUTHOR, min_size=1, max_size=5))
def test_an_author_never_splits_a_species(genus, epithet, authors):
    found, _, _ = gathered(f"{genus} {epithet}", *(f"{genus} {epithet} {author}" for author in authors))
    assert found == {f"{genus} {epithet}"}


@given(st.text(max_size=60))
def test_any_text_is_read_and_reading_what_was_read_changes_nothing(text):
    name = read_label(text).name
    assert read_label(name).name in (name, "")
