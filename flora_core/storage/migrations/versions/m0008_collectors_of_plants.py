"""Who gathered a plant and where, where a table says so row by row."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("own_collector", "own_site"):
        op.add_column("identifications", sa.Column(name, sa.Text))
