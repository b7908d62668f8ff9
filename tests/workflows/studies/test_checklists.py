"""A checklist kept with a study: synonyms in labels and determinations, shown and gathered; archives tied to it."""

import io

import pytest

from flora_core.errors import BadTable, Refused
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.sinks import DarwinCoreSink
from flora_core.workflows.determine import determine
from flora_core.workflows.determine.slips import slip_page
from flora_core.workflows.studies import (
    Choices,
    add_plants,
    checklist_for,
    create,
    keep_checklist,
    propose,
    propose_addition,
    show_study,
)
from tests.builders import labelled_table, table_text
from tests.workflows.determine.conftest import recorded
from tests.workflows.reports.test_darwin_core_archive import archived

LIST = (
    "taxonID,scientificName,scientificNameAuthorship,acceptedNameUsageID,taxonomicStatus\n"
    "w1,Iris setosa,Pall. ex Link,,Accepted\n"
    "w2,Iris brachycuspis,Fisch. ex Sims,w1,Synonym\n"
    "w3,Iris virginica,L.,,Accepted\n"
    "w4,Iris virginiana,Auth.,w3,Synonym\n"
    "w5,Iris pseudacorus,L.,,Accepted\n"
    "w6,Iris lutea,Lam.,w5,Synonym\n"
)
TABLE = labelled_table({"Iris setosa": 12, "Iris brachycuspis": 11, "Iris lutea": 12})


def keep(context, *, gathers=False, study="iris"):
    return keep_checklist(context, study, io.BytesIO(LIST.encode()), "wfo.csv", "Ada", gathers=gathers)


def proposed(context, *, gathers=None, text=TABLE, **said):
    choices = Choices(study="irises", **said)
    first = propose(context, io.BytesIO(text.encode()), "t.csv", choices)
    if gathers is None:
        return first
    found = checklist_for(context, first, io.BytesIO(LIST.encode()), "wfo.csv", gathers=gathers)
    return propose(
        context, io.BytesIO(text.encode()), "t.csv", Choices(**{"study": "irises", "checklist": found, **said})
    )


def test_synonyms_among_labels_are_shown_and_not_gathered_unasked(context):
    assert proposed(context).plants.table.plants == {"Iris brachycuspis": 11, "Iris lutea": 12, "Iris setosa": 12}
    found = proposed(context, gathers=False)
    assert found.plants.table.plants == {"Iris brachycuspis": 11, "Iris lutea": 12, "Iris setosa": 12}
    assert {(a.rarer, a.commoner) for a in found.alike} == {
        ("Iris brachycuspis", "Iris setosa"),
        ("Iris lutea", "Iris pseudacorus"),
    }
    assert any("Iris brachycuspis and Iris setosa may be one: the first is a synonym" in w for w in found.warnings)


def test_synonyms_among_labels_are_gathered_on_request(context):
    found = proposed(context, gathers=True)
    assert found.plants.table.plants == {"Iris pseudacorus": 12, "Iris setosa": 23}
    assert "Iris brachycuspis (11) counts as Iris setosa." in found.notes
    assert {s.name: s.author for s in found.study.species} == {"Iris pseudacorus": "L.", "Iris setosa": "Pall. ex Link"}
    kept = create(context, found, "Ada").checklist
    assert (kept.source, kept.gathers, len(kept.names)) == ("wfo.csv", True, 6)


def test_what_a_person_says_counts_more_than_the_checklist(context):
    found = proposed(context, gathers=True, names={"Iris brachycuspis": "Iris brachycuspis"})
    assert found.plants.table.plants["Iris brachycuspis"] == 11


def test_names_that_the_checklist_does_not_hold_are_said(context):
    found = proposed(context, gathers=False, text=labelled_table({"Iris setosa": 12, "Iris nova": 12}))
    assert "wfo.csv does not hold, or does not settle: Iris nova." in found.notes


@pytest.mark.parametrize("gathers", [False, True])
def test_more_plants_are_gathered_by_the_checklist_of_the_study(context, gathers):
    create(context, proposed(context, names={"Iris lutea": "Iris lutea"}), "Ada")
    keep(context, study="irises", gathers=gathers)
    text = labelled_table({"Iris pseudacorus": 5, "Iris setosa": 4})
    addition = propose_addition(context, io.BytesIO(text.encode()), "more.csv", Choices(study="irises"))
    # The study knows the yellow flag by a synonym: more of its plants are of that species, whatever the new table says.
    assert addition.added == (
        {"Iris lutea": 5, "Iris setosa": 4} if gathers else {"Iris pseudacorus": 5, "Iris setosa": 4}
    )
    assert gathers or ("Iris pseudacorus", "Iris lutea") in {(a.rarer, a.commoner) for a in addition.alike}
    assert add_plants(context, addition, "Ada").checklist.gathers is gathers


@pytest.mark.parametrize(
    ("gathers", "typed", "species", "note"),
    [
        (False, "Iris brachycuspis", "Iris brachycuspis", "Iris brachycuspis is a synonym of Iris setosa (wfo.csv)."),
        (True, "Iris brachycuspis Fisch.", "Iris setosa", "Iris brachycuspis counts as Iris setosa"),
        # Two letters from a species of the study, and no slip of the pen, because the checklist holds it.
        (True, "Iris virginiana", "Iris virginica", "Iris virginiana counts as Iris virginica"),
        (True, "Iris lutea", "Iris pseudacorus", "Iris pseudacorus is not a species of this study"),
        (True, "Iris setosa", "Iris setosa", ""),
    ],
)
def test_a_determination_by_a_synonym(context, gathers, typed, species, note):
    keep(context, gathers=gathers)
    (one,) = recorded(context)
    done = determine(context, "iris", one, typed, by="Grace")
    (slip,) = done.slips
    assert (slip.given.species, slip.verbatim) == (species, typed)
    assert any(note in n for n in done.outcome.notes) if note else done.outcome.notes == []


def test_a_determination_by_a_synonym_is_shown_with_its_accepted_name(context):
    keep(context)
    (one,) = recorded(context)
    done = determine(context, "iris", one, "Iris brachycuspis", by="Grace")
    assert done.as_json()["determinations"][0]["accepted_name"] == "Iris setosa Pall. ex Link"
    assert "= <i>Iris setosa</i> Pall. ex Link" in slip_page(context, (context.records.get(one),))


def test_archives_tie_each_name_to_the_checklist(context, tmp_path):
    keep(context)
    (one,) = recorded(context)
    determine(context, "iris", one, "Iris brachycuspis", by="Grace")
    _, rows = archived(context, tmp_path)
    occurrence, extensions = rows[one]
    expected = {"taxonID": "w2", "acceptedNameUsage": "Iris setosa Pall. ex Link", "acceptedNameUsageID": "w1"}
    assert expected.items() <= occurrence.items()
    said = [terms for kind, terms in extensions if kind == "Identification"]
    assert [terms["taxonID"] for terms in said] == ["w1", "w2"]


def test_the_archive_of_a_batch_is_tied_to_it_too(context, tmp_path):
    from dwca.read import DwCAReader

    keep(context)
    stream = io.BytesIO(table_text().encode())
    plan = plan_batch(context, stream, BatchRequest(study="iris", name="t.csv"))
    with open(tmp_path / "a.zip", "w+b") as file:
        sink = DarwinCoreSink(file, plan)
        run_batch(context, stream, plan, sinks=[sink], record=False)
        sink.close()
    with DwCAReader(tmp_path / "a.zip") as reader:
        first = {term.rsplit("/", 1)[-1]: value for term, value in reader.rows[0].data.items()}
    assert (first["taxonID"], first["acceptedNameUsage"]) == ("w1", "Iris setosa Pall. ex Link")


def test_a_new_checklist_takes_the_place_of_the_old_one(context):
    keep(context, gathers=True)
    keep(context, gathers=False)
    assert show_study(context, "iris").checklist.gathers is False
    with pytest.raises(Refused, match="Who gives this checklist"):
        keep_checklist(context, "iris", io.BytesIO(LIST.encode()), "wfo.csv", " ")
    with pytest.raises(BadTable):
        keep_checklist(context, "iris", io.BytesIO(b"a,b\n1,2\n"), "t.csv", "Ada")
    assert show_study(context, "iris").checklist.source == "wfo.csv"
