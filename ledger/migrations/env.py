"""Runs inside Alembic, on the connection that `ledger.db.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from ledger.models import Base

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
