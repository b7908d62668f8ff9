"""What the gate said of a promotion; jobs."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.schema import Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("events", sa.Column("gate", sa.Text, nullable=False, server_default=""))
    op.add_column("events", sa.Column("overruled", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", Moment),
        sa.Column("ended_at", Moment),
        sa.Column("seen_at", Moment),
        sa.Column("runner", sa.String(64), nullable=False, server_default=""),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("total", sa.Integer, nullable=False, server_default="0"),
        sa.Column("doing", sa.Text, nullable=False, server_default=""),
        sa.Column("result", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_study", "jobs", ["study"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
