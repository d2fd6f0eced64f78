"""A person sees what is being installed, and why it failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from web.cli.steps import InstallError, Steps


def test_each_step_is_shown_with_its_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(tmp_path / "install.log", tmp_path)
    steps.run("First part", [sys.executable, "-c", "print('a detail')"])
    shown = capsys.readouterr().err
    assert "✓ First part  0 s" in shown
    assert "a detail" not in shown
    assert "a detail" in (tmp_path / "install.log").read_text()


def test_a_failure_shows_the_last_lines_and_where_the_rest_is(tmp_path: Path) -> None:
    steps = Steps(tmp_path / "install.log", tmp_path)
    code = "for number in range(100): print('line', number)\nraise SystemExit(1)"
    with pytest.raises(InstallError) as failure:
        steps.run("Second part", [sys.executable, "-c", code])
    message = str(failure.value)
    assert "line 99" in message
    assert "line 1\n" not in message
    assert str(tmp_path / "install.log") in message
    assert "line 1\n" in (tmp_path / "install.log").read_text()


def test_an_attempt_may_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(tmp_path / "install.log", tmp_path)
    assert steps.attempt("Perhaps", [sys.executable, "-c", ""])
    assert not steps.attempt("Not", [sys.executable, "-c", "raise SystemExit(1)"])
    assert "✗ Not  not there" in capsys.readouterr().err


def test_nothing_is_shown_when_there_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Steps(tmp_path / "install.log", tmp_path)
    assert capsys.readouterr().err == ""
