"""An index of the few events that tell of an unknown outcome, for monev reports.

Without it a report would read every event of the record.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None

_SAYS_SO = "kind = 'pengiriman-berpindah' AND {}(data, '\"ke\":\"unknown\"') > 0"


def upgrade() -> None:
    op.create_index(
        "ix_events_unknown",
        "events",
        ["at"],
        sqlite_where=sa.text(_SAYS_SO.format("instr")),
        postgresql_where=sa.text(_SAYS_SO.format("strpos")),
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken back to an older form")
