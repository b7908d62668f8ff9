"""No silent merge and no silent split: one list of what is one name, one of what is several, and tails put together at random."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flora_core.tables.names.labels import different_tails, gather_names

ONE = [
    [
        "Iris setosa",
        "Iris setosa Pall.",
        "Iris setosa Pall. ex Link",
        "iris setosa",
        "IRIS SETOSA",
        "Iris  setosa",
        "Iris_setosa",
        "I. setosa",
    ],
    ["Taraxacum albidum", "Taraxacum albidum v. Soest", "Taraxacum albidum Soest"],
    ["Sedum album", "Sedum album 't Hart", "Sedum album L."],
    ["Bellis perennis", "Bellis perennis (Linnaeus, 1758)", "Bellis perennis L.", "Bellis perennis Linnaeus"],
    ["Carex nigra", "Carex nigra s.l.", "Carex nigra (L.) Reichard"],
    ["Quercus ×turneri", "Quercus x Turneri", "Quercus x turneri Willd.", "Quercus × turneri"],
    [
        "Rosa canina subsp. corymbifera",
        "Rosa canina ssp. corymbifera",
        "Rosa canina subsp. corymbifera (Borkh.) Leffler",
    ],
    ["Acer campestre var. leiocarpum", "Acer campestre L. var. leiocarpum"],
    ["Poa annua", "Poa annua\u200b", "Poa annua"],
    ["Müller-Thurgau", "Müller-Thurgau"],
    ["Rosa 'Iceberg'", "Rosa ‘Iceberg’", "Rosa cv. Iceberg"],
]
SEVERAL = [
    ["Rosa 'Queen Elizabeth'", "Rosa 'Queen Mother'"],
    ["Taraxacum sect. Ruderalia", "Taraxacum sect. Erythrosperma"],
    ["Brassica oleracea Capitata Group", "Brassica oleracea Gemmifera Group"],
    ["Carex flava L.", "Carex flava auct. non L."],
    ["Carex flava L.", "Carex flava auct."],
    ["Salix alba Male", "Salix alba Female"],
    ["Salix alba clade A", "Salix alba clade B"],
    ["Thymus vulgaris ct. thymol", "Thymus vulgaris ct. linalool"],
    ["Thymus vulgaris thymol", "Thymus vulgaris linalool"],
    ["Thymus vulgaris L. chemotype Thymol", "Thymus vulgaris L. chemotype Linalool"],
    ["Iris setosa Alpha", "Iris setosa Beta"],
    ["Rubus sect. Rubus", "Rubus ser. Glandulosi"],
    ["Rosa canina var. alba", "Rosa canina f. alba"],
    ["Hosta 'Sum and Substance'", "Hosta 'Sum'"],
    ["Taraxacum officinale", "Taraxacum officinale agg."],
    ["Betula 2n", "Betula 4n"],
    ["Pop A", "Pop B"],
    ["Dahlia Cactus Group", "Dahlia Pompon Group"],
    ["Malus 'Gala'", "Malus 'Gala Must'"],
    ["Rosa North", "Rosa South"],
    ["Quercus robur East", "Quercus robur West"],
    ["Viola tricolor Wild", "Viola tricolor Cultivated"],
    ["Aster 1", "Aster 2"],
    ["Hieracium murorum Typ A", "Hieracium murorum Typ B"],
    ["Hieracium murorum morphotype 1", "Hieracium murorum morphotype 2"],
    ["Vitis vinifera subsp. sylvestris", "Vitis vinifera subsp. vinifera"],
    ["Orchis mascula var. alba", "Orchis mascula"],
    ["Mentha x piperita 'Citrata'", "Mentha x piperita"],
    ["Phlox Douglasii Group", "Phlox Subulata Group"],
    ["Erica Northern Race", "Erica Southern Race"],
    ["Poa annua Diploid", "Poa annua Tetraploid"],
    ["Arabidopsis thaliana Col-0", "Arabidopsis thaliana Ler-0"],
    ["Arabidopsis thaliana Col", "Arabidopsis thaliana Ler"],
    ["Lotus corniculatus Leo", "Lotus corniculatus Franco"],
    ["Zea mays B73", "Zea mays Mo17"],
    ["Sorbus aria Alps", "Sorbus aria Carpathians"],
    ["Sorbus aria Tatra", "Sorbus aria Alps"],
]


@pytest.mark.parametrize("texts", ONE, ids=[texts[0] for texts in ONE])
def test_ways_of_writing_one_name_are_one(texts):
    _, name_of = gather_names(dict.fromkeys(texts, 10))
    assert len(set(name_of.values())) == 1


@pytest.mark.parametrize("texts", SEVERAL, ids=[" | ".join(texts) for texts in SEVERAL])
def test_different_names_stay_apart(texts):
    _, name_of = gather_names(dict.fromkeys(texts, 10))
    assert len(set(name_of.values())) == len(texts)


def test_homonyms_of_two_authors_are_asked_about():
    (name,), _ = gather_names({"Iris lutea Lam.": 10, "Iris lutea Ker Gawl.": 10})
    assert different_tails(name) == ("Iris lutea Ker Gawl.", "Iris lutea Lam.")


WORDS = st.sampled_from(
    [
        "Queen",
        "King",
        "Elizabeth",
        "Mother",
        "Alba",
        "Rubra",
        "Major",
        "Minor",
        "Darwin",
        "Pompon",
        "Cactus",
        "Juno",
        "Aurora",
        "Sum",
        "Substance",
        "Gala",
    ]
)
EPITHETS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
BINOMIALS = st.sampled_from(["Rosa canina", "Malus domestica", "Brassica oleracea", "Clematis", "Hosta"])
TAILS = {"cultivar": "{} '{}'", "group": "{} {} Group", "section": "{} sect. {}", "series": "{} ser. {}"}


@given(BINOMIALS, EPITHETS, EPITHETS, st.sampled_from(list(TAILS)))
def test_two_epithets_behind_one_name_are_two(binomial, one, other, kind):
    assume(one.casefold() != other.casefold())
    if kind in ("section", "series"):
        binomial, one, other = binomial.split()[0], one.replace(" ", "").title(), other.replace(" ", "").title()
        assume(one != other)
    texts = [TAILS[kind].format(binomial, epithet) for epithet in (one, other)]
    _, name_of = gather_names(dict.fromkeys(texts, 10))
    assert len(set(name_of.values())) == 2


AUTHORS = st.sampled_from(
    ["L.", "Mill.", "(L.) Mill.", "Willd. ex Link", "DC.", "v. Soest", "'t Hart", "Müll.Arg.", "L., 1753"]
)
SENSES = st.sampled_from(["", " s.l.", " s.str.", " sensu lato", " p.p."])


@given(st.sampled_from(["Rosa canina", "Salix alba", "Carex nigra"]), AUTHORS, SENSES)
def test_an_author_and_a_sense_make_no_second_species(name, author, sense):
    _, name_of = gather_names({name: 10, f"{name} {author}": 10, f"{name} {author}{sense}": 10})
    assert set(name_of.values()) == {name}
