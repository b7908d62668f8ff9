"""The `studies` commands as a newcomer would type them, in a process of their own."""

import json
import os
import subprocess
import sys

import pytest

from tests.builders import labelled_table
from tests.servers import ROOT

TWO = {"Planta alba": 12, "Planta rubra": 12}


@pytest.fixture
def flora(context):
    def run(*words):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "flora_core", *map(str, words)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **os.environ,
                "FLORA_DATABASE_URL": f"sqlite:///{context.database.path}",
                "FLORA_MODELS": str(context.settings.models),
            },
        )

    return run


def test_a_study_is_made_grown_and_shown(flora, tmp_path):
    table, more = tmp_path / "plants.csv", tmp_path / "more.csv"
    table.write_text(labelled_table({**TWO, "Planta allba": 2, "Planta cf. alba": 1}, more={"no": lambda i: f"p{i}"}))
    done = flora(
        "studies",
        "create",
        "planta",
        "--from",
        table,
        "--label",
        "species",
        "--measurement",
        "leaf length (mm)",
        "--measurement",
        "leaf width (mm)=cm",
        "--merge",
        "Planta allba=Planta alba",
        "--id",
        "no",
        "--by",
        "Ada",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["name"] == "planta"
    assert document["species"] == {"Planta alba": 14, "Planta rubra": 12}
    assert [(m["name"], m["unit"]) for m in document["measurements"]] == [("leaf_length", "mm"), ("leaf_width", "cm")]
    assert (document["label"], document["id"], document["group"]) == ("species", "no", "")
    assert document["tables"][0]["added_by"] == "Ada"
    assert any("its name is in doubt: Planta cf. alba (1)" in note for note in document["notes"])

    more.write_text(labelled_table({"Planta minor": 3}, seed=1))
    grown = json.loads(
        flora("studies", "add", "planta", "--from", more, "--unit", "leaf width (mm)=cm", "--json").stdout
    )
    assert (grown["added"], grown["new_species"], grown["table"]) == ({"Planta minor": 3}, ["Planta minor"], 2)
    assert grown["warnings"] == ["Fewer than 10 plants: Planta minor (3)."]

    shown = flora("studies", "list").stdout.splitlines()
    assert shown[1] == "planta: Planta, 29 plants, 3 species, no champion yet"
    assert "leaf_width" in flora("studies", "show", "planta").stdout


def test_which_columns_are_read_for_what_is_said(flora, tmp_path):
    table = tmp_path / "plants.csv"
    table.write_text(labelled_table(TWO, more={"no": lambda i: f"p{i}", "population": lambda i: f"hill {i % 4}"}))
    said = flora("studies", "create", "planta", "--from", table).stdout
    assert "Names are read from 'species', catalogue numbers from 'no' and groups from 'population'." in said


def test_a_refusal_is_one_line_and_exit_1(flora, tmp_path):
    table = tmp_path / "codes.csv"
    table.write_text(labelled_table({"1": 12, "2": 12}))
    done = flora("studies", "create", "planta", "--from", table, "--label", "species")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "flora: 'species' holds numbers (1 and 2). Are these codes of species? Then say so (--codes), or rename them; or choose "
        "the column of names.\n"
    )
    assert "can't be read: No such file" in flora("studies", "create", "x", "--from", tmp_path / "gone.csv").stderr
    assert flora("studies", "create", "planta").returncode == 2


def test_a_checklist_is_given_at_the_beginning_or_later(flora, tmp_path):
    table, names = tmp_path / "plants.csv", tmp_path / "wfo.txt"
    table.write_text(labelled_table({"Planta alba": 12, "Planta rubra": 12, "Planta candida": 12}))
    names.write_text(
        "taxonID\tscientificName\ttaxonomicStatus\tacceptedNameUsageID\n"
        "1\tPlanta alba\tAccepted\t\n2\tPlanta candida\tSynonym\t1\n3\tPlanta rubra\tAccepted\t\n"
    )
    create = ("studies", "create", "planta", "--from", table)
    assert flora(*create, "--gather-synonyms").stderr.startswith("flora: --gather-synonyms needs a checklist")
    made = json.loads(flora(*create, "--checklist", names, "--gather-synonyms", "--by", "Ada", "--json").stdout)
    assert made["species"] == {"Planta alba": 24, "Planta rubra": 12}
    assert made["checklist"]["gathers_synonyms"] is True
    assert flora("studies", "checklist", "iris").stdout.startswith("No checklist is kept with iris.")
    told = flora("studies", "checklist", "planta", "--from", names, "--by", "Ada")
    assert told.stdout == "Checklist: wfo.txt, 3 names; synonyms are shown with their accepted names.\n"
    assert flora("studies", "checklist", "planta", "--from", table).returncode == 1
