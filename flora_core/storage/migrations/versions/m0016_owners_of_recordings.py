"""Who recorded, as its issuer knows it: whose own records they are."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("owner", sa.Text, nullable=False, server_default=""))
