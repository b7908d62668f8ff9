"""How often a job's process said that it is alive."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("beats", sa.Integer, nullable=False, server_default="0"))
