"""Departments, groups, shares, restricted documents, limited endpoints, scoped keys

What exists keeps its readers and editors: every knowledge base is shared with everyone as editor, which lets readers
read and editors write, and with its maker as manager.

Revision 0009, after 0008.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ALL_RIGHTS = '["ask", "read", "write"]'


def upgrade() -> None:
    op.create_table(
        "departments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["departments.id"], name=op.f("fk_departments_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
    )
    op.create_index(op.f("ix_departments_parent_id"), "departments", ["parent_id"], unique=False)
    op.create_table(
        "user_groups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_user_groups_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_user_groups_name")),
    )
    op.create_index(op.f("ix_user_groups_department_id"), "user_groups", ["department_id"], unique=False)
    op.create_table(
        "user_group_members",
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["user_groups.id"], name=op.f("fk_user_group_members_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_group_members_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_user_group_members")),
    )
    op.create_index(op.f("ix_user_group_members_user_id"), "user_group_members", ["user_id"], unique=False)
    _create_subjects("knowledge_base_shares", "knowledge_base_id", "knowledge_bases", sa.Column("level", sa.String(16)))
    _create_subjects("document_restrictions", "document_id", "documents")
    _create_subjects("model_endpoint_limits", "model_endpoint_id", "model_endpoints")
    for table in ("users", "knowledge_bases"):
        _add_department(table)
    _add_department("usage_records", ondelete="SET NULL")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rights", sa.JSON(), nullable=False, server_default=sa.text(f"'{ALL_RIGHTS}'")))
        batch_op.add_column(sa.Column("knowledge_base_ids", sa.JSON(), nullable=True))
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.alter_column("rights", server_default=None)
    _share_what_exists()


def downgrade() -> None:
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_column("knowledge_base_ids")
        batch_op.drop_column("rights")
    for table in ("usage_records", "knowledge_bases", "users"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_department_id"))
            batch_op.drop_constraint(batch_op.f(f"fk_{table}_department_id"), type_="foreignkey")
            batch_op.drop_column("department_id")
    for table in (
        "model_endpoint_limits",
        "document_restrictions",
        "knowledge_base_shares",
        "user_group_members",
        "user_groups",
        "departments",
    ):
        op.drop_table(table)


def _create_subjects(table: str, object_id: str, objects: str, *more: sa.Column[str]) -> None:
    for column in more:
        column.nullable = False
    op.create_table(
        table,
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column(object_id, sa.String(length=36), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            [object_id], [f"{objects}.id"], name=op.f(f"fk_{table}_{object_id}"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            object_id, "subject_kind", "subject_id", name=op.f(f"uq_{table}_{object_id}_subject_kind_subject_id")
        ),
    )
    op.create_index(op.f(f"ix_{table}_subject_id"), table, ["subject_id"], unique=False)


def _add_department(table: str, ondelete: str | None = None) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(sa.Column("department_id", sa.String(length=36), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f(f"fk_{table}_department_id"), "departments", ["department_id"], ["id"], ondelete=ondelete
        )
        batch_op.create_index(batch_op.f(f"ix_{table}_department_id"), ["department_id"], unique=False)


def _share_what_exists() -> None:
    bases = sa.table("knowledge_bases", sa.column("id"), sa.column("created_by"))
    names = ("id", "knowledge_base_id", "subject_kind", "subject_id", "level")
    shares = sa.table("knowledge_base_shares", *(sa.column(name) for name in names))
    rows = [
        {
            "id": str(uuid.uuid4()),
            "knowledge_base_id": base_id,
            "subject_kind": kind,
            "subject_id": subject_id,
            "level": level,
        }
        for base_id, created_by in op.get_bind().execute(sa.select(bases.c.id, bases.c.created_by)).all()
        for kind, subject_id, level in (("everyone", "", "editor"), ("user", created_by, "manager"))
    ]
    if rows:
        op.bulk_insert(shares, rows)
