import pytest

from flora_core.study import IRIS
from flora_core.tables.columns.header_words import fold_accents, header_similarity, letters_of, parse_header


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("petal length (mm)", "mm"),
        ("Petal Length [cm]", "cm"),
        ("petal_length_mm", "mm"),
        ("PetalLengthCm", "cm"),
        ("petal length in mm", "mm"),
        ("petal length, mm", "mm"),
        ("petal length/mm", "mm"),
        ("petal_length:mm", "mm"),
        ("petal-length-mm", "mm"),
        ("petal_length_mm_mid", "mm"),
        ("petal_length_um", "µm"),
        ("area_mm2", "mm²"),
        ("area (mm²)", "mm²"),
        ("Petal Length (inches)", "in"),
        ("length_px", "px"),
        ("petal length", ""),
        ("stem", ""),
        ("mm", ""),
        ("petal length (left)", ""),
        ("sum", ""),
        ("medium", ""),
        ("position", ""),
        ("teeth per cm", ""),
        ("Teeth_per_mm", ""),
        ("Zähne pro cm", ""),
        ("stomata per mm2", ""),
        ("paper cm", "cm"),
    ],
)
def test_a_name_may_carry_a_unit(name, unit):
    assert parse_header(name).unit == unit


def test_letters_lose_their_accents():
    assert fold_accents("Länge Größe długość Øst Cœur") == "lange grosse dlugosc ost coeur"


def test_letters_of_a_catalogue_number():
    assert letters_of("Catalogue no.") == "catalogueno"
    assert letters_of("Beleg-Nr.") == "belegnr"


@pytest.mark.parametrize(
    "name",
    [
        "sepal_length",
        "Sepal.Length",
        "SepalLengthCm",
        "sepal length (cm)",
        "SEPAL LENGTH",
        "sepallength",
        "Sep_L",
        "Sep.Len",
        "sepal_len_mm",
        "len_sepal",
        "L_sepal",
        "sepalL",
        "LSEP",
        "sLength",
        "Length of sepal",
        "sepals length",
        "mean sepal length",
        "Kelchblattlänge",
        "Länge Kelchblatt [mm]",
        "Kelchbl.länge",
        "longueur du sépale (mm)",
        "long_sep",
        "Long. sép.",
        "longitud del sépalo",
        "Largo Sépalo",
        "comprimento da sépala",
        "lunghezza sepalo",
        "longitudo sepali",
        "kelkblad lengte",
        "długość działki",
        "délka kališního",
        "花萼长度",
        "длина чашелистика",
        "sepel lenght",
    ],
)
def test_sepal_length_in_the_words_of_many_people(name):
    scores = {m.name: header_similarity(m, name)[0] for m in IRIS.measurements}
    assert max(scores, key=scores.get) == "sepal_length"
    assert scores["sepal_length"] >= 0.6
    assert sorted(scores.values())[-2] < scores["sepal_length"]


@pytest.mark.parametrize(
    "name",
    [
        "sepal_length_sd",
        "sepal length/width ratio",
        "sepal length error",
        "log sepal length",
        "number of sepals",
        "sepal colour",
        "tepal length",
        "calyx length",
        "length",
        "sepal",
        "leaf length",
        "remarks on sepal length",
        "sepal length measured by",
        "sepal area",
        "date",
        "",
    ],
)
def test_what_is_another_figure_or_nothing_known_is_not_taken_for_one(name):
    assert max(header_similarity(m, name)[0] for m in IRIS.measurements) == 0.0


def test_the_reason_is_said_with_the_name():
    m = IRIS.measurement("sepal_length")
    assert header_similarity(m, "sepal_length")[1] == "'sepal_length' is its name"
    assert header_similarity(m, "Kelchblattlänge")[1] == "'Kelchblattlänge' says so"
    assert header_similarity(m, "sep_l")[1] == "'sep_l' abbreviates sepal length"
    assert header_similarity(m, "outer sepal length")[1] == "'outer sepal length' holds the words sepal length"
    assert header_similarity(m, "sepel length")[1] == "'sepel length' reads like sepal length"
