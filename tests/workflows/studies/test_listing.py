from flora_core.study import IRIS
from flora_core.workflows.studies import list_studies, show_study
from tests.builders import make_plants, make_study


def test_iris_is_shown_with_fifty_plants_a_species(context):
    view = show_study(context, "iris")
    assert view.study == IRIS
    assert view.plants == dict.fromkeys(IRIS.species_names, 50)
    assert view.warnings == ()


def test_species_with_few_plants_are_warned_of(context):
    context.studies.add(make_study(), make_plants((20, 4)), "x")
    assert [v.study.name for v in list_studies(context)] == ["iris", "made_up"]
    assert show_study(context, "made_up").warnings == ("Fewer than 10 plants: Planta speciesb (4).",)
