"""What people know of a verdict, events on their way to receivers, the watch's last runs, a challenger's own answers."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.schema import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), nullable=False, index=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), nullable=False, index=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(160), nullable=False, unique=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("event", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
        sa.Column("receiver", sa.String(64), primary_key=True),
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", Moment, nullable=False, index=True),
        sa.Column("claimed_at", Moment),
        sa.Column("delivered_at", Moment),
        sa.Column("gave_up_at", Moment),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
    )
    # What happened before is past: nobody is told of it.
    for table, word in (("events", "event"), ("jobs", "job"), ("announcements", "verdict")):
        at = "asked_at" if table == "jobs" else "at"
        op.execute(
            "INSERT INTO outbox (study, kind, key, document, at) "  # noqa: S608  our own words only
            f"SELECT study, 'past', '{word}:' || id, '', {at} FROM {table}"
        )
    op.create_table(
        "scheduler_runs",
        sa.Column("study", sa.String(64), sa.ForeignKey("studies.name"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("at", Moment),
        sa.Column("decision", sa.Text, nullable=False, server_default=""),
        sa.Column("failed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("next_at", Moment),
    )
    op.add_column("recordings", sa.Column("shadow_version", sa.Integer))
    op.add_column("identifications", sa.Column("shadow_species", sa.SmallInteger))
    op.add_column("identifications", sa.Column("shadow_probability", sa.Float))
