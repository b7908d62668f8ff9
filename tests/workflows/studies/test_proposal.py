import io

import numpy as np
import pytest

from flora_core.errors import BadTable, Unknown
from flora_core.workflows.studies import Choices, propose
from tests.builders import labelled_table

TWO = {"Iris setosa": 20, "Iris virginica": 20}


def proposed(context, text, name="flowers.csv", **said):
    return propose(context, io.BytesIO(text.encode()), name, Choices(**said))


def test_a_table_is_a_study_with_nothing_said(context):
    found = proposed(context, labelled_table(TWO, more={"ID": lambda i: f"a{i}", "Population": lambda i: "abc"[i % 3]}))
    assert found.refusals == ()
    assert (found.study.name, found.study.title) == ("flowers", "Flowers")
    assert found.study.species_names == ("Iris setosa", "Iris virginica")
    assert [(m.name, m.label, m.unit) for m in found.study.measurements] == [
        ("leaf_length", "leaf length", "mm"),
        ("leaf_width", "leaf width", "mm"),
    ]
    assert found.study.organism == "leaf"
    assert (found.label, found.id_column, found.group) == ("species", "ID", "Population")
    assert found.plants.groups.tolist()[:3] == ["a", "b", "c"]
    assert found.plants.ids.tolist()[:2] == ["a0", "a1"]
    assert found.plants.table.plants == TWO


def test_what_was_said_goes_before_what_was_guessed(context):
    text = labelled_table(TWO, ("length (mm)", "width", "depth"), label="kind", more={"plot": lambda i: "xyz"[i % 3]})
    found = proposed(
        context,
        text,
        study="bulbs",
        label="Kind",
        group="",
        measurements={"width": "cm", "length (mm)": ""},
        organism="bulb",
        title="Bulbs of a garden",
        condition="fresh",
        licence="CC0",
        source="Gray 2020",
    )
    assert [(m.name, m.unit) for m in found.study.measurements] == [("width", "cm"), ("length", "mm")]
    assert found.group == ""
    assert (found.study.organism, found.study.condition, found.study.licence) == ("bulb", "fresh", "CC0")
    assert found.study.sources[0] == "Gray 2020"


def test_names_are_gathered_left_out_and_merged(context):
    text = labelled_table(
        {
            "Iris setosa": 12,
            "iris  setosa L.": 2,
            "Iris virginica": 12,
            "Iris virginca": 3,
            "Iris cf. setosa": 2,
            "Iris sp.": 4,
            "Iris setosa x I. virginica": 1,
            "": 2,
        }
    )
    found = proposed(context, text)
    assert found.plants.table.plants == {"Iris setosa": 14, "Iris virginca": 3, "Iris virginica": 12}
    assert (
        "Iris virginca and Iris virginica may be one: they differ in 1 letter. Merge them if they are."
        in found.warnings
    )
    assert found.left_out == {"no species that is kept": 9}
    merged = proposed(context, text, names={"iris virginca": "Iris virginica", "Iris sp.": "Iris setosa"})
    assert merged.plants.table.plants == {"Iris setosa": 18, "Iris virginica": 15}
    assert merged.alike == ()
    kept = proposed(context, text, keep_qualified=True)
    assert "Iris sp." in kept.study.species_names
    without = proposed(context, text, names={"Iris virginca": ""})
    assert without.plants.table.plants == {"Iris setosa": 14, "Iris virginica": 12}


def test_a_name_that_is_not_there_is_refused_with_what_was_meant(context):
    with pytest.raises(Unknown, match=r"No row is called 'Iris setossa'. Did you mean 'Iris setosa'\?"):
        proposed(context, labelled_table(TWO), names={"Iris setossa": ""})


def test_rows_that_cannot_be_used_are_listed_and_left_out(context):
    text = labelled_table(TWO) + "Iris setosa,abc,5\nIris setosa,,\nIris setosa,-3,5\nIris setosa,9999,20\n"
    found = proposed(context, text)
    assert sorted({issue.row for issue in found.issues}) == [42, 43, 44, 45]
    assert len(found.plants.species) == 40
    assert found.left_out == {"a cell that can't be used, or nothing measured": 4}


@pytest.mark.parametrize(
    ("text", "said", "sentence"),
    [
        (
            labelled_table({"Iris setosa": 20}),
            {},
            "There is one species only (Iris setosa), and nothing to tell it from.",
        ),
        (labelled_table({"1": 20, "2": 20}), {}, "'species' holds numbers (1 and 2). Are these codes of species?"),
        (labelled_table({f"{i}.5": 1 for i in range(60)}), {}, "so it is a measurement rather than a name"),
        (labelled_table({"Iris setosa": 20, "Iris tectorum": 1}), {}, "There is one species only (Iris setosa)"),
        (labelled_table(TWO), {"study": "iris"}, "There is a study 'iris' already."),
        (
            labelled_table(TWO),
            {"study": "Rosa Canina"},
            "can't be a study's name: use up to 64 small letters, digits and underscores, for example rosa_canina.",
        ),
        (
            labelled_table({f"seen near brook {i}": 1 for i in range(400)}),
            {"label": "species"},
            "holds 400 different texts in 400 rows",
        ),
        (
            "species,leaf\nIris setosa,tall\nIris virginica,low\n" * 1 + "Iris setosa,low\nIris virginica,tall\n",
            {},
            "No column of flowers.csv looks like a measurement.",
        ),
        (
            labelled_table(TWO, label="x1").replace("Iris", "4 Iris") + "1,2,3\n" * 50,
            {},
            "Which column holds the species' names?",
        ),
        (
            "species,a (mm)\nIris setosa,1.5\nIris setosa,1.6\nIris setosa,1.8\nIris tectorum,NA\nIris tectorum,\n",
            {},
            "Left out: Iris tectorum (none of its plants has a measurement that can be used).",
        ),
    ],
)
def test_what_cannot_be_a_study_is_refused_with_a_sentence(context, text, said, sentence):
    found = proposed(context, text, **said)
    assert any(sentence in refused for refused in found.refusals), found.refusals


def test_codes_are_species_where_that_was_said(context):
    found = proposed(context, labelled_table({"1": 20, "2": 20}), codes=True)
    assert found.study.species_names == ("1", "2")


def test_columns_and_units_that_are_not_there_are_refused(context):
    with pytest.raises(Unknown, match="There is no column 'colour'"):
        proposed(context, labelled_table(TWO), label="colour")
    with pytest.raises(Unknown, match="'ell' is not a unit"):
        proposed(context, labelled_table(TWO), measurements={"leaf length (mm)": "ell"})
    with pytest.raises(BadTable, match="is empty"):
        proposed(context, "")


def test_a_species_with_one_plant_is_left_out_with_a_warning(context):
    found = proposed(context, labelled_table({**TWO, "Iris tectorum": 1, "Iris alba": 4}))
    assert found.study.species_names == ("Iris alba", "Iris setosa", "Iris virginica")
    assert (
        "Left out, because one plant is too few to learn from, 10 or more would be right: Iris tectorum (1)."
        in found.warnings
    )
    assert "Fewer than 10 plants: Iris alba (4). Their scores will be guesses." in found.warnings


def test_columns_that_would_spoil_the_model_are_left_out_with_a_warning(context):
    text = labelled_table(
        TWO,
        more={
            "count": lambda i: f"{i + 1}",
            "same": lambda i: "7",
            "class": lambda i: "1" if i < 20 else "2",
            "mark": lambda i: f"{(1 if i < 20 else 3) + (i % 7) / 100:.2f}",
        },
    )
    found = proposed(context, text)
    assert found.measured == ("leaf length (mm)", "leaf width (mm)", "mark")
    said = " ".join(found.warnings)
    for words in (
        "'count' rises by the same step",
        "'same' is 7 in every row",
        "'class' has one value for each species",
        "Mark alone tells all species apart",
    ):
        assert words in said
    by_hand = proposed(context, text, measurements={"leaf length (mm)": "", "same": ""})
    assert by_hand.measured == ("leaf length (mm)", "same")
    assert "'same' is 7 in every row, so it tells nothing." in by_hand.warnings


def test_identical_rows_are_reported_and_kept(context):
    text = labelled_table(TWO)
    again = text + text.splitlines()[1] + "\n"
    found = proposed(context, again)
    assert len(found.plants.species) == 41
    assert any(
        "1 row measures exactly the same" in w and "rows 2 and 42" in w and "All are kept" in w for w in found.warnings
    )


def test_catalogue_numbers_that_repeat_are_said(context):
    text = labelled_table(TWO, more={"catalog number": lambda i: f"{i if i else 39:04d}"})
    found = proposed(context, text)
    said = " ".join(found.warnings)
    assert "1 catalogue number stands in several rows: 0039 in rows 2, 41." in said
    assert "One number, two species: 0039." in said
    assert len(found.plants.species) == 40


def test_plants_without_a_group_are_groups_of_their_own(context):
    found = proposed(context, labelled_table(TWO, more={"site": lambda i: "" if i == 3 else "abc"[i % 3]}))
    assert sorted(set(found.plants.groups.tolist())) == ["a", "b", "c", "row 5"]


def test_genus_and_epithet_in_two_columns_are_one_name(context):
    text = labelled_table({"setosa": 20, "virginica": 20}, more={"genus": lambda i: "Iris"})
    found = proposed(context, text)
    assert found.study.species_names == ("Iris setosa", "Iris virginica")
    said = proposed(context, labelled_table({"setosa": 20, "virginica": 20}), genus="Iris")
    assert said.study.species_names == ("Iris setosa", "Iris virginica")


def test_a_wide_table_of_few_plants_is_made_and_warned_of(context):
    headers = tuple(f"character {i} (mm)" for i in range(192))
    found = proposed(context, labelled_table({f"Planta kind{chr(97 + i)}": 6 for i in range(12)}, headers))
    assert len(found.study.measurements) == 192
    assert any("192 measurements for 72 plants" in w for w in found.warnings)


def test_decimal_commas_semicolons_and_missing_cells(context):
    rows = [f"Iris setosa;{20 + i % 7 / 10:.1f};{'NA' if i == 3 else '5,1'}" for i in range(12)]
    rows += [f"Iris virginica;{30 + i % 7 / 10:.1f};{6 + i % 5 / 10:.1f}" for i in range(12)]
    text = "Taxon;Länge (mm);Breite (mm)\n" + "\n".join(rows).replace(".", ",") + "\n"
    found = proposed(context, text)
    assert [m.name for m in found.study.measurements] == ["lange", "breite"]
    assert np.isnan(found.plants.values).sum() == 1
    assert found.plants.values[0, 1] == 5.1


def test_another_column_that_could_hold_the_names_is_said(context):
    more = {"determined as": lambda i: ("Planta alba", "Planta rubra")[i // 7 % 2], "site": lambda i: "abc"[i % 3]}
    text = labelled_table({"Planta alba": 15, "Planta rubra": 15}, more=more)
    found = propose(context, io.BytesIO(text.encode()), "t.csv", Choices(study="new"))
    assert any("'determined as' could hold them too" in w for w in found.warnings)
    assert not any("site" in w for w in found.warnings)
    said = propose(context, io.BytesIO(text.encode()), "t.csv", Choices(study="new", label="species"))
    assert not any("could hold them" in w for w in said.warnings)


@pytest.mark.parametrize(
    "header", ["species.label", "Species name", "Latin name (species)", "plantSpecies", "Wiss. Art"]
)
def test_a_label_is_found_beside_other_words(context, header):
    text = labelled_table({"Planta alba": 15, "Planta rubra": 15}, more={"habit": lambda i: "xy"[i % 2]})
    text = text.replace("species", header, 1)
    assert propose(context, io.BytesIO(text.encode()), "t.csv", Choices(study="new")).label == header


def test_many_columns_of_one_kind_are_one_note(context):
    names = [f"{word} latitude" for word in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")]
    more = {name: lambda i, k=k: str(round(40 + (i * 7919 + k * 31) % 97 / 10, 3)) for k, name in enumerate(names)}
    text = labelled_table({"Planta alba": 15, "Planta rubra": 15}, more=more)
    found = propose(context, io.BytesIO(text.encode()), "t.csv", Choices(study="new"))
    (note,) = [n for n in found.notes if "latitude" in n]
    assert note.startswith("Left out: 10 columns say where or when a plant grew")
