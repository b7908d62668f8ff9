"""Determinations that were taken back."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.migrations.append_only import append_only
from flora_core.storage.schema import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column(
            "determination", sa.Integer, sa.ForeignKey("determinations.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("recording", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    append_only("withdrawals", "SELECT study FROM recordings WHERE id = {old}.recording")
