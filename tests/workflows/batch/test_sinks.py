"""Where the parts of a table go: what a Darwin Core archive and a workbook say of it."""

import io

import pytest
from dwca.read import DwCAReader

from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.sinks import DarwinCoreSink, IssuesSink, TableSink
from tests.builders import read_table, table_text

DWC = "http://rs.tdwg.org/dwc/terms/"
ROWS = [
    ["00042", "5.1", "3.5", "1.4", "0.2"],
    ["=A1", "6.0", "2.7", "4.9", "1.6"],
    ["a3", "5.1", "3.5", "14", "0.2"],
    ["a4", "x", "3.5", "1.4", "0.2"],
    ["a5", "5.1", "", "-9", "0.2"],
]


def through(context, make, text=None, record=False, **said):
    """What a sink makes of a table."""
    stream, out = io.BytesIO((text or table_text(ROWS)).encode()), io.BytesIO()
    understood = plan_batch(context, stream, BatchRequest(study="iris", name="flowers.csv", **said))
    sink = make(out, understood)
    summary = run_batch(context, stream, understood, sinks=[sink], record=record, by="Ada")
    sink.close()
    return out.getvalue(), understood, summary


@pytest.fixture
def archive(context, tmp_path):
    content, understood, _ = through(context, DarwinCoreSink)
    (tmp_path / "dwc.zip").write_bytes(content)
    with DwCAReader(str(tmp_path / "dwc.zip")) as reader:
        rows = [
            (
                {term.removeprefix(DWC): value for term, value in row.data.items()},
                [
                    ({t.removeprefix(DWC): v for t, v in e.data.items()}, e.rowtype.removeprefix(DWC))
                    for e in row.extensions
                ],
            )
            for row in reader
        ]
    return rows, understood


def extensions(row, kind):
    return [data for data, rowtype in row[1] if rowtype == kind]


def test_every_row_is_an_occurrence_with_its_catalogue_number_as_text(archive):
    rows, understood = archive
    assert [row[0]["catalogNumber"] for row in rows] == ["00042", "'=A1", "a3", "a4", "a5"]
    assert [row[0]["occurrenceID"] for row in rows] == [f"{understood.sha256[:12]}-{n}" for n in range(2, 7)]
    assert {row[0]["basisOfRecord"] for row in rows} == {"HumanObservation"}


def test_a_sure_name_is_a_species_by_the_program_and_unverified(archive):
    (occurrence, _), (identification,) = archive[0][0], extensions(archive[0][0], "Identification")
    for said in (occurrence, identification):
        assert (said["scientificName"], said["taxonRank"], said["identificationQualifier"]) == (
            "Iris setosa",
            "species",
            "",
        )
        assert said["identifiedBy"].startswith("Flora Classification, iris v1")
        assert said["identificationVerificationStatus"] == "0"
        assert said["identificationRemarks"] == "Probability more than 99 %."
        assert said["verbatimIdentification"] == "Iris setosa"
    assert occurrence["genus"] == "Iris"


def test_an_unsure_one_is_the_genus_with_its_qualifier(archive):
    (said,) = extensions(archive[0][1], "Identification")
    assert (said["scientificName"], said["taxonRank"]) == ("Iris", "genus")
    assert said["identificationQualifier"] == "cf. virginica"
    assert said["verbatimIdentification"] == "Iris cf. virginica"
    assert "Still possible: Iris virginica | Iris versicolor." in said["identificationRemarks"]
    assert archive[0][1][0]["genus"] == "Iris"


def test_the_probability_of_an_unusual_one_is_written_with_that_doubt(context, tmp_path):
    content, _, _ = through(context, DarwinCoreSink, table_text([["a", "5.5", "4.6", "1.4", "0.2"], ROWS[0]]))
    (tmp_path / "dwc.zip").write_bytes(content)
    with DwCAReader(str(tmp_path / "dwc.zip")) as reader:
        remarks = [row.data[f"{DWC}identificationRemarks"] for row in reader]
    assert remarks == [
        "Probability more than 99 %. Unusual for every species of the study; may be none of them.",
        "Probability more than 99 %.",
    ]


def test_one_that_fits_nothing_has_no_name(archive):
    (said,) = extensions(archive[0][2], "Identification")
    assert (said["scientificName"], said["taxonRank"], said["identificationQualifier"]) == ("", "", "")
    assert said["verbatimIdentification"] == "none of these"
    assert "Probability" not in said["identificationRemarks"]
    assert "Did you mean petal length 1.4 cm?" in said["identificationRemarks"]


def test_one_that_could_not_be_named_says_why_and_has_no_identification(archive):
    row = archive[0][3]
    assert row[0]["identificationRemarks"].startswith("Sepal length 'x' is not a number.")
    assert (row[0]["scientificName"], row[0]["dateIdentified"], extensions(row, "Identification")) == ("", "", [])


def test_measurements_have_value_unit_and_what_was_typed_but_not_what_can_t_be_one(archive):
    rows, _ = archive
    found = extensions(rows[0], "MeasurementOrFact")
    assert [
        (m["measurementType"], m["measurementValue"], m["measurementUnit"], m["measurementRemarks"]) for m in found
    ] == [
        ("sepal length", "5.1", "cm", ""),
        ("sepal width", "3.5", "cm", ""),
        ("petal length", "1.4", "cm", ""),
        ("petal width", "0.2", "cm", ""),
    ]
    assert [m["measurementType"] for m in extensions(rows[4], "MeasurementOrFact")] == ["sepal length", "petal width"]


def test_what_was_typed_stands_beside_what_was_converted(context, tmp_path):
    content, _, _ = through(context, DarwinCoreSink, "id,PL (mm),PW\na,ca. 14,0.2 cm\n")
    (tmp_path / "dwc.zip").write_bytes(content)
    with DwCAReader(str(tmp_path / "dwc.zip")) as reader:
        (row,) = reader
        remarks = [e.data.get(f"{DWC}measurementRemarks") for e in row.extensions if "Measurement" in e.rowtype]
    assert remarks == ["as typed: ca. 14", "as typed: 0.2 cm"]


def test_recorded_rows_bear_the_identifiers_of_their_records(context, tmp_path):
    content, _, _ = through(context, DarwinCoreSink, record=True)
    (tmp_path / "dwc.zip").write_bytes(content)
    with DwCAReader(str(tmp_path / "dwc.zip")) as reader:
        identifiers = [row.id for row in reader]
    assert context.records.get(identifiers[0]).plant.catalogue_number == "00042"
    assert identifiers[3].count("-") == 1  # not recorded: the file's


def test_an_archive_is_packed(context):
    content, _, _ = through(context, DarwinCoreSink, table_text(ROWS * 200), id_column="")
    assert len(content) < 40_000


def test_a_workbook_is_read_back_to_the_letter(context):
    content, _, summary = through(context, lambda out, understood: TableSink(out, "xlsx", understood))
    read = read_table(content, "t.xlsx")
    assert [row[:5] for row in read.rows] == [[cell if cell != "=A1" else "'=A1" for cell in row] for row in ROWS]
    assert read.layout.header[5:] == (
        "flora_id",
        "flora_species",
        "flora_probability",
        "flora_qualifier",
        "flora_prediction_set",
        "flora_fits",
        "flora_issues",
        "flora_model",
    )
    assert len(read.rows) == summary.rows


def test_all_issues_are_written_however_many_the_summary_lists(context, monkeypatch):
    monkeypatch.setattr("flora_core.workflows.batch.summary.MOST_ISSUES", 1)
    content, _, summary = through(context, lambda out, understood: IssuesSink(out))
    read = read_table(content, "issues.csv")
    assert read.layout.header == ("row", "column", "value", "problem", "suggestion")
    assert len(read.rows) == summary.issue_count > len(summary.issues)


def test_a_table_without_issues_gives_a_header(context):
    content, _, _ = through(context, lambda out, understood: IssuesSink(out), table_text())
    assert content == b"row,column,value,problem,suggestion\n"
