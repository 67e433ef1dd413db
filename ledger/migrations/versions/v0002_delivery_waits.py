"""What a delivery waits for, beside the delivery: its own row keeps the hash it has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

_TABLE = "delivery_waits"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("publication_id", sa.String(length=32), nullable=False),
        sa.Column("next_try_at", sa.String(27), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(27), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("may_resend", sa.Boolean(), nullable=False),
        sa.Column("insisted", sa.Boolean(), nullable=False),
        sa.Column("rests", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["deliveries.id"], name=op.f("fk_delivery_waits_id")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_delivery_waits_publication_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_waits")),
    )
    op.create_index(op.f("ix_delivery_waits_publication_id"), _TABLE, ["publication_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {_TABLE}_no_delete BEFORE DELETE ON {_TABLE} BEGIN SELECT "
            f"RAISE(ABORT, '{_TABLE}: DELETE is refused, the record is append-only'); END"
        )
        return
    for verb in ("DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER {_TABLE}_no_{verb.lower()} BEFORE {verb} ON {_TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION siar_refuse()"
        )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back to an older form")
