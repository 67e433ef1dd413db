"""What a report that waits for its reader needs; what it says is written once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None

_TABLE = "reports"
# The report as it was laid before the head; only its run, form and reading come later.
_WRITTEN_ONCE = (
    "kind",
    "first_day",
    "last_day",
    "as_of",
    "seal_digest",
    "model_sha256",
    "folder",
    "files",
)


def upgrade() -> None:
    for column in (
        sa.Column("draft", sa.Text(), nullable=False, server_default=""),
        sa.Column("notified", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("notified_at", sa.String(27), nullable=True),
    ):
        op.add_column(_TABLE, column)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        then = (
            f"BEGIN SELECT RAISE(ABORT, '{_TABLE}: UPDATE is refused, "
            "the record is append-only'); END"
        )
    else:
        then = "FOR EACH STATEMENT EXECUTE FUNCTION siar_refuse()"
    columns = ", ".join(_WRITTEN_ONCE)
    op.execute(
        f"CREATE TRIGGER {_TABLE}_no_rewriting BEFORE UPDATE OF {columns} ON {_TABLE} {then}"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back to an older form")
