"""Folders, tags and edited chunks

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chunk_edits",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_chunk_edits_created_by")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_chunk_edits_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk_edits")),
        sa.UniqueConstraint(
            "document_id", "text_hash", "occurrence", name=op.f("uq_chunk_edits_document_id_text_hash_occurrence")
        ),
    )
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("edited_text", sa.Text(), nullable=True))
    with op.batch_alter_table("document_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage_since", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("folder", sa.String(length=512), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        batch_op.drop_constraint(batch_op.f("uq_documents_knowledge_base_id_live_name"), type_="unique")
        batch_op.alter_column("live_name", new_column_name="live_path", existing_type=sa.String(length=1024))
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_unique_constraint(
            batch_op.f("uq_documents_knowledge_base_id_live_path"), ["knowledge_base_id", "live_path"]
        )
    # The defaults were for rows that are there already; new rows are always written whole.
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.alter_column("is_enabled", server_default=None)
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.alter_column("folder", server_default=None)
        batch_op.alter_column("tags", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_documents_knowledge_base_id_live_path"), type_="unique")
        batch_op.alter_column("live_path", new_column_name="live_name", existing_type=sa.String(length=1024))
        batch_op.drop_column("tags")
        batch_op.drop_column("folder")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_unique_constraint(
            batch_op.f("uq_documents_knowledge_base_id_live_name"), ["knowledge_base_id", "live_name"]
        )
    with op.batch_alter_table("document_versions", schema=None) as batch_op:
        batch_op.drop_column("stage_since")
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.drop_column("edited_text")
        batch_op.drop_column("is_enabled")
    op.drop_table("chunk_edits")
