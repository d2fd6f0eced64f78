"""SQL: the tables, sessions, and migrations. Modules of tables are imported here, so that they know each other."""

from kb_platform.database import audit_tables, people_tables, tables, web_search_tables, widget_tables

__all__ = ["audit_tables", "people_tables", "tables", "web_search_tables", "widget_tables"]
