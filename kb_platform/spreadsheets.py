"""Cells of CSV files that a spreadsheet will open."""

from __future__ import annotations

from typing import Any


def inert(value: Any) -> Any:
    """Return the cell's value so that a spreadsheet does not compute it: text that begins like a formula gets a
    quotation mark in front."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
