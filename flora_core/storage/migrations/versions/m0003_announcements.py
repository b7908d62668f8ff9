"""Verdicts that were announced, or are to be."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.schema import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("claimed_at", Moment),
        sa.Column("delivered_at", Moment),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_announcements_study", "announcements", ["study"])
