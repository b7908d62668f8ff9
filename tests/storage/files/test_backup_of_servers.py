"""`backup` and `restore` of PostgreSQL, of models in a bucket, and of backups in a bucket: one command for all of them."""

import subprocess
import zipfile

import pytest

from flora_core.errors import Conflict, Refused, Unavailable
from flora_core.settings import Settings
from flora_core.storage.files import postgresql_dump
from flora_core.storage.files.backup import restore_backup, write_backup
from flora_core.storage.files.object_files import files_below
from flora_core.storage.schema import METADATA
from flora_core.storage.transfer import _sum
from flora_core.workflows.context import open_context
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import verify_versions
from tests.builders import typed_flower


@pytest.fixture
def opened():
    contexts = []

    def open_at(database_url, models, **settings):
        context = open_context(Settings(database_url=database_url, models=models, _env_file=None, **settings))
        contexts.append(context)
        return context

    yield open_at
    for context in contexts:
        context.close()


def sums(context):
    with context.database.write() as connection:
        return {table.name: _sum(connection, table) for table in METADATA.sorted_tables if table.name != "audit"}


def with_records(context):
    found = identify(context, "iris", typed_flower())
    record(context, [found] * 3, by="Ada", door="page")
    return context


@pytest.mark.postgresql
def test_postgresql_is_backed_up_and_restored_to_the_last_character(either, opened, postgres, tmp_path, database_url):
    target = tmp_path / "backup.zip"
    done = write_backup(with_records(either).database, either.registry.files, target)
    assert done.versions == 1
    empty = f"sqlite:///{tmp_path}/new/flora.db" if either.database.is_sqlite else postgres.new_database()
    other = opened(empty, tmp_path / "restored")
    again = restore_backup(target, other.database, other.registry.files)
    assert (again.migration, again.versions) == (done.migration, 1)
    assert sums(other) == sums(either)
    assert [v.problem for v in verify_versions(other)[0]] == [""]
    # It goes on counting where the other one was.
    with_records(other)
    assert len(other.records.newest("iris")) == 6


@pytest.mark.postgresql
def test_nothing_is_restored_over_something_and_each_to_its_own_kind(context, opened, postgres, tmp_path):
    of_sqlite, of_postgres = tmp_path / "sqlite.zip", tmp_path / "postgres.zip"
    write_backup(context.database, context.registry.files, of_sqlite)
    url = postgres.new_database()
    server = opened(url, tmp_path / "models")
    with pytest.raises(Refused, match="holds a database of SQLite.*move"):
        restore_backup(of_sqlite, server.database, server.registry.files)
    server.database.prepare()
    write_backup(server.database, server.registry.files, of_postgres)
    with pytest.raises(Conflict, match="is not empty.*createdb"):
        restore_backup(of_postgres, server.database, server.registry.files)
    new = opened(f"sqlite:///{tmp_path}/new/flora.db", tmp_path / "new models")
    with pytest.raises(Refused, match="holds a database of PostgreSQL"):
        restore_backup(of_postgres, new.database, new.registry.files)


@pytest.mark.postgresql
def test_where_pg_restore_fails_nothing_stays(context, opened, postgres, tmp_path, champion):
    server = opened(postgres.new_database(), tmp_path / "models")
    server.database.prepare()
    from flora_core.study import IRIS
    from flora_core.workflows.models.lifecycle import iris_plants

    server.studies.add(IRIS, iris_plants(), "a test")
    server.registry.register(champion, "a test")
    target = tmp_path / "backup.zip"
    write_backup(server.database, server.registry.files, target)
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    other = opened(postgres.new_database(), tmp_path / "others")
    usual = postgresql_dump._found
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pg_restore").write_text("#!/bin/sh\necho 'pg_restore: error: the disk is full' >&2\nexit 1\n")
    (programs / "pg_restore").chmod(0o755)
    postgresql_dump._found = lambda program: programs / program
    try:
        with pytest.raises(Unavailable, match="pg_restore did not succeed: pg_restore: error: the disk is full"):
            restore_backup(broken, other.database, other.registry.files)
    finally:
        postgresql_dump._found = usual
    assert other.registry.files.studies() == []
    restore_backup(broken, other.database, other.registry.files)
    assert [v.version for v in other.registry.versions("iris")] == [1]


@pytest.mark.postgresql
def test_no_password_stands_among_the_words_of_a_command(postgres, monkeypatch, tmp_path):
    from flora_core.storage.database import Database

    seen = {}

    def run(command, **named):
        seen.update(command=command, env=named["env"])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    url = postgres.new_database().replace("flora@", "flora:a%20secret@") + "?connect_timeout=7"
    postgresql_dump.load_database(Database(url), tmp_path / "x.dump")
    assert seen["env"]["PGPASSWORD"] == "a secret"
    assert not any("secret" in word for word in seen["command"])
    assert seen["command"][-1].endswith("?connect_timeout=7")
    assert "+psycopg" not in seen["command"][-1]


def test_without_pg_dump_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(postgresql_dump, "_PLACES", "/nowhere/*/bin")
    with pytest.raises(Unavailable, match="pg_dump is not installed here.*postgresql-client"):
        postgresql_dump._found("pg_dump")


def test_a_backup_in_a_bucket_with_models_in_a_bucket(context, opened, bucket, champion, tmp_path):
    first = opened(f"sqlite:///{tmp_path}/first.db", f"{bucket}/models", cache=tmp_path / "cache")
    first.database.prepare()
    from flora_core.study import IRIS
    from flora_core.workflows.models.lifecycle import iris_plants

    first.studies.add(IRIS, iris_plants(), "a test")
    first.registry.register(champion, "a test")
    first.registry.promote("iris", 1, "a test", "first")
    with_records(first)
    target = f"{bucket}/backups/one.zip"
    write_backup(first.database, first.registry.files, target)
    with pytest.raises(Refused, match="never replaces"):
        write_backup(first.database, first.registry.files, target)
    with pytest.raises(Refused, match="names no file"):
        write_backup(first.database, first.registry.files, "s3://bucket-alone")
    second = opened(f"sqlite:///{tmp_path}/second.db", f"{bucket}/others", cache=tmp_path / "cache 2")
    restore_backup(target, second.database, second.registry.files)
    assert sums(second) == sums(first)
    assert [one.name for one in files_below(f"{bucket}/others").files()] == ["iris/1/card.json", "iris/1/model.joblib"]
    assert identify(second, "iris", typed_flower()).sentence == identify(first, "iris", typed_flower()).sentence
    third = opened(f"sqlite:///{tmp_path}/third.db", tmp_path / "third")
    with pytest.raises(Refused, match="can't be read"):
        restore_backup(f"{bucket}/backups/none.zip", third.database, third.registry.files)
