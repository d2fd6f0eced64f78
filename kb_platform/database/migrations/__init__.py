"""Alembic's environment: one revision for each change of the tables."""
