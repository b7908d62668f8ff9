import numpy as np
import pytest

from flora_core.identification.naming import NONE_OF_THESE, answer, predict_plants
from flora_core.study import IRIS
from tests.builders import iris_table, make_flower

X, y = iris_table()


def said(probability, fits=True, in_set=None, study=IRIS):
    p = np.array(probability)
    inside = np.array(in_set if in_set is not None else p > 0.05)
    return answer(study, p, int(p.argmax()), fits, inside & fits)


def test_one_possible_species_is_a_name():
    given = said([0.99, 0.01, 0.0])
    assert (given.species, given.qualifier, given.scientific_name) == ("Iris setosa", "", "Iris setosa")
    assert given.name == "Iris setosa"


def test_several_are_cf_the_first_and_the_genus_for_darwin_core():
    given = said([0.0, 0.6, 0.4])
    assert given.name == "Iris cf. versicolor"
    assert given.qualifier == "cf. versicolor"
    assert given.scientific_name == "Iris"
    assert given.prediction_set == ("Iris versicolor", "Iris virginica")


def test_a_plant_outside_every_species_is_none_of_these():
    given = said([0.0, 0.0, 1.0], fits=False)
    assert (given.species, given.qualifier, given.scientific_name, given.prediction_set) == (
        NONE_OF_THESE,
        NONE_OF_THESE,
        "",
        (),
    )
    assert given.name == "none of these"


def test_names_without_a_genus_are_qualified_too():
    study = IRIS.model_copy(
        update={
            "species": tuple(
                s.model_copy(update={"name": n})
                for s, n in zip(IRIS.species, ("Kama", "Rosa", "Canadian"), strict=True)
            )
        }
    )
    given = said([0.6, 0.4, 0.0], study=study)
    assert (given.name, given.scientific_name) == ("cf. Kama", "")


def test_a_table_of_plants_and_one_plant_get_the_same_answer(champion):
    together = predict_plants(champion, X)
    for i in (0, 70, 133):
        alone = predict_plants(champion, X[i : i + 1])
        assert alone.probabilities[0] == pytest.approx(together.probabilities[i])
        assert (alone.best[0], alone.fits[0]) == (together.best[i], together.fits[i])
        assert (alone.in_set[0] == together.in_set[i]).all()


def test_every_training_flower_fits_and_its_species_is_in_its_set_for_95_in_100(champion):
    named = predict_plants(champion, X)
    assert named.fits.all()
    assert named.in_set[np.arange(150), y].mean() >= 0.95
    assert named.in_set.sum(axis=1).mean() < 1.1


def test_a_stranger_has_an_empty_set(champion):
    named = predict_plants(champion, make_flower(petal_length=14.0)[None])
    assert not named.fits[0]
    assert not named.in_set.any()
