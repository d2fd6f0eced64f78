"""Rights are decided in one place."""

from __future__ import annotations

import re
from pathlib import Path

from kb_platform import access

ROOT = Path(access.__file__).resolve().parents[2]
DECIDES = ROOT / "kb_platform" / "access"
CODE = ("kb_platform", "ingest", "inference", "web/api", "workers")


def modules_with(pattern: str) -> set[str]:
    found = (path for folder in CODE for path in (ROOT / folder).rglob("*.py") if DECIDES not in path.parents)
    return {path.relative_to(ROOT).as_posix() for path in found if re.search(pattern, path.read_text())}


def test_only_access_asks_for_a_role() -> None:
    assert modules_with(r"\.role\b *(is|in|not|==|!=)") == set()


def test_only_access_makes_a_scope() -> None:
    assert modules_with(r"AccessScope\(") == set()


def test_only_access_asks_what_a_key_is_limited_to() -> None:
    asked = modules_with(r"(caller|principal)\.(rights|knowledge_base_ids)")
    assert asked == set()
