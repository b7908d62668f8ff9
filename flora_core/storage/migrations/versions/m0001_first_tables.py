"""The first tables: studies, training tables, model versions and their events, recorded identifications."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.migrations.append_only import append_only
from flora_core.storage.schema import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
    )
    op.create_table(
        "training_tables",
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("plants", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("added_at", Moment, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("algorithm", sa.String(64), nullable=False),
        sa.Column("artifact_sha256", sa.String(64), nullable=False),
        sa.Column("card_sha256", sa.String(64), nullable=False),
        sa.Column("registered_at", Moment, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["study", "version"], ["versions.study", "versions.version"]),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("token", sa.String(16), nullable=False, unique=True),
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_sha256", sa.String(64), nullable=False, index=True),
        sa.Column("plants", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["study", "version"], ["versions.study", "versions.version"]),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identifications",
        sa.Column("recording", sa.Integer, sa.ForeignKey("recordings.id"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("catalogue_number", sa.Text),
        sa.Column("used", sa.Text, nullable=False),
        sa.Column("typed", sa.Text),
        sa.Column("probabilities", sa.Text, nullable=False),
        sa.Column("species", sa.SmallInteger, nullable=False),
        sa.Column("possible", sa.Text, nullable=False),
        sa.Column("misfit", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    append_only("events", "SELECT study FROM events WHERE id = {old}.id")
    append_only("identifications", "SELECT study FROM recordings WHERE id = {old}.recording")
