"""Checklists as they are exported, each read to the same names."""

import io
import zipfile

import pytest

from flora_core.errors import BadTable
from flora_core.tables.files.checklist_reader import read_checklist

WFO = (
    "taxonID\tscientificNameID\tlocalID\tscientificName\ttaxonRank\tparentNameUsageID\tscientificNameAuthorship\tfamily\t"
    "genus\tspecificEpithet\tacceptedNameUsageID\ttaxonomicStatus\n"
    "wfo-1\t\t\tIris setosa\tspecies\t\tPall. ex Link\tIridaceae\tIris\tsetosa\t\tAccepted\n"
    "wfo-2\t\t\tIris brachycuspis\tspecies\t\tFisch. ex Sims\tIridaceae\tIris\tbrachycuspis\twfo-1\tSynonym\n"
    "wfo-3\t\t\tXyridion setosum\tspecies\t\t(Pall. ex Link) Klatt\tIridaceae\tXyridion\tsetosum\twfo-1\tSynonym\n"
    "wfo-4\t\t\tIris dubia\tspecies\t\tAnon.\tIridaceae\tIris\tdubia\t\tUnchecked\n"
    "wfo-5\t\t\tRosa canina\tspecies\t\tL.\tRosaceae\tRosa\tcanina\t\tAccepted\n"
)
DARWIN_CORE = (
    "taxonID,scientificName,acceptedNameUsage,taxonomicStatus,taxonRank\n"
    "a1,Iris setosa Pall. ex Link,,accepted,species\n"
    "a2,Iris brachycuspis Fisch. ex Sims,Iris setosa Pall. ex Link,synonym,species\n"
    "a3,Xyridion setosum (Pall. ex Link) Klatt,Iris setosa Pall. ex Link,synonym,species\n"
    "a4,Iris dubia,,doubtful,species\n"
    "a5,Rosa canina L.,,accepted,species\n"
)
WCVP = (
    "plant_name_id|ipni_id|taxon_rank|taxon_status|family|genus_hybrid|genus|species_hybrid|species|taxon_name|taxon_authors|"
    "accepted_plant_name_id|powo_id\n"
    "11||Species|Accepted|Iridaceae||Iris||setosa|Iris setosa|Pall. ex Link|11|\n"
    "12||Species|Synonym|Iridaceae||Iris||brachycuspis|Iris brachycuspis|Fisch. ex Sims|11|\n"
    "13||Species|Synonym|Iridaceae||Xyridion||setosum|Xyridion setosum|(Pall. ex Link) Klatt|11|\n"
    "14||Species|Unplaced|Iridaceae||Iris||dubia|Iris dubia|Anon.||\n"
    "15||Species|Accepted|Rosaceae||Rosa||canina|Rosa canina|L.|15|\n"
)
#: As in the Darwin Core archive of the World Checklist, with its misspelt headers.
WCVP_ARCHIVE = (
    "taxonid|family|genus|scientfiicname|scientfiicnameauthorship|taxonrank|taxonomicstatus|acceptednameusageid\n"
    "11|Iridaceae|Iris|Iris setosa|Pall. ex Link|Species|Accepted|11\n"
    "12|Iridaceae|Iris|Iris brachycuspis|Fisch. ex Sims|Species|Synonym|11\n"
    "13|Iridaceae|Xyridion|Xyridion setosum|(Pall. ex Link) Klatt|Species|Synonym|11\n"
    "14|Iridaceae|Iris|Iris dubia|Anon.|Species|Unplaced|\n"
    "15|Rosaceae|Rosa|Rosa canina|L.|Species|Accepted|15\n"
)


def zipped(name, text):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("eml.xml", "<eml/>")
        archive.writestr(name, text)
    return stream


EXPORTS = {
    "classification.csv": io.BytesIO(WFO.encode()),
    "taxa.csv": io.BytesIO(DARWIN_CORE.encode()),
    "wcvp_names.csv": io.BytesIO(WCVP.encode()),
    "wfo.zip": zipped("classification.csv", WFO),
    "wcvp_dwca.zip": zipped("wcvp_taxon.csv", WCVP_ARCHIVE),
    "dwca.zip": zipped("data/taxon.txt", WFO),
}


@pytest.mark.parametrize("whole", [20_000, 0], ids=["kept whole", "by genus"])
@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_says_the_same(name, whole, monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.checklist_reader._WHOLE", whole)
    found = read_checklist(EXPORTS[name], f"folder/{name}", {"Iris"})
    assert found.source == name
    assert found.accepted_name("Iris brachycuspis").full_name == "Iris setosa Pall. ex Link"
    assert found.accepted_name("iris  BRACHYCUSPIS").name == "Iris setosa"
    assert found.accepted_name("Iris setosa") is None
    assert found.accepted_name("Iris dubia") is None
    assert found.accepted(found.find("Iris dubia")) is None
    assert found.accepted_name("Iris unheard") is None
    assert (found.find("Rosa canina") is not None) == (whole > 0)
    # A synonym in another genus, and the accepted name in another genus, belong to it.
    known = name != "taxa.csv" or whole
    assert not known or found.accepted_name("Xyridion setosum").name == "Iris setosa"


def test_the_accepted_name_of_another_genus_comes_along(monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.checklist_reader._WHOLE", 0)
    found = read_checklist(io.BytesIO(WFO.encode()), "wfo.txt", {"Xyridion"})
    assert found.accepted_name("Xyridion setosum").full_name == "Iris setosa Pall. ex Link"
    assert found.find("Rosa canina") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,height\nIris,3\nRosa,4\n", "is no checklist that can be read. It needs the columns taxonID"),
        ("taxonID,scientificName,acceptedNameUsageID\n\n", "no rows below it"),
    ],
)
def test_what_is_no_checklist_is_refused_with_what_would_be(text, message):
    with pytest.raises(BadTable, match=message):
        read_checklist(io.BytesIO(text.encode()), "t.csv", {"Iris"})


def test_a_checklist_of_another_group_is_refused(monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.checklist_reader._WHOLE", 0)
    with pytest.raises(BadTable, match="holds no name of Salix"):
        read_checklist(io.BytesIO(WFO.encode()), "t.csv", {"Salix"})


def test_an_archive_without_names_is_refused():
    with pytest.raises(BadTable, match=r"holds no taxon\.txt"):
        read_checklist(zipped("other.csv", "a,b\n1,2\n"), "t.zip", {"Iris"})
    with pytest.raises(BadTable):
        read_checklist(io.BytesIO(b"PK\x03\x04 broken"), "t.zip", {"Iris"})
