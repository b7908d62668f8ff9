import io
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from dwca.read import DwCAReader
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.tables.export.darwin_core import DarwinCoreArchive, date_of

TEXT = "{http://rs.tdwg.org/dwc/text/}"
DWC = "http://rs.tdwg.org/dwc/terms/"


def archive(occurrences=(), measurements=(), identifications=(), title="Irises", description="of a bog"):
    stream = io.BytesIO()
    made = DarwinCoreArchive(stream, title, description)
    made.occurrences(occurrences)
    made.measurements(measurements)
    made.identifications(identifications)
    made.close()
    return stream.getvalue()


def read(content, folder):
    path = folder / "archive.zip"
    path.write_bytes(content)
    with DwCAReader(str(path)) as reader:
        rows = list(reader)
        return reader.metadata, rows, [row.extensions for row in rows]


OCCURRENCE = ("k7-1", {"occurrenceID": "k7-1", "catalogNumber": "00042", "scientificName": "Iris setosa"})
MEASUREMENT = (
    "k7-1",
    {
        "measurementID": "k7-1#petal_length",
        "measurementType": "petal length",
        "measurementValue": "1.4",
        "measurementUnit": "cm",
    },
)


def test_an_independent_reader_finds_occurrences_with_their_measurements(tmp_path):
    _, (row,), (extensions,) = read(
        archive([OCCURRENCE], [MEASUREMENT], [("k7-1", {"identificationID": "k7-1#flora"})]), tmp_path
    )
    assert row.id == "k7-1"
    assert row.data[f"{DWC}catalogNumber"] == "00042"
    assert row.data[f"{DWC}scientificName"] == "Iris setosa"
    measurement, identification = extensions
    assert measurement.data[f"{DWC}measurementValue"] == "1.4"
    assert measurement.rowtype == f"{DWC}MeasurementOrFact"
    assert identification.data[f"{DWC}identificationID"] == "k7-1#flora"


def test_meta_xml_describes_every_column_of_every_file():
    with zipfile.ZipFile(io.BytesIO(archive([OCCURRENCE], [MEASUREMENT]))) as file:
        meta = ElementTree.fromstring(file.read("meta.xml"))
        assert meta.tag == f"{TEXT}archive"
        assert meta.get("metadata") == "eml.xml"
        (core,), extensions = meta.findall(f"{TEXT}core"), meta.findall(f"{TEXT}extension")
        assert core.get("rowType") == f"{DWC}Occurrence"
        assert len(extensions) == 2
        for part in (core, *extensions):
            name = part.find(f"{TEXT}files/{TEXT}location").text
            header = file.read(name).decode().split("\n")[0].split("\t")
            key = part.find(f"{TEXT}id" if part is core else f"{TEXT}coreid")
            fields = part.findall(f"{TEXT}field")
            assert key.get("index") == "0"
            assert [int(field.get("index")) for field in fields] == list(range(1, len(header)))
            ids = ("measurementTypeID", "measurementValueID")
            wanted = [f"{'http://rs.iobis.org/obis/terms/' if term in ids else DWC}{term}" for term in header[1:]]
            assert [field.get("term") for field in fields] == wanted
            assert (part.get("fieldsTerminatedBy"), part.get("linesTerminatedBy")) == ("\\t", "\\n")
            assert (part.get("encoding"), part.get("ignoreHeaderLines"), part.get("fieldsEnclosedBy")) == (
                "UTF-8",
                "1",
                "",
            )


def test_the_data_set_describes_itself_whatever_its_name(tmp_path):
    metadata, _, _ = read(archive(title='<"irises" & others>', description="]]>"), tmp_path)
    assert metadata.find(".//title").text == '<"irises" & others>'


@pytest.mark.parametrize("text", ["=1+1", "@x", "+A1", "-A1", " =1", "＝1"])
def test_no_cell_is_a_formula(text, tmp_path):
    _, (row,), _ = read(archive([("a", {"catalogNumber": text})]), tmp_path)
    assert row.data[f"{DWC}catalogNumber"].strip() == f"'{text}".strip()


def test_the_same_rows_give_the_same_archive():
    assert archive([OCCURRENCE], [MEASUREMENT]) == archive([OCCURRENCE], [MEASUREMENT])


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\x0b\x85\u2028"), max_size=10),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=50)
def test_whatever_a_cell_holds_rows_stay_rows_and_columns_columns(numbers):
    content = archive((str(i), {"catalogNumber": number}) for i, number in enumerate(numbers))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        lines = file.read("occurrence.txt").decode().split("\n")
    assert len(lines) == len(numbers) + 2
    assert {line.count("\t") for line in lines[:-1]} == {lines[0].count("\t")}


def test_a_day_is_written_as_darwin_core_wants_it():
    assert date_of(datetime(2026, 5, 3, 23, 59, tzinfo=UTC)) == "2026-05-03"
