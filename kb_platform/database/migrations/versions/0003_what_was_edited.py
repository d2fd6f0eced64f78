"""Edited chunks know their edit; an edit keeps the passage that it was made for

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("chunk_edits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("original_text", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("chunk_edits", schema=None) as batch_op:
        batch_op.alter_column("original_text", server_default=None)
    op.add_column("chunks", sa.Column("edit_id", sa.String(length=36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.drop_column("edit_id")
    with op.batch_alter_table("chunk_edits", schema=None) as batch_op:
        batch_op.drop_column("original_text")
