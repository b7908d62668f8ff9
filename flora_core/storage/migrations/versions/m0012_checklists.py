"""Checklists of accepted names, kept with their studies."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.schema import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "checklists",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), nullable=False, index=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("gathers", sa.Boolean, nullable=False),
        sa.Column("names", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("added_at", Moment, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
