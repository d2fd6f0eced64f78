"""The README names what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()


def dependency_rows() -> dict[str, tuple[str, str]]:
    """Package → (why, licence) of the dependency table."""
    table = README.partition("## Dependencies")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)[2:]
    return {name.strip(): (why.strip(), licence.strip()) for names, why, licence in rows for name in names.split(",")}


def test_every_dependency_is_in_the_table_with_its_reason_and_licence() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in project["dependencies"]}
    rows = dependency_rows()
    assert wanted - rows.keys() == set()
    assert all(why and licence for why, licence in rows.values())


def test_every_file_that_is_linked_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
