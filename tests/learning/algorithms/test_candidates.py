from itertools import islice

import numpy as np
import pytest

from flora_core.errors import Refused, Unknown
from flora_core.learning.algorithms.candidates import MOST, _even_points, candidates, check_settings
from flora_core.learning.algorithms.catalogue import ALGORITHMS
from tests.builders import make_plants

PLANTS = make_plants((30, 30))


def names(found):
    return [algorithm.name for algorithm, _ in found]


def test_auto_tries_four_families_with_their_defaults():
    assert names(candidates("auto", {}, 0, PLANTS, 0)) == ["lda", "logistic", "forest", "svm"]


def test_auto_tries_them_on_a_species_of_three_plants_too():
    assert names(candidates("auto", {}, 0, make_plants((30, 3)), 0)) == ["lda", "logistic", "forest", "svm"]


def test_with_many_measurements_auto_does_not_trust_a_covariance_as_it_is():
    found = candidates("auto", {}, 0, make_plants((18, 18), 192), 0)
    assert [h["shrinkage"] for a, h in found if a.name == "lda"] == ["none", "auto"]


@pytest.mark.parametrize("name", [*ALGORITHMS, "auto"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_search_tries_as_many_different_settings_as_asked_defaults_first(name, seed):
    found = candidates(name, {}, 60, PLANTS, seed)
    keys = {(a.name, *h.items()) for a, h in found}
    # A discriminant analysis has six settings in all.
    assert len(found) == len(keys) == (6 if name == "lda" else 60)
    assert found[: len(candidates(name, {}, 0, PLANTS, seed))] == candidates(name, {}, 0, PLANTS, seed)
    assert found == candidates(name, {}, 60, PLANTS, seed)


def test_a_search_among_families_does_not_stop_where_one_has_nothing_new():
    counts = {name: names(candidates("auto", {}, 100, PLANTS, 0)).count(name) for name in ALGORITHMS}
    assert counts["lda"] == 6
    assert min(counts[n] for n in ("logistic", "forest", "svm")) >= 30


def test_another_seed_tries_other_settings():
    assert candidates("svm", {}, 10, PLANTS, 0) != candidates("svm", {}, 10, PLANTS, 1)


def test_what_a_person_set_is_held_fixed():
    found = candidates("forest", {"trees": "70"}, 20, PLANTS, 0)
    assert {h["trees"] for _, h in found} == {70}
    assert len({h["leaf"] for _, h in found}) > 3


def test_everything_set_leaves_nothing_to_search():
    assert len(candidates("knn", {"neighbours": 3, "weights": "uniform"}, 20, PLANTS, 0)) == 1


def test_drawn_settings_lie_in_the_range_and_depend_on_the_rarest_species():
    for name, algorithm in ALGORITHMS.items():
        for _, drawn in candidates(name, {}, 80, make_plants((40, 12)), 0):
            for h in algorithm.hyperparameters:
                assert h.parse(drawn[h.name]) == drawn[h.name]
    leaves = [h["leaf"] for _, h in candidates("boosting", {}, 80, make_plants((40, 12)), 0)]
    assert max(leaves) <= 6


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_points_are_more_even_than_chance(dimensions):
    points = np.array(list(islice(_even_points(dimensions, 0), 64)))
    assert ((points >= 0) & (points < 1)).all()
    for axis in points.T:
        # Eight in each eighth; by chance the fullest would hold about fourteen.
        assert np.bincount((axis * 8).astype(int), minlength=8).max() <= 10


@pytest.mark.parametrize("search", [-1, MOST + 1])
def test_a_search_has_its_limits(search):
    with pytest.raises(Refused, match=f"A search of {search} settings can't be done; choose from 1 to {MOST}"):
        candidates("auto", {}, search, PLANTS, 0)


def test_several_families_are_tried_each_once_in_the_order_they_were_named():
    planned = candidates("svm, lda,svm", {}, 0, PLANTS, 0)
    assert [a.name for a, _ in planned] == ["svm", "lda"]
    assert len(candidates("knn,tree", {}, 9, PLANTS, 0)) == 9


def test_settings_belong_to_one_family_and_an_unknown_one_is_named():
    with pytest.raises(Refused, match="belong to one algorithm"):
        check_settings("svm,lda", {"C": 1.0}, 0)
    with pytest.raises(Unknown, match="'oak' is not an algorithm"):
        check_settings("lda,oak", {}, 0)
    with pytest.raises(Unknown):
        check_settings("lda,,svm", {}, 0)
