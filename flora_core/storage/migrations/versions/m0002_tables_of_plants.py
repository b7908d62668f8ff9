"""Recordings of whole tables: written a part at a time and counted only when complete; columns that were matched by hand."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.migrations.append_only import append_only
from flora_core.storage.schema import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("complete", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("recordings", sa.Column("recipe", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "matched_columns",
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), primary_key=True),
        sa.Column("header_sha256", sa.String(64), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    append_only(
        "identifications",
        "SELECT study FROM recordings WHERE id = {old}.recording",
        or_where="EXISTS (SELECT 1 FROM recordings WHERE id = {old}.recording AND NOT complete)",
        replace=True,
    )
