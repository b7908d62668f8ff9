import numpy as np
import pytest

from flora_core.errors import Refused
from flora_core.learning.data_checks.minimum_plants import require_enough_plants
from flora_core.study import Species
from tests.builders import make_plants, make_study


def refusal(study, plants):
    with pytest.raises(Refused) as refused:
        require_enough_plants(study, plants)
    return refused.value.message


def test_six_plants_of_two_species_are_enough():
    require_enough_plants(make_study(), make_plants((2, 4)))


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((20, 0), "A made-up genus has plants of one species only; a model needs at least two."),
        ((2, 2), "A made-up genus has 4 plants; a model of 2 species needs at least 6."),
        (
            (20, 1),
            "Planta speciesb has 1 plant; a model needs at least two of each species. Add plants, or leave the species out.",
        ),
        (
            (20, 5, 0),
            "Planta speciesc has 0 plants; a model needs at least two of each species. Add plants, or leave the species out.",
        ),
        (
            (20, 1, 1, 0),
            "3 of 4 species have fewer than two plants: Planta speciesb (1), Planta speciesc (1), Planta speciesd (0). A model "
            "needs at least two of each. Add plants, or leave these species out.",
        ),
    ],
)
def test_too_few_plants_are_refused_with_what_would_do(counts, sentence):
    assert refusal(make_study(len(counts)), make_plants(counts)) == sentence


def test_one_species_alone_is_refused():
    sentence = "A made-up genus has plants of one species only; a model needs at least two."
    assert refusal(make_study(1), make_plants((20,))) == sentence


def test_a_species_without_any_measurement_is_named():
    plants = make_plants((5, 5))
    plants.values[plants.species == 1] = np.nan
    sentence = "No plant of Planta speciesb was measured at all. Add measurements, or leave the species out."
    assert refusal(make_study(), plants) == sentence


def test_single_plants_without_any_measurement_are_counted():
    plants = make_plants((5, 5))
    plants.values[[1, 7]] = np.nan
    assert refusal(make_study(), plants) == "2 plants have no measurement at all. Leave them out."


def test_ten_thousand_names_are_free_text():
    study = make_study().model_copy(update={"species": tuple(Species(name=f"plant no. {i:05}") for i in range(10_000))})
    assert refusal(study, make_plants((1,) * 10_000)) == (
        "A made-up genus has 10,000 species; a model can tell at most 1,000 apart. Is the column of names free text, or the "
        "names of specimens? Choose the column of species, or a smaller group."
    )
