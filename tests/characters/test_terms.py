"""Terms of trait ontologies: read where a table or a person gives them, kept with the study, written to the archive."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from flora_core.errors import Refused
from flora_core.ontology import ontology_term, term_address, without_term
from flora_core.tables.columns.state_columns import StateChoices
from flora_core.tables.columns.state_options import read_state_options
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.sinks import DarwinCoreSink
from flora_core.workflows.context import AppContext
from flora_core.workflows.identify import identify, record
from flora_core.workflows.reports.darwin_core_archive import write_archive
from tests.builders import make_named_study


@pytest.mark.parametrize(
    ("text", "term", "rest"),
    [
        ("leaf margin (TO:0000499)", "TO:0000499", "leaf margin"),
        ("FLOPO_0007599", "FLOPO:0007599", "FLOPO_0007599"),
        ("white [http://purl.obolibrary.org/obo/PATO_0000323]", "PATO:0000323", "white"),
        ("TO:0002605 petal length (mm)", "TO:0002605", "petal length (mm)"),
        ("leaf_margin", "", "leaf_margin"),
        ("ratio 1:2", "", "ratio 1:2"),
    ],
)
def test_a_term_is_found_and_left_out_of_the_words(text: str, term: str, rest: str) -> None:
    assert ontology_term(text) == term
    assert without_term(text) == rest


def test_a_term_has_an_address() -> None:
    assert term_address("TO:0000499") == "http://purl.obolibrary.org/obo/TO_0000499"
    assert term_address("") == ""


def test_options_name_a_character_or_one_of_its_states() -> None:
    said = read_state_options((), (), (), (), ("margin=TO:0000499", "margin: serrate = FLOPO:0000123"))
    assert said["margin"].terms == {"": "TO:0000499", "serrate": "FLOPO:0000123"}
    with pytest.raises(Refused, match="no term"):
        read_state_options((), (), (), (), ("margin=serrate",))


def table() -> bytes:
    lines = ["species,petal length (mm) (TO:0002605),leaf margin [TO:0000499],flower colour"]
    for i in range(15):
        lines.append(f"Rosa alba,{10 + i % 5},serrate (PATO:0001206),{'white' if i % 3 else 'pink'}")
        lines.append(f"Rosa rubra,{20 + i % 5},entire,{'red' if i % 3 else 'pink'}")
    return "\n".join(lines).encode()


def rows_of(archive: bytes) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        meta = opened.read("meta.xml").decode()
        assert "http://rs.iobis.org/obis/terms/measurementTypeID" in meta
        return list(csv.DictReader(io.StringIO(opened.read("measurement.txt").decode()), delimiter="\t"))


def test_terms_go_from_the_table_to_the_archive(context: AppContext) -> None:

    said = {"flower colour": StateChoices(terms={"": "TO:0000537", "white": "PATO:0000323"})}
    make_named_study(context, "roses", table().decode(), states=said)
    kept = context.studies.get("roses")
    assert [m.label for m in kept.measurements] == ["petal length", "leaf margin", "flower colour"]
    assert [m.term for m in kept.measurements] == ["TO:0002605", "TO:0000499", "TO:0000537"]
    margin = kept.measurement("leaf_margin")
    assert {state.label: state.term for state in margin.states} == {"serrate": "PATO:0001206", "entire": ""}

    # By a table.
    stream = io.BytesIO(b"petal length (mm),leaf margin,flower colour\n12,serrate,white\n22,entire,pink or white\n")
    plan = plan_batch(context, stream, BatchRequest(study="roses", name="new.csv"))
    out = io.BytesIO()
    sink = DarwinCoreSink(out, plan)
    run_batch(context, stream, plan, sinks=[sink], record=False, again=False, by="Ada")
    sink.close()
    rows = rows_of(out.getvalue())
    said_of = [
        (r["measurementType"], r["measurementValue"], r["measurementTypeID"], r["measurementValueID"]) for r in rows
    ]
    address = "http://purl.obolibrary.org/obo/"
    assert ("petal length", "12", f"{address}TO_0002605", "") in said_of
    assert ("leaf margin", "serrate", f"{address}TO_0000499", f"{address}PATO_0001206") in said_of
    assert ("flower colour", "white", f"{address}TO_0000537", f"{address}PATO_0000323") in said_of
    # Two states at once are no term.
    assert [r["measurementValueID"] for r in rows if r["measurementValue"].count(" or ")] == [""]
    # And of what was recorded.
    record(context, [identify(context, "roses", {"leaf_margin": "serrate"})], by="Ada", door="page")
    whole = io.BytesIO()
    write_archive(context, "roses", whole)
    assert rows_of(whole.getvalue())[0]["measurementValueID"] == f"{address}PATO_0001206"
