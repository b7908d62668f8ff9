import io

import numpy as np
import pytest

from flora_core.errors import BadTable, Conflict, Refused
from flora_core.workflows.studies import Choices, add_plants, create, propose, propose_addition, show_study
from tests.builders import labelled_table

TWO = {"Planta alba": 20, "Planta rubra": 20}


def made(context, text=None, **said):
    proposal = propose(
        context, io.BytesIO((text or labelled_table(TWO)).encode()), "first.csv", Choices(study="planta", **said)
    )
    return create(context, proposal, "Ada")


def addition(context, text, name="second.csv", columns=None, **said):
    return propose_addition(context, io.BytesIO(text.encode()), name, Choices(study="planta", **said), columns)


def test_a_study_is_kept_with_its_plants_as_they_were_read(context):
    proposal = propose(context, io.BytesIO(labelled_table(TWO).encode()), "first.csv", Choices(study="planta"))
    view = create(context, proposal, " Ada ")
    assert (view.plants, view.champion, view.simulated) == (TWO, None, False)
    assert (view.tables[0].number, view.tables[0].added_by, view.tables[0].source) == (1, "Ada", "first.csv")
    kept = context.studies.plants(context.studies.get("planta"))
    assert np.array_equal(kept.values, proposal.plants.values)


def test_nobody_and_refused_proposals_make_nothing(context):
    proposal = propose(context, io.BytesIO(labelled_table({"a b": 9}).encode()), "x.csv", Choices())
    with pytest.raises(Refused, match="There is one species only"):
        create(context, proposal, "Ada")
    good = propose(context, io.BytesIO(labelled_table(TWO).encode()), "x.csv", Choices())
    with pytest.raises(Refused, match="Who makes this"):
        create(context, good, " ")
    create(context, good, "Ada")
    with pytest.raises(Conflict, match="There is a study 'x' already"):
        create(context, good, "Ada")


def test_more_plants_make_the_next_table_and_leave_the_first_as_it_was(context):
    made(context)
    first = context.studies.plants(context.studies.get("planta"))
    found = addition(
        context,
        labelled_table(
            {"P. alba": 3, "Planta minor": 12}, ("Leaf Length [mm]", "leaf width (mm)"), label="Taxon", seed=1
        ),
    )
    assert found.refusals == ()
    assert (found.added, found.new_species) == ({"Planta alba": 3, "Planta minor": 12}, ("Planta minor",))
    view = add_plants(context, found, "Bob")
    assert view.plants == {"Planta alba": 23, "Planta minor": 12, "Planta rubra": 20}
    assert [t.plants for t in view.tables] == [40, 55]
    study = context.studies.get("planta")
    newest, oldest = context.studies.plants(study), context.studies.plants(study, 1)
    assert [study.species_names[j] for j in newest.species[[0, 20, 40, 43]]] == [
        "Planta alba",
        "Planta rubra",
        "Planta alba",
        "Planta minor",
    ]
    assert (oldest.values == first.values).all()
    assert (oldest.species == first.species).all()
    assert context.studies.as_of("planta", 1).species_names == ("Planta alba", "Planta rubra")


def test_units_are_converted_and_limits_hold_the_new_plants(context):
    made(context)
    before = context.studies.get("planta").measurement("leaf_length")
    text = "species,leaf length (cm),leaf width (mm)\n" + "Planta alba,5.0,20\n" * 12
    found = addition(context, text)
    assert found.plants.values[-1, 0] == 50.0
    after = found.study.measurement("leaf_length")
    assert after.low == before.low
    assert after.high > 50.0 > before.high


def test_the_same_file_is_not_added_twice(context):
    made(context)
    more = labelled_table({"Planta alba": 5}, seed=3)
    add_plants(context, addition(context, more), "Ada")
    again = addition(context, more)
    assert "These very plants are in planta already: second.csv was table 2" in again.refusals[0]
    with pytest.raises(Refused, match="These very plants"):
        add_plants(context, again, "Ada")


def test_of_two_who_add_at_once_the_second_is_told(context):
    made(context)
    one, other = (
        addition(context, labelled_table({"Planta alba": 5}, seed=3)),
        addition(context, labelled_table({"Planta alba": 6}, seed=4)),
    )
    add_plants(context, one, "Ada")
    with pytest.raises(Conflict, match="Somebody added plants to planta in the meantime"):
        add_plants(context, other, "Bob")


def test_a_new_species_with_one_plant_and_names_in_doubt_are_left_out(context):
    made(context)
    found = addition(context, labelled_table({"Planta alba": 3, "Planta sola": 1, "Planta cf. rubra": 2}))
    assert found.added == {"Planta alba": 3}
    assert any("Planta sola, one plant is too few" in note for note in found.notes)
    nothing = addition(context, labelled_table({"Planta cf. rubra": 2, "Planta sola": 1}))
    assert "No plant of second.csv can be added to planta." in nothing.refusals


def test_names_nearly_those_of_the_study_are_offered(context):
    made(context)
    text = labelled_table({"Planta rubbra": 3, "Planta alba": 3})
    assert [(a.rarer, a.commoner) for a in addition(context, text).alike] == [("Planta rubbra", "Planta rubra")]
    assert addition(context, text, names={"Planta rubbra": "Planta rubra"}).added == {
        "Planta alba": 3,
        "Planta rubra": 3,
    }


def test_numbers_and_groups_of_both_tables_stand_in_one_column(context):
    made(context, labelled_table(TWO, more={"ID": lambda i: f"a{i}", "site": lambda i: "xyz"[i % 3]}))
    found = addition(context, labelled_table({"Planta alba": 3}, more={"ID": lambda i: f"a{i + 38}"}))
    assert found.plants.ids.tolist()[39:] == ["a39", "a38", "a39", "a40"]
    assert found.plants.groups.tolist()[39:] == ["x", "table 2, row 2", "table 2, row 3", "table 2, row 4"]
    assert any("2 catalogue numbers are in planta already (a38, a39)" in w for w in found.warnings)


def test_a_table_without_measurements_of_the_study_is_refused(context):
    made(context)
    with pytest.raises(BadTable, match="No column of this file was recognised"):
        addition(context, "species,height\nPlanta alba,5\nPlanta rubra,6\n")
    found = addition(context, "species,height\n" + "Planta alba,25\n" * 3, columns={"height": "leaf_length"})
    assert found.added == {"Planta alba": 3}
    assert any("The new plants have no leaf width" in w for w in found.warnings)


def test_the_view_knows_the_champion(context):
    assert show_study(context, "iris").champion == 1
