"""Endpoints stand in for each other, have limits and prices; what each call of a model took

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ADDED = ("priority", "concurrency", "price_cache_hit", "price_cache_miss", "price_output")


def upgrade() -> None:
    with op.batch_alter_table("model_endpoints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("concurrency", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("price_cache_hit", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("price_cache_miss", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("price_output", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("default_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE model_endpoints SET default_since = created_at")
    with op.batch_alter_table("model_endpoints", schema=None) as batch_op:
        batch_op.alter_column("default_since", existing_type=sa.DateTime(timezone=True), nullable=False)
        for name in ADDED:
            batch_op.alter_column(name, server_default=None)
    op.create_table(
        "usage_records",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("api_key_id", sa.String(length=36), nullable=True),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("endpoint", sa.String(length=1024), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False),
        sa.Column("answer_tokens", sa.Integer(), nullable=False),
        sa.Column("is_counted_here", sa.Boolean(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_usage_records_api_key_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_usage_records_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_records")),
    )
    with op.batch_alter_table("usage_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_records_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_usage_records_user_id_created_at", ["user_id", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_table("usage_records")
    with op.batch_alter_table("model_endpoints", schema=None) as batch_op:
        for name in (*ADDED, "default_since"):
            batch_op.drop_column(name)
