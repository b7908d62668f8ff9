"""The shared tables through the whole of reading and naming; what is asserted was read by eye."""

import io

import pytest

from flora_core.learning.training import train
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.context import open_context
from tests.builders import read_table
from tests.conformance.datasets import DATASETS, UPLOADS, manifest, study_and_plants
from tests.conftest import settings_in


def read(name):
    return read_table((UPLOADS / name).read_bytes(), name)


@pytest.mark.parametrize(
    ("name", "separator", "decimal", "columns", "rows", "notes"),
    [
        (
            "01_decimal_comma_tab.txt",
            "\t",
            ",",
            28,
            11,
            ("Columns are separated by tabs.", "The decimal sign is the comma."),
        ),
        ("02_text_and_stars_in_numeric_ragged_rows.txt", "\t", ".", 28, 11, ("Columns are separated by tabs.",)),
        (
            "04_semicolon_decimal_comma_CRLF.csv",
            ";",
            ",",
            18,
            11,
            ("Columns are separated by semicolons.", "The decimal sign is the comma."),
        ),
        ("05_lost_decimal_point_x1000.csv", ",", ".", 17, 11, ()),
        ("08_BOM_three_dashes_missing_dd-Mon-yy.csv", ",", ".", 20, 7, ()),
        ("10_quoted_commas_partial_dates.csv", ",", ".", 19, 5, ()),
        ("13_herbarium_ranges_and_multiple_identifications.csv", ",", ".", 13, 15, ()),
    ],
)
def test_what_is_understood_of_a_published_file(name, separator, decimal, columns, rows, notes):
    found = read(name)
    assert (found.layout.separator, found.layout.decimal, found.layout.header_row) == (separator, decimal, 1)
    assert (len(found.layout.header), len(found.rows)) == (columns, rows)
    assert found.layout.notes == notes
    assert found.layout.question == ""


def test_first_cells_of_published_files():
    assert read("01_decimal_comma_tab.txt").rows[0][:7] == ["RTE1", "RTE", "hybr", "35,2", "23,6", "58,8", "0,40"]
    assert read("02_text_and_stars_in_numeric_ragged_rows.txt").ragged == {2: (25, ())}
    assert read("02_text_and_stars_in_numeric_ragged_rows.txt").rows[2][6] == "**"
    assert read("08_BOM_three_dashes_missing_dd-Mon-yy.csv").layout.header[0] == "sample_num"
    assert read("08_BOM_three_dashes_missing_dd-Mon-yy.csv").rows[0][7] == "Rhumeur, A"
    assert read("10_quoted_commas_partial_dates.csv").rows[0][6] == "Invermere, Paradise Mountain"
    assert read("13_herbarium_ranges_and_multiple_identifications.csv").rows[2][2] == "J. Nagy, W. Blais"


@pytest.mark.parametrize("key", manifest() if DATASETS.exists() else [])
def test_every_row_of_a_dataset_is_read(key):
    facts = manifest()[key]
    found = read_table((DATASETS / facts["file"]).read_bytes(), facts["file"])
    assert len(found.rows) == facts["rows"]
    assert found.ragged == {}
    assert found.layout.decimal == "."


@pytest.fixture(scope="module")
def herbarium(tmp_path_factory):
    """A context that knows beans, wheat, leaves and Physaria."""
    context = open_context(settings_in(tmp_path_factory.mktemp("herbarium")))
    context.database.prepare()
    for key in ("wheat_seeds", "dry_bean", "leaf_uci", "physaria_herbarium"):
        study, plants = study_and_plants(key)
        context.studies.add(study, plants, "a test")
        model = context.registry.register(train(study, plants, algorithm="lda"), "a test")
        context.registry.promote(key, model.card.version, "a test", "to name tables")
    yield context
    context.close()


def named(context, study, path, **said):
    stream = io.BytesIO(path.read_bytes())
    understood = plan_batch(context, stream, BatchRequest(study=study, name=path.name, **said))
    return understood, run_batch(context, stream, understood, record=False)


@pytest.mark.slow
def test_beans_with_decimal_commas_are_the_beans_they_are(herbarium):
    understood, summary = named(herbarium, "dry_bean", UPLOADS / "04_semicolon_decimal_comma_CRLF.csv")
    assert len(understood.mapping) == 16
    assert understood.mapping["AspectRation"] == "aspect_ratio"
    assert understood.mapping["ShapeFactor3"] == "shape_factor_3"
    assert understood.id_name == "Bean ID"
    assert summary.species == {"SEKER": 11}
    assert summary.issues == []


@pytest.mark.slow
def test_beans_that_lost_their_decimal_point_are_listed_and_mended_on_request(herbarium):
    path = UPLOADS / "05_lost_decimal_point_x1000.csv"
    _, summary = named(herbarium, "dry_bean", path)
    assert summary.fit_nothing == 10
    assert [i.row for i in summary.issues if "Did you mean perimeter" in i.suggestion] == [2, 3, *range(5, 13)]
    (offer,) = summary.offers
    assert (offer.change.words, offer.rows) == ("perimeter divided by 1000", 10)
    _, summary = named(herbarium, "dry_bean", path, changes=(offer.change.words,))
    assert summary.species == {"SEKER": 11}


@pytest.mark.slow
def test_ranges_of_a_herbarium_are_asked_about(herbarium):
    path = UPLOADS / "13_herbarium_ranges_and_multiple_identifications.csv"
    understood, summary = named(herbarium, "physaria_herbarium", path)
    assert {a.measurement: a.unit for a in understood.assignment.assigned} == {
        "stem_length": "dm",
        "basal_leaf_length": "cm",
        "petal_length": "mm",
        "style_length": "mm",
        "mature_fruit_length": "mm",
        "ovule_number": "",
    }
    assert understood.questions == (
        "71 cells are ranges like 0.25-0.35. Shall the middle be used (--middle-of-ranges)?",
    )
    assert (summary.identified, summary.not_identified) == (0, 15)
    _, summary = named(herbarium, "physaria_herbarium", path, middle_of_ranges=True)
    assert (summary.identified, summary.issue_count) == (15, 0)
    assert "Ranges were read as their middle in 71 cells." in summary.notes


@pytest.mark.slow
@pytest.mark.parametrize("key", ["wheat_seeds", "dry_bean", "leaf_uci", "physaria_herbarium"])
def test_a_whole_dataset_goes_through_under_its_own_study(herbarium, key):
    facts = manifest()[key]
    understood, summary = named(herbarium, key, DATASETS / facts["file"])
    assert set(understood.mapping) == set(facts["features"])
    assert understood.questions == ()
    assert (summary.rows, summary.identified) == (facts["rows"], facts["rows"])
    assert summary.fit_nothing < 0.02 * facts["rows"]


@pytest.mark.slow
def test_numbers_within_a_species_are_not_taken_for_catalogue_numbers(herbarium):
    understood, summary = named(herbarium, "leaf_uci", DATASETS / "leaf_uci.csv")
    assert understood.id_name == ""
    assert "'specimen_number' repeats too often for catalogue numbers and is not read" in " ".join(summary.notes)


@pytest.mark.slow
def test_the_middle_of_a_range_is_read_before_the_range(herbarium):
    understood, summary = named(herbarium, "physaria_herbarium", DATASETS / "physaria_herbarium.csv")
    assert all(column.endswith("_mid") for column in understood.mapping)
    assert "'Petal_length_mm' could be petal length too; 'Petal_length_mm_mid' is read." in summary.notes
