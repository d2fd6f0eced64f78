"""`./kb test --only advisories`: known vulnerabilities of what is installed, as OSV and npm know them. It needs the
network, so it is no part of the other checks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from web.cli.install import TOOLS

PIP_AUDIT = "pip-audit==2.10.1"
ENVIRONMENT = TOOLS / "pip-audit"
EXCEPTIONS: Mapping[str, str] = {}
"""Advisories that do not concern the platform, by id, and why."""


def install_commands() -> list[list[str]]:
    """Return what makes pip-audit's environment, apart from the platform's: nothing of it is needed to run."""
    if (ENVIRONMENT / "bin" / "pip-audit").exists():
        return []
    return [
        [sys.executable, "-m", "venv", str(ENVIRONMENT)],
        [str(ENVIRONMENT / "bin" / "pip"), "install", "-q", PIP_AUDIT],
    ]


def python_command(exceptions: Mapping[str, str] = EXCEPTIONS) -> list[str]:
    """Return the command that asks for every release in constraints.txt. KB_OSV_URL names a mirror of OSV's query
    service where the public one cannot be reached."""
    command = [str(ENVIRONMENT / "bin" / "pip-audit"), "-r", "constraints.txt", "--no-deps", "--disable-pip"]
    command += ["--progress-spinner", "off", "--vulnerability-service", "osv"]
    if mirror := os.environ.get("KB_OSV_URL"):
        command += ["--osv-url", mirror]
    return command + [part for id_ in exceptions for part in ("--ignore-vuln", id_)]


def node_command() -> list[str]:
    """Return the command that asks for every package of the browser app's lock file."""
    return ["npm", "audit", "--package-lock-only"]
