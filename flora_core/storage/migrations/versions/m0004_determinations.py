"""What persons say of identified specimens; who collected them and where."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.migrations.append_only import append_only
from flora_core.storage.schema import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("collector", sa.Text, nullable=False, server_default=""))
    op.add_column("recordings", sa.Column("site", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "determinations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("recording", sa.Integer, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("verbatim", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.String(10), nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_sha256", sa.String(64), nullable=False),
        sa.Column("entered_at", Moment, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["recording", "row"], ["identifications.recording", "identifications.row"]),
        sa.UniqueConstraint("recording", "row", "fingerprint"),
        sqlite_autoincrement=True,
    )
    append_only("determinations", "SELECT study FROM recordings WHERE id = {old}.recording")
