"""What each day's identifications leave behind; recordings from before are counted at first need."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for name in ("refused", "troubled"):
        op.add_column("recordings", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    # Whatever is there already has no profile: bins come from a model's files, which a migration doesn't read.
    op.add_column("recordings", sa.Column("profiled", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "profiles",
        sa.Column("study", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["study", "version"], ["versions.study", "versions.version"]),
    )
    op.create_index("ix_recordings_study_at", "recordings", ["study", "at"])
    where = sa.text("NOT profiled" if op.get_context().dialect.name == "postgresql" else "profiled = 0")
    op.create_index("ix_recordings_unprofiled", "recordings", ["study"], sqlite_where=where, postgresql_where=where)
