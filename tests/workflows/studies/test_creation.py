import io

import numpy as np
import pytest

from flora_core.errors import BadTable, Conflict, Refused
from flora_core.workflows.studies import Choices, add_plants, create, propose, propose_addition, show_study
from tests.builders import labelled_table

TWO = {"Planta alba": 20, "Planta rubra": 20}


def made(house, text=None, **said):
    proposal = propose(
        house, io.BytesIO((text or labelled_table(TWO)).encode()), "first.csv", Choices(study="planta", **said)
    )
    return create(house, proposal, "Ada")


def addition(house, text, name="second.csv", columns=None, **said):
    return propose_addition(house, io.BytesIO(text.encode()), name, Choices(study="planta", **said), columns)


def test_a_study_is_kept_with_its_plants_as_they_were_read(house):
    proposal = propose(house, io.BytesIO(labelled_table(TWO).encode()), "first.csv", Choices(study="planta"))
    view = create(house, proposal, " Ada ")
    assert (view.plants, view.champion, view.simulated) == (TWO, None, False)
    assert (view.tables[0].number, view.tables[0].added_by, view.tables[0].source) == (1, "Ada", "first.csv")
    kept = house.studies.plants(house.studies.get("planta"))
    assert np.array_equal(kept.values, proposal.plants.values)


def test_nobody_and_refused_proposals_make_nothing(house):
    proposal = propose(house, io.BytesIO(labelled_table({"a b": 9}).encode()), "x.csv", Choices())
    with pytest.raises(Refused, match="There is one species only"):
        create(house, proposal, "Ada")
    good = propose(house, io.BytesIO(labelled_table(TWO).encode()), "x.csv", Choices())
    with pytest.raises(Refused, match="Who makes this"):
        create(house, good, " ")
    create(house, good, "Ada")
    with pytest.raises(Conflict, match="There is a study 'x' already"):
        create(house, good, "Ada")


def test_more_plants_make_the_next_table_and_leave_the_first_as_it_was(house):
    made(house)
    first = house.studies.plants(house.studies.get("planta"))
    found = addition(
        house,
        labelled_table(
            {"P. alba": 3, "Planta minor": 12}, ("Leaf Length [mm]", "leaf width (mm)"), label="Taxon", seed=1
        ),
    )
    assert found.refusals == ()
    assert (found.added, found.new_species) == ({"Planta alba": 3, "Planta minor": 12}, ("Planta minor",))
    view = add_plants(house, found, "Bob")
    assert view.plants == {"Planta alba": 23, "Planta minor": 12, "Planta rubra": 20}
    assert [t.plants for t in view.tables] == [40, 55]
    study = house.studies.get("planta")
    newest, oldest = house.studies.plants(study), house.studies.plants(study, 1)
    assert [study.species_names[j] for j in newest.species[[0, 20, 40, 43]]] == [
        "Planta alba",
        "Planta rubra",
        "Planta alba",
        "Planta minor",
    ]
    assert (oldest.values == first.values).all()
    assert (oldest.species == first.species).all()
    assert house.studies.as_of("planta", 1).species_names == ("Planta alba", "Planta rubra")


def test_units_are_converted_and_limits_hold_the_new_plants(house):
    made(house)
    before = house.studies.get("planta").measurement("leaf_length")
    text = "species,leaf length (cm),leaf width (mm)\n" + "Planta alba,5.0,20\n" * 12
    found = addition(house, text)
    assert found.plants.values[-1, 0] == 50.0
    after = found.study.measurement("leaf_length")
    assert after.low == before.low
    assert after.high > 50.0 > before.high


def test_the_same_file_is_not_added_twice(house):
    made(house)
    more = labelled_table({"Planta alba": 5}, seed=3)
    add_plants(house, addition(house, more), "Ada")
    again = addition(house, more)
    assert "These very plants are in planta already: second.csv was table 2" in again.refusals[0]
    with pytest.raises(Refused, match="These very plants"):
        add_plants(house, again, "Ada")


def test_of_two_who_add_at_once_the_second_is_told(house):
    made(house)
    one, other = (
        addition(house, labelled_table({"Planta alba": 5}, seed=3)),
        addition(house, labelled_table({"Planta alba": 6}, seed=4)),
    )
    add_plants(house, one, "Ada")
    with pytest.raises(Conflict, match="Somebody added plants to planta in the meantime"):
        add_plants(house, other, "Bob")


def test_a_new_species_with_one_plant_and_names_in_doubt_are_left_out(house):
    made(house)
    found = addition(house, labelled_table({"Planta alba": 3, "Planta sola": 1, "Planta cf. rubra": 2}))
    assert found.added == {"Planta alba": 3}
    assert any("Planta sola, one plant is too few" in note for note in found.notes)
    nothing = addition(house, labelled_table({"Planta cf. rubra": 2, "Planta sola": 1}))
    assert "No plant of second.csv can be added to planta." in nothing.refusals


def test_names_nearly_those_of_the_study_are_offered(house):
    made(house)
    text = labelled_table({"Planta rubbra": 3, "Planta alba": 3})
    assert [(a.rarer, a.commoner) for a in addition(house, text).alike] == [("Planta rubbra", "Planta rubra")]
    assert addition(house, text, names={"Planta rubbra": "Planta rubra"}).added == {"Planta alba": 3, "Planta rubra": 3}


def test_numbers_and_groups_of_both_tables_stand_in_one_column(house):
    made(house, labelled_table(TWO, more={"ID": lambda i: f"a{i}", "site": lambda i: "xyz"[i % 3]}))
    found = addition(house, labelled_table({"Planta alba": 3}, more={"ID": lambda i: f"a{i + 38}"}))
    assert found.plants.ids.tolist()[39:] == ["a39", "a38", "a39", "a40"]
    assert found.plants.groups.tolist()[39:] == ["x", "table 2, row 2", "table 2, row 3", "table 2, row 4"]
    assert any("2 catalogue numbers are in planta already (a38, a39)" in w for w in found.warnings)


def test_a_table_without_measurements_of_the_study_is_refused(house):
    made(house)
    with pytest.raises(BadTable, match="No column of this file was recognised"):
        addition(house, "species,height\nPlanta alba,5\nPlanta rubra,6\n")
    found = addition(house, "species,height\n" + "Planta alba,25\n" * 3, columns={"height": "leaf_length"})
    assert found.added == {"Planta alba": 3}
    assert any("The new plants have no leaf width" in w for w in found.warnings)


def test_the_view_knows_the_champion(house):
    assert show_study(house, "iris").champion == 1
