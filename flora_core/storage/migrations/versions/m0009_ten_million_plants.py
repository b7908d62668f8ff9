"""What ten million plants ask for: catalogue numbers found by an index, unsettled plants counted as they are recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_UNSURE = "possible = '' OR possible LIKE '% %'"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("unsure", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE recordings SET unsure = "  # noqa: S608  our own words only
        f"(SELECT count(*) FROM identifications WHERE identifications.recording = recordings.id AND ({_UNSURE}))"
    )
    where = sa.text("catalogue_number IS NOT NULL")
    op.create_index(
        "ix_identifications_catalogue_number",
        "identifications",
        ["catalogue_number"],
        sqlite_where=where,
        postgresql_where=where,
    )
    if op.get_context().dialect.name == "postgresql":
        _check_recordings_once_a_statement()


def _check_recordings_once_a_statement() -> None:
    """Let triggers see to it that every identification has its recording.

    A foreign key asks for the recording once a row, which takes three times as long as writing the row; a table's rows come
    many in a statement and have one recording.
    """
    found = op.get_bind().execute(
        sa.text(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'identifications'::regclass "
            "AND confrelid = 'recordings'::regclass"
        )
    )
    for name in found.scalars().all():
        op.drop_constraint(name, "identifications", type_="foreignkey")
    # The recording is locked as a foreign key would lock it: who deletes it at the same time waits, and then sees the rows.
    op.execute(
        "CREATE FUNCTION identifications_have_recordings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM 1 FROM recordings WHERE id IN (SELECT recording FROM added) FOR KEY SHARE; "
        "IF EXISTS (SELECT 1 FROM added WHERE NOT EXISTS (SELECT 1 FROM recordings WHERE id = added.recording)) THEN "
        "RAISE foreign_key_violation USING MESSAGE = 'identifications must have their recording'; END IF; "
        "RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER identifications_have_recordings AFTER INSERT ON identifications REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION identifications_have_recordings()"
    )
    op.execute(
        "CREATE FUNCTION recordings_keep_identifications() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT 1 FROM identifications WHERE recording = OLD.id) THEN "
        "RAISE foreign_key_violation USING MESSAGE = 'a recording with identifications can not be deleted'; END IF; "
        "RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER recordings_keep_identifications AFTER DELETE ON recordings "
        "FOR EACH ROW EXECUTE FUNCTION recordings_keep_identifications()"
    )
