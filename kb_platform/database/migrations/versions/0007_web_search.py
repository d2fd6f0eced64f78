"""Who may ask the web; what the reader should know about how an answer was made

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "web_search_permissions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_web_search_permissions_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_search_permissions")),
        sa.UniqueConstraint("department_id", name=op.f("uq_web_search_permissions_department_id")),
    )
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notices", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.alter_column("notices", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.drop_column("notices")
    op.drop_table("web_search_permissions")
