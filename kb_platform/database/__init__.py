"""SQL: the tables, sessions, and migrations."""
