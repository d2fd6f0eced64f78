"""`kb test`: every check of the repository: floors, lint, types, the browser app, and pytest with coverage.

The other checks come first and are summed up before pytest begins, so that pytest's own summary ends the output.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from web.cli import advisories
from web.cli.install import TOOLS, UI, node_environment
from web.cli.instance import ROOT
from web.cli.steps import InstallError, Steps

PACKAGES = ("kb_platform", "ingest", "inference", "web", "workers")
NO_TESTS_COLLECTED = 5
DEBIAN_PACKAGES = {  # what a test needs → how one sees that it is there
    "chromium": "chromium",
    "fonts-noto-cjk": "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "postgresql": "/usr/lib/postgresql",
    "redis-server": "redis-server",
    "libreoffice-writer-nogui": "soffice",
    "libreoffice-impress-nogui": "/usr/lib/libreoffice/program/libsdlo.so",
    "docker-compose": "docker-compose",
    "slapd": "/usr/sbin/slapd",
}


class Part(StrEnum):
    LINT = "lint"
    UI = "ui"
    PYTHON = "python"
    ADVISORIES = "advisories"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    command: Sequence[str]
    folder: Path = ROOT


def run_checks(
    context: typer.Context,
    only: Annotated[Part | None, typer.Option(help="One part only.")] = None,
) -> None:
    """Run all checks. Further arguments (paths, -k …) go to pytest, which then runs alone."""
    if context.args:
        raise typer.Exit(_pytest(context.args))
    if only == Part.ADVISORIES:
        raise typer.Exit(1 if _run_advisories() else 0)
    failed: list[str] = []
    if only in (None, Part.LINT):
        failed += _run(_lint_checks(), os.environ)
    if only in (None, Part.UI):
        failed += _run_ui_checks()
    if only not in (None, Part.PYTHON):
        raise typer.Exit(1 if failed else 0)
    _bring_debian_packages()
    coverage = [f"--cov={package}" for package in PACKAGES]
    status = _pytest([*coverage, "--cov-report=term:skip-covered", "--cov-report=html"])
    if failed:
        typer.echo(f"Failed before pytest: {', '.join(failed)}", err=True)
    raise typer.Exit(status or (1 if failed else 0))


def _lint_checks() -> list[Check]:
    tools = Path(sys.executable).parent
    return [
        Check("import-linter", [str(tools / "lint-imports")]),
        Check("ruff check", [str(tools / "ruff"), "check", "."]),
        Check("ruff format", [str(tools / "ruff"), "format", "--check", "."]),
        Check("mypy --strict", [sys.executable, "-m", "mypy", "--strict"]),
    ]


def _run_ui_checks() -> list[str]:
    checks = [
        Check("ui lint", ["npm", "run", "lint"], UI),
        Check("ui typecheck", ["npm", "run", "typecheck"], UI),
        Check("ui vitest", ["npm", "test"], UI),
    ]
    try:
        environment = node_environment(Steps(TOOLS / "install.log", ROOT))
    except InstallError as error:
        typer.echo(str(error), err=True)
        return ["Node.js"]
    return _run(checks, environment)


def _run_advisories() -> list[str]:
    steps = Steps(TOOLS / "install.log", ROOT)
    try:
        for command in advisories.install_commands():
            steps.run("pip-audit", command)
        environment = node_environment(steps)
    except InstallError as error:
        typer.echo(str(error), err=True)
        return ["pip-audit"]
    for id_, why in advisories.EXCEPTIONS.items():
        typer.echo(f"Left out: {id_}: {why}")
    checks = [
        Check("pip-audit", advisories.python_command()),
        Check("npm audit", advisories.node_command(), UI),
    ]
    return _run(checks, environment)


def _run(checks: Sequence[Check], environment: Mapping[str, str]) -> list[str]:
    """Run the checks in a row, show what a failing one says, and return the names of those that failed."""
    failed = []
    for check in checks:
        begun = time.monotonic()
        done = subprocess.run(
            check.command,
            cwd=check.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        ok = done.returncode == 0
        if not ok:
            failed.append(check.name)
            typer.echo(done.stdout)
        typer.echo(f"{'✓' if ok else '✗'} {check.name}  {time.monotonic() - begun:.0f} s")
    return failed


def _pytest(arguments: Sequence[str]) -> int:
    status = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode
    return 1 if status == NO_TESTS_COLLECTED else status


def _bring_debian_packages() -> None:
    """Install what some tests need from outside Python, where that is possible; else say what will be skipped."""
    missing = [name for name, sign in DEBIAN_PACKAGES.items() if not _is_there(sign)]
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        typer.echo(f"Not installed, so their tests are skipped: {' '.join(missing)}")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = Steps(TOOLS / "install.log", ROOT)
    try:
        steps.run("Debian's package lists", ["apt-get", "update", "-q"], environment)
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
        steps.run(f"Debian packages for tests: {' '.join(missing)}", install, environment)
    except InstallError as error:
        typer.echo(f"{error}\nNot installed, so their tests are skipped: {' '.join(missing)}")


def _is_there(sign: str) -> bool:
    return Path(sign).exists() if sign.startswith("/") else shutil.which(sign) is not None
