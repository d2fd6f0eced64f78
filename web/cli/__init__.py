"""The `kb` command: one file a group of commands."""
