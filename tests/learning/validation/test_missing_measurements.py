"""What accuracy remains without measurements, on plants of which the answer is known beforehand."""

import numpy as np
import pytest

from flora_core.learning.training import train
from flora_core.learning.validation.missing_measurements import accuracy_without
from flora_core.model import TrainingPlants, TrainingTable
from flora_core.study import Measurement, Species, Study


@pytest.fixture(scope="module")
def model():
    """Two species that differ in length alone; width says nothing."""
    rng = np.random.default_rng(4)
    n = 120
    species = np.repeat([0, 1], n // 2)
    values = np.column_stack([20.0 + 6.0 * species + rng.normal(0, 1, n), rng.normal(9, 1, n)])
    study = Study(
        name="two",
        title="Two",
        measurements=tuple(
            Measurement(name=name, label=f"leaf {name}", unit="mm", low=1, high=60) for name in ("length", "width")
        ),
        species=(Species(name="Salix alba"), Species(name="Salix caprea")),
    )
    table = TrainingTable(source="t", sha256="0" * 64, rows=n, plants={"Salix alba": 60, "Salix caprea": 60})
    return train(study, TrainingPlants(values, species, None, table), algorithm="lda")


def test_without_what_tells_the_species_apart_chance_remains(model):
    found = accuracy_without(model, ["length"])
    assert found.missing == ("length",)
    assert found.plants == 120
    assert 0.35 < found.accuracy < 0.65
    assert found.low < found.accuracy < found.high
    assert found.complete > 0.98


def test_what_says_nothing_is_not_missed(model):
    found = accuracy_without(model, ["width"])
    assert found.accuracy == pytest.approx(found.complete, abs=0.02)


def test_it_is_said_with_plants_and_interval(model):
    found = accuracy_without(model, ["length"])
    assert f"{100 * found.low:.0f} to {100 * found.high:.0f} %" in found.sentence
    assert "120 training plants" in found.sentence
    assert found.sentence.startswith("Without that measurement")


def test_a_version_is_asked_once(model):
    assert accuracy_without(model, ["length"]) is accuracy_without(model, ("length", "length"))
