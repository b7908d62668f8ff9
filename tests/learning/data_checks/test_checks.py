"""A table that is fit to learn from, and one for each thing that can be wrong with it."""

from dataclasses import replace

import numpy as np
import pytest

from flora_core.learning.data_checks.checks import dependences, failed, sanity_checks
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, make_study


def changed(change):
    plants = make_plants()
    values, species = plants.values.copy(), plants.species.copy()
    change(values, species)
    return replace(plants, values=values, species=species)


def states(plants, study=None):
    return {c.name: c.state for c in sanity_checks(study or make_study(), plants)}


def test_fisher_s_irises_pass_and_their_twins_are_kept():
    checks = sanity_checks(IRIS, iris_plants())
    assert {c.state for c in checks} == {"passed"}
    details = {c.name: c.detail for c in checks}
    assert details["schema"] == "150 plants, 4 measurements, 3 species, as the study says."
    assert details["plants a species"] == "From 50 to 50 plants a species."
    # Virginica 102 and 143, the only two flowers alike in all four values.
    assert details["twins"] == "2 plants share all their values with another of the same name; all are kept."


def put(row, column, value):
    def change(values, species):
        values[row, column] = value

    return change


def name_all(j):
    def change(values, species):
        species[:] = j

    return change


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        (put(3, 0, np.inf), "schema", "failed"),
        (put(3, 0, 0.0), "limits", "failed"),
        (put(3, 0, -4.0), "limits", "failed"),
        (put(slice(0, 5), 1, 400.0), "plausible limits", "warning"),
        (put(3, slice(None), np.nan), "gaps", "failed"),
        (put(slice(0, 20), 1, np.nan), "gaps", "warning"),
        (name_all(0), "plants a species", "failed"),
        (put(slice(None), 1, 7.0), "constant measurements", "warning"),
        (lambda v, s: v.__setitem__(39, v[0]), "twins", "warning"),
        (lambda v, s: v.__setitem__(1, v[0]), "twins", "passed"),
    ],
)
def test_each_thing_that_can_be_wrong(change, name, state):
    assert states(changed(change))[name] == state


def test_a_species_with_one_plant_fails_and_one_with_few_is_warned_of():
    assert states(make_plants((20, 1)))["plants a species"] == "failed"
    assert states(make_plants((20, 5)))["plants a species"] == "warning"


def test_refuse_above_is_a_limit():
    study = make_study()
    lower = study.model_copy(
        update={"measurements": tuple(m.model_copy(update={"refuse_above": 22.0}) for m in study.measurements)}
    )
    checks = sanity_checks(lower, make_plants())
    assert [c.name for c in failed(checks)] == ["limits"]


def drift(since, change=0.0):
    plants, known = iris_plants(), np.ones(150, dtype=bool)
    known[np.random.default_rng(0).permutation(150)[:since]] = False
    values = plants.values.copy()
    values[~known, 2] += change
    return sanity_checks(IRIS, replace(plants, values=values), known)[-1]


def test_plants_that_came_since_are_held_against_their_species_before():
    assert drift(0).detail == "The champion learned from these plants; none came since."
    assert drift(5).detail == "5 plants came since the champion learned: 15 more are needed."
    same = drift(60)
    assert same.state == "passed"
    assert same.detail.startswith(
        "The 60 plants that came since the champion learned measure like those of their species"
    )
    longer = drift(60, 0.5)
    assert longer.state == "warning"
    assert longer.detail == (
        "In the 60 plants that came since the champion learned, petal length lies 0.57 cm higher (p < .001), compared with plants of "
        "the same species before. Another ruler, place or year?"
    )
    assert sanity_checks(IRIS, iris_plants())[-1].detail == "There was no training before."


def test_measurements_that_follow_exactly_from_others_are_named():
    rng = np.random.default_rng(0)
    tube, limb, other = rng.normal(20, 2, 60), rng.normal(8, 1, 60), rng.normal(3, 1, 60)
    values = np.column_stack([tube, limb, other, tube + limb, 10 * other + 2])
    assert dependences(values) == [(3, [0, 1], True), (4, [2], False)]
    values[::9, 3] = np.nan
    assert [found[0] for found in dependences(values)] == [3, 4]
    assert dependences(np.round(values + rng.normal(0, 0.1, values.shape), 1)) == []
    assert dependences(values[:5]) == []
