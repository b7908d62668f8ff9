import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.datasets import load_iris

from flora_core.errors import Unknown
from flora_core.study import IRIS, Measurement, Species, Study, epithet, genus_of, is_binomial, short_name


def test_names_are_short_where_that_is_clear():
    assert IRIS.short("Iris setosa") == "I. setosa"
    names = ("Populus alba", "Primula vulgaris", "Quercus robur", "Alnus sp.", "Kama")
    study = IRIS.model_copy(update={"species": tuple(Species(name=name) for name in names)})
    assert [study.short(name) for name in names] == list(names)
    apart = IRIS.model_copy(update={"species": tuple(Species(name=name) for name in names[1:])})
    assert [apart.short(name) for name in names[1:]] == ["P. vulgaris", "Q. robur", "Alnus sp.", "Kama"]


def test_iris_measures_what_load_iris_holds_in_the_same_order_and_unit():
    names = [name.removesuffix(" (cm)") for name in load_iris().feature_names]
    assert [m.label for m in IRIS.measurements] == names
    assert IRIS.unit == "cm"


def test_iris_species_are_load_iris_target_names_in_full():
    assert [s.epithet for s in IRIS.species] == list(load_iris().target_names)
    assert IRIS.genus == "Iris"


def test_iris_terms_are_those_of_the_plant_trait_ontology():
    assert {m.name: m.term for m in IRIS.measurements} == {
        "petal_length": "TO:0002605",
        "petal_width": "TO:0002606",
        "sepal_length": "TO:0002607",
        "sepal_width": "TO:0002608",
    }


def test_every_flower_of_fisher_lies_within_the_plausible_limits():
    values = load_iris().data
    low = np.array([m.low for m in IRIS.measurements])
    high = np.array([m.high for m in IRIS.measurements])
    assert ((values >= low) & (values <= high)).all()


def test_iris_carries_fishers_caveat_and_its_sources():
    assert "could not be based solely on these four measurements of a single flower" in IRIS.caveat
    assert any("Fisher" in source for source in IRIS.sources)
    assert any("hookeri" in species.note for species in IRIS.species)


@pytest.mark.parametrize("written", ["petal_length", "Petal Length", "PETAL.LENGTH", " petal-length "])
def test_a_measurement_is_found_however_it_is_written(written):
    assert IRIS.measurement(written).name == "petal_length"


def test_an_unknown_measurement_is_refused_with_those_there_are():
    with pytest.raises(Unknown, match="'corolla' is not a measurement of iris. There are: sepal_length"):
        IRIS.measurement("corolla")


@pytest.mark.parametrize(
    ("name", "genus", "rest", "short"),
    [
        ("Iris versicolor", "Iris", "versicolor", "I. versicolor"),
        ("Ilex perado ssp. azorica", "Ilex", "perado ssp. azorica", "I. perado ssp. azorica"),
        ("Physaria 'medicinae'", "Physaria", "'medicinae'", "P. 'medicinae'"),
        ("Celtis sp.", "Celtis", "sp.", "Celtis sp."),
        ("Kama", "", "Kama", "Kama"),
        ("SEKER", "", "SEKER", "SEKER"),
    ],
)
def test_names_are_taken_apart_as_botanists_write_them(name, genus, rest, short):
    assert (genus_of(name), epithet(name), short_name(name)) == (genus, rest, short)
    assert is_binomial(name) is bool(genus)


@pytest.mark.parametrize(("value", "text"), [(5.1, "5.1 cm"), (5.0, "5.0 cm"), (5.13, "5.13 cm"), (12, "12.0 cm")])
def test_values_are_written_as_a_botanist_would(value, text):
    assert IRIS.measurement("sepal_length").written(value) == text


def test_a_study_survives_being_written_down():
    assert Study.model_validate_json(IRIS.model_dump_json()) == IRIS


@pytest.mark.parametrize("name", ["", "../etc", "Iris", "a b", "x" * 65])
def test_a_study_s_name_can_be_no_path(name):
    with pytest.raises(ValidationError):
        Study(**{**IRIS.model_dump(), "name": name})


def test_organ_and_dimension_of_a_measurement():
    m = Measurement(name="x", label="kernel groove length", low=0, high=1)
    assert (m.organ, m.dimension) == ("kernel groove", "length")
    assert Measurement(name="x", label="area", low=0, high=1).organ == "area"
