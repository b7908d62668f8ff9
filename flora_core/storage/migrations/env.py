"""Alembic's entrance: runs the migrations on the connection it was given."""

from alembic import context

from flora_core.storage.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
