"""Tables of archive and monev: daily seals, reports, engagement readings, reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

# Written once; a report is read later and a reminder's outcome is known later.
_WRITTEN_ONCE = ("seals", "engagements")
_CHANGEABLE = ("reports", "reminders")


def upgrade() -> None:
    _create_tables()
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _WRITTEN_ONCE + _CHANGEABLE:
        verbs = ("UPDATE", "DELETE") if table in _WRITTEN_ONCE else ("DELETE",)
        for verb in verbs if on_sqlite else (*verbs, "TRUNCATE"):
            _refuse(table, verb, on_sqlite=on_sqlite)


def _refuse(table: str, verb: str, *, on_sqlite: bool) -> None:
    if on_sqlite:
        then = (
            f"BEGIN SELECT RAISE(ABORT, '{table}: {verb} is refused, "
            "the record is append-only'); END"
        )
    else:
        then = "FOR EACH STATEMENT EXECUTE FUNCTION siar_refuse()"
    op.execute(f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {then}")


def _create_tables() -> None:
    op.create_table(
        "seals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("sealed_at", sa.String(27), nullable=False),
        sa.Column("last_event_id", sa.BigInteger(), nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals")),
        sa.UniqueConstraint("day", name=op.f("uq_seals_day")),
        sa.UniqueConstraint("number", name=op.f("uq_seals_number")),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("as_of", sa.String(27), nullable=False),
        sa.Column("seal_digest", sa.String(length=64), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("flow_run_id", sa.String(length=64), nullable=True),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("form_attempt", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("read_by", sa.String(length=32), nullable=True),
        sa.Column("read_at", sa.String(27), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["read_by"], ["staff.id"], name=op.f("fk_reports_read_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("form_key", name=op.f("uq_reports_form_key")),
    )
    op.create_table(
        "engagements",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("publication_id", sa.String(length=32), nullable=False),
        sa.Column("delivery_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("age_days", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.String(27), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_engagements_delivery_id")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_engagements_publication_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagements")),
        sa.UniqueConstraint(
            "delivery_id", "age_days", name=op.f("uq_engagements_delivery_id_age_days")
        ),
    )
    op.create_index(
        op.f("ix_engagements_delivery_id"), "engagements", ["delivery_id"], unique=False
    )
    op.create_index(
        op.f("ix_engagements_publication_id"), "engagements", ["publication_id"], unique=False
    )
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("publication_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("step_no", sa.Integer(), nullable=True),
        sa.Column("round_id", sa.String(length=32), nullable=True),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=False),
        sa.Column("claimed_at", sa.String(27), nullable=False),
        sa.Column("settled_at", sa.String(27), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_reminders_publication_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_reminders_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("key", name=op.f("uq_reminders_key")),
    )
    op.create_index(
        op.f("ix_reminders_publication_id"), "reminders", ["publication_id"], unique=False
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back to an older form")
