"""docs/settings.md says what settings.py says."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb_platform.settings import Settings
from kb_platform.settings_reference import as_markdown, variables

REPOSITORY = Path(__file__).resolve().parents[3]


def test_the_settings_page_is_up_to_date() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text()
    assert page == as_markdown(), "run: python -m kb_platform.settings_reference > docs/settings.md"


def test_every_setting_is_described() -> None:
    assert [variable.name for variable in variables() if not variable.description] == []


def test_the_names_on_the_page_are_those_that_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names = {variable.name for variable in variables()}
    assert {"KB_SERVER__PORT", "KB_DATA_DIR"} <= names
    monkeypatch.setenv("KB_SERVER__PORT", "9123")
    monkeypatch.setenv("KB_DATA_DIR", "/srv/kb")
    settings = Settings()
    assert (settings.server.port, settings.data_dir) == (9123, Path("/srv/kb"))
