"""Schema versions of the journal, oldest first; alembic runs them at every start."""
