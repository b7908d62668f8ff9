import io
from datetime import UTC, datetime

import pytest
from dwca.read import DwCAReader

from flora_core.errors import Unknown
from flora_core.storage.records import scan as module
from flora_core.workflows.determine import determine
from flora_core.workflows.identify import identify, record
from flora_core.workflows.reports.darwin_core_archive import Archived, write_archive
from tests.builders import typed_flower
from tests.workflows.determine.conftest import recorded

DWC = "http://rs.tdwg.org/dwc/terms/"


def archived(context, tmp_path, **options):
    file = tmp_path / "records.zip"
    with open(file, "w+b") as stream:
        counts = write_archive(context, "iris", stream, **options)
    with DwCAReader(file) as reader:
        rows = {row.id: row for row in reader}
        return counts, {
            key: (
                {name.removeprefix(DWC): value for name, value in row.data.items() if value},
                [
                    (e.rowtype.removeprefix(DWC), {name.removeprefix(DWC): v for name, v in e.data.items() if v})
                    for e in row.extensions
                ],
            )
            for key, row in rows.items()
        }


def test_the_machine_s_word_of_an_unusual_plant_is_written_with_that_doubt(context, tmp_path):
    (usual,), (unusual,) = recorded(context), recorded(context, sepal_length=5.5, sepal_width=4.6)
    _, rows = archived(context, tmp_path)
    doubt = "Unusual for every species of the study; may be none of them."
    assert rows[unusual][0]["identificationRemarks"] == f"Probability more than 99 %. {doubt}"
    assert doubt not in rows[usual][0]["identificationRemarks"]


def test_an_independent_reader_finds_each_plant_with_all_that_was_said_of_it(either, tmp_path):
    found = identify(either, "iris", typed_flower(sepal_length="51 mm", petal_width=""))
    (one,) = record(
        either, [found], by="Ada", door="page", catalogue_number="00042", collector="Anderson", site="Gaspé"
    )
    determine(either, "iris", one.id, "cf. virginica", by="Grace", date="1928", level="1")
    determine(either, "iris", one.id, "Iris setosa Pall.", by="Asa Gray", date="2024-06-03", level="3", remark="alive")
    (other,) = recorded(either)
    counts, rows = archived(either, tmp_path)
    assert counts == Archived(2, 1, 2)
    occurrence, extensions = rows[one.id]
    day = f"{one.recording.at:%Y-%m-%d}"
    assert occurrence == {
        "occurrenceID": one.id,
        "basisOfRecord": "HumanObservation",
        "catalogNumber": "00042",
        "recordedBy": "Anderson",
        "locality": "Gaspé",
        "scientificName": "Iris setosa",
        "taxonRank": "species",
        "genus": "Iris",
        "identifiedBy": "Asa Gray",
        "dateIdentified": "2024-06-03",
        "identificationVerificationStatus": "3",
        "identificationRemarks": "alive",
        "verbatimIdentification": "Iris setosa Pall.",
        "previousIdentifications": f"Iris setosa (Flora Classification, iris v1 (linear discriminant analysis), {day}) | "
        "cf. virginica (Grace, 1928)",
    }
    words = [data for kind, data in extensions if kind == "Identification"]
    assert [(w["identificationID"].split("#")[1], w["identifiedBy"][:5]) for w in words] == [
        ("flora", "Flora"),
        ("1", "Grace"),
        ("2", "Asa G"),
    ]
    assert (words[1]["scientificName"], words[1]["identificationQualifier"], words[1]["taxonRank"]) == (
        "Iris",
        "cf. virginica",
        "genus",
    )
    measured = {d["measurementType"]: d for kind, d in extensions if kind == "MeasurementOrFact"}
    assert (measured["sepal length"]["measurementValue"], measured["sepal length"]["measurementUnit"]) == ("5.1", "cm")
    assert measured["sepal length"]["measurementRemarks"] == "as typed: 51 mm"
    assert "measurementRemarks" not in measured["petal length"]
    assert "petal width" not in measured
    assert rows[other][0]["identificationVerificationStatus"] == "0"


@pytest.mark.parametrize(
    ("name", "scientific", "rank", "remark"),
    [
        ("none of these", None, None, "None of the species of the study."),
        ("Iris sp.", "Iris", "genus", None),
        ("versicolor x virginica", "Iris versicolor × Iris virginica", "species", None),
        ("Iris pumila", "Iris pumila", "species", None),
    ],
)
def test_answers_that_are_no_plain_species_stand_in_darwin_cores_terms(
    context, tmp_path, name, scientific, rank, remark
):
    (plant,) = recorded(context)
    determine(context, "iris", plant, name, by="Ada")
    occurrence, _ = archived(context, tmp_path)[1][plant]
    assert (occurrence.get("scientificName"), occurrence.get("taxonRank")) == (scientific, rank)
    assert occurrence.get("identificationRemarks") == remark


def test_a_doubtful_and_a_strange_plant_that_nobody_determined(context, tmp_path):
    (unsure,) = recorded(context, sepal_length=6.0, sepal_width=2.7, petal_length=4.9, petal_width=1.6)
    (stranger,) = recorded(context, petal_length=7.9)
    _, rows = archived(context, tmp_path)
    assert rows[unsure][0]["scientificName"] == "Iris"
    assert rows[unsure][0]["identificationQualifier"] == "cf. virginica"
    assert (
        rows[unsure][0]["identificationRemarks"]
        == "Probability 57 %. Still possible: Iris virginica | Iris versicolor."
    )
    assert "scientificName" not in rows[stranger][0]
    assert rows[stranger][0]["verbatimIdentification"] == "none of these"


def test_only_determined_plants_or_those_of_some_days(context, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    plants = recorded(context, *map(str, range(5)))
    determine(context, "iris", plants[3], "setosa", by="Ada")
    told = []
    _, rows = archived(context, tmp_path, progress=lambda *word: told.append(word))
    assert set(rows) == set(plants)
    assert told[-1] == (5, 5, "5 of 5 plants")
    assert list(archived(context, tmp_path, only_determined=True)[1]) == [plants[3]]
    assert archived(context, tmp_path, until=datetime(2020, 1, 1, tzinfo=UTC))[0] == Archived(0, 0, 0)
    assert archived(context, tmp_path, since=datetime(2020, 1, 1, tzinfo=UTC))[0].plants == 5


def test_an_unknown_study_is_refused(context):
    with pytest.raises(Unknown):
        write_archive(context, "rosa", io.BytesIO())
