"""A report's public summary on the website: what was approved, and how its sending stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

_TABLE = "report_pages"
_WRITTEN_ONCE = ("report_id", "digest", "approved_by", "planned_at", "kind", "slug")


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=False),
        sa.Column("planned_at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("prepared", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.String(27), nullable=True),
        sa.Column("published_at", sa.String(27), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("next_try_at", sa.String(27), nullable=True),
        sa.Column("since", sa.String(27), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("told", sa.String(length=16), nullable=False),
        sa.Column("error_sentence", sa.Text(), nullable=False),
        sa.Column("error_action", sa.Text(), nullable=False),
        sa.Column("error_detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["staff.id"], name=op.f("fk_report_pages_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_pages_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_pages")),
        sa.UniqueConstraint("report_id", name=op.f("uq_report_pages_report_id")),
    )
    op.create_index(op.f("ix_report_pages_state"), _TABLE, ["state"], unique=False)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for verb in ("DELETE",) if on_sqlite else ("DELETE", "TRUNCATE"):
        _refuse(f"{_TABLE}_no_{verb.lower()}", verb, verb, on_sqlite=on_sqlite)
    rewriting = f"UPDATE OF {', '.join(_WRITTEN_ONCE)}"
    _refuse(f"{_TABLE}_no_rewriting", rewriting, "UPDATE", on_sqlite=on_sqlite)


def _refuse(name: str, event: str, verb: str, *, on_sqlite: bool) -> None:
    if on_sqlite:
        then = (
            f"BEGIN SELECT RAISE(ABORT, '{_TABLE}: {verb} is refused, "
            "the record is append-only'); END"
        )
    else:
        then = "FOR EACH STATEMENT EXECUTE FUNCTION siar_refuse()"
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {_TABLE} {then}")


def downgrade() -> None:
    raise RuntimeError("the record is never taken back to an older form")
