from flora_core.learning.algorithms.hyperparameters import Hyperparameter

LEAF = Hyperparameter("leaf", "Leaf", "Plants.", "int", 5, 1, 100, True, of_rarest=0.5)
TREES = Hyperparameter("trees", "Trees", "Trees.", "int", 100, 10, 1000, True, search_low=50, search_high=300)


def test_a_search_keeps_to_its_part_of_the_range():
    assert TREES.searched(4) == (50, 300)
    assert TREES.usual(4) == 100


def test_what_depends_on_the_rarest_species_shrinks_with_it_but_not_below_its_range():
    assert [LEAF.searched(n) for n in (300, 40, 3, 1)] == [(1, 100), (1, 20), (1, 1), (1, 1)]
    assert [LEAF.usual(n) for n in (300, 8, 1)] == [5, 4, 1]
