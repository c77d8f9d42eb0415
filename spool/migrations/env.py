"""Entry point of alembic: runs the migrations on the connection that ``spool.journal.database.upgrade`` hands in."""

from alembic import context

from spool.journal.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,
)
context.run_migrations()
