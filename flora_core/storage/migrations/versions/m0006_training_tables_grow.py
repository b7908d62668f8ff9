"""Training tables that grow: each with the study as it was then, its plants a species, and the file it came from."""

import sqlalchemy as sa
from alembic import op

from flora_core.storage.migrations.append_only import append_only

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("training_tables", sa.Column("document", sa.Text, nullable=False, server_default=""))
    op.add_column("training_tables", sa.Column("counts", sa.Text, nullable=False, server_default="{}"))
    op.add_column("training_tables", sa.Column("source_sha256", sa.String(64), nullable=False, server_default=""))
    append_only("training_tables", "SELECT {old}.study")
