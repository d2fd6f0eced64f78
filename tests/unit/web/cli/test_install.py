"""What `./kb` installs, and when. Commands that would reach a package index are written down instead of run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from web.cli import install
from web.cli.steps import InstallError, Steps

ROOT = Path(__file__).resolve().parents[4]


class WrittenDown(Steps):
    """Steps at the edge of the internet: `has` says which sources have a CPU build."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "install.log", folder)
        self.commands: list[str] = []
        self.has: set[str] = set()
        self.fails = ""
        self.failure: type[BaseException] = InstallError

    def run(self, title: str, command: Sequence[str], env: object = None, folder: Path | None = None) -> None:
        text = " ".join(command)
        if self.fails and self.fails in text:
            raise self.failure
        self.commands.append(text)
        if "-m venv" in text:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)

    def attempt(self, title: str, command: Sequence[str]) -> bool:
        self.commands.append(" ".join(command))
        return any(source in title for source in self.has)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "kb"
    (root / "web" / "ui" / "src").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "constraints.txt").write_text("numpy==2.4.6\ntorch==2.13.0\n")
    monkeypatch.setattr(install, "ROOT", root)
    monkeypatch.setattr(install, "VENV", root / ".venv")
    monkeypatch.setattr(install, "PYTHON", str(root / ".venv" / "bin" / "python"))
    monkeypatch.setattr(install, "STAMP", root / ".venv" / ".kb-stamp.json")
    monkeypatch.setattr(install, "CUT_OFF", root / ".venv" / ".kb-installing")
    monkeypatch.setattr(install, "UI", root / "web" / "ui")
    monkeypatch.setattr(install, "TOOLS", root / ".venvs")
    monkeypatch.setattr(install, "UI_STAMP", root / ".venvs" / "ui-stamp")
    monkeypatch.setattr(install, "_has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    (root / ".venvs").mkdir()
    return root


@pytest.fixture
def steps(checkout: Path) -> WrittenDown:
    return WrittenDown(checkout)


def torch_commands(steps: WrittenDown) -> list[str]:
    return [command for command in steps.commands if "torch==" in command]


def test_a_second_start_installs_nothing(steps: WrittenDown) -> None:
    install.prepare_python(steps, testing=False)
    assert install.python_is_ready(testing=False)
    steps.commands.clear()
    install.prepare_python(steps, testing=False)
    assert steps.commands == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed(name: str, checkout: Path, steps: WrittenDown) -> None:
    install.prepare_python(steps, testing=False)
    (checkout / name).write_text((checkout / name).read_text() + "# changed\n")
    assert not install.python_is_ready(testing=False)


def test_test_tools_come_with_the_first_test_and_stay(steps: WrittenDown) -> None:
    install.prepare_python(steps, testing=False)
    assert not install.python_is_ready(testing=True)
    install.prepare_python(steps, testing=True)
    assert steps.commands[-1].endswith("--constraint constraints.txt --editable .[test]")
    assert install.python_is_ready(testing=False)


@pytest.mark.parametrize(
    ("failure", "is_made_anew"), [(KeyboardInterrupt, True), (InstallError, False)], ids=["cut off", "no network"]
)
def test_only_an_installation_that_was_cut_off_starts_anew(
    failure: type[BaseException], is_made_anew: bool, steps: WrittenDown
) -> None:
    steps.fails, steps.failure = "--editable", failure
    with pytest.raises(failure):
        install.prepare_python(steps, testing=False)
    package = install.VENV / "lib" / "package"
    package.parent.mkdir()
    package.touch()
    assert not install.python_is_ready(testing=False)
    steps.fails = ""
    install.prepare_python(steps, testing=False)
    assert package.exists() is not is_made_anew
    assert install.python_is_ready(testing=False)


def test_a_cpu_build_is_taken_from_where_pip_looks(steps: WrittenDown) -> None:
    steps.has = {"pip's own sources"}
    install.prepare_python(steps, testing=False)
    (only,) = torch_commands(steps)
    assert only.endswith("torch==2.13.0+cpu")
    assert "--index-url" not in only


def test_else_from_pytorchs_cpu_index_without_waiting_for_it_long(steps: WrittenDown) -> None:
    steps.has = {install.TORCH_CPU_INDEX}
    install.prepare_python(steps, testing=False)
    _own, index = torch_commands(steps)
    assert f"--index-url {install.TORCH_CPU_INDEX} torch==2.13.0+cpu" in index
    assert "--retries 0" in index


def test_a_mirror_can_be_named(steps: WrittenDown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_TORCH_INDEX", "https://mirror.example/cpu")
    install.prepare_python(steps, testing=False)
    assert "--index-url https://mirror.example/cpu" in torch_commands(steps)[1]


def test_without_any_cpu_build_the_default_is_taken_and_said(
    steps: WrittenDown, capsys: pytest.CaptureFixture[str]
) -> None:
    install.prepare_python(steps, testing=False)
    assert "No CPU build of PyTorch is to be had" in capsys.readouterr().err
    assert install.python_is_ready(testing=False)


def test_with_a_gpu_the_default_build_is_taken(steps: WrittenDown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_has_nvidia_gpu", lambda: True)
    install.prepare_python(steps, testing=False)
    assert torch_commands(steps) == []


def test_the_browser_app_is_built_again_only_when_its_sources_change(checkout: Path, steps: WrittenDown) -> None:
    ui = checkout / "web" / "ui"
    (ui / "package-lock.json").write_text("{}")
    (ui / "src" / "main.tsx").write_text("one")
    (ui / "node_modules").mkdir()
    (ui / "dist").mkdir()
    (ui / "dist" / "index.html").touch()
    install.build_ui(steps)
    assert any("npm ci" in command for command in steps.commands)
    steps.commands.clear()
    install.build_ui(steps)
    assert steps.commands == []
    (ui / "src" / "main.tsx").write_text("two")
    install.build_ui(steps)
    assert [command.split()[:2] for command in steps.commands] == [["npm", "run"]]


def test_without_a_usable_node_one_comes_from_pypi_once(
    checkout: Path, steps: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    environment = install.node_environment(steps)
    assert environment["PATH"].split(os.pathsep)[0] == str(checkout / ".venvs" / "node" / "bin")
    assert steps.commands[-1].endswith(install.NODE_WHEEL)
    steps.commands.clear()
    assert install.node_environment(steps) == environment
    assert steps.commands == []


def test_help_installs_nothing(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main(["--help"]) == 0
    assert "usage: ./kb" in capsys.readouterr().out
    assert not install.VENV.exists()


def test_a_python_that_is_too_old_is_told_so() -> None:
    code = (
        "import runpy, sys\n"
        "sys.version_info = (3, 8, 0)\n"
        f"sys.argv = ['kb', 'up']\nrunpy.run_path({str(ROOT / 'kb')!r}, run_name='__main__')"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "needs Python 3.11 or newer" in told.stderr
    assert "3.8" in told.stderr
