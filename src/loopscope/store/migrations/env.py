"""What Alembic runs to migrate: on the connection it is given, inside the transaction that this is in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
