"""Run the migrations on the connection and in the transaction that `migrate` opened."""

from alembic import context

from openinspector.service.stores.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
