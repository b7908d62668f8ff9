"""What a training has tried so far, for whoever watches it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("leaderboard", sa.Text, nullable=False, server_default=""))
