"""Quotas of departments

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = ("storage_mib", "documents", "tokens_per_day")


def upgrade() -> None:
    with op.batch_alter_table("departments", schema=None) as batch_op:
        for name in COLUMNS:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("departments", schema=None) as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
