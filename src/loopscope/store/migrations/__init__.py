"""The Alembic migrations, written by hand: one file of ``versions`` for each revision of the tables."""
