"""Known vulnerabilities of what is installed: asked for by pip-audit, of a local server that speaks OSV's protocol."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.json_server import send_json
from web.cli import advisories
from web.cli.instance import ROOT

ADVISORY = "OSV-2026-1"


class Osv(BaseHTTPRequestHandler):
    """Knows one advisory, about a package that the platform uses."""

    asked: list[str]

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.asked.append(name)
        affected = {"package": {"name": name, "ecosystem": "PyPI"}, "versions": [query["version"]]}
        moment = "2026-01-01T00:00:00Z"
        known = {"id": ADVISORY, "details": "of this test", "affected": [affected], "modified": moment}
        send_json(self, {"vulns": [known | {"published": moment}]} if name == "pillow" else {})

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    for command in advisories.install_commands():
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("pip-audit cannot be installed: no package registry answers")
    Osv.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def ask(monkeypatch: pytest.MonkeyPatch, url: str, exceptions: dict[str, str]) -> tuple[int, str]:
    monkeypatch.setenv("KB_OSV_URL", url)
    command = advisories.python_command(exceptions)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_pinned_release_is_asked_about_and_an_advisory_fails_the_check(
    osv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = ask(monkeypatch, osv, {})
    assert status == 1
    assert "pillow" in said
    assert ADVISORY in said
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {name.lower().replace("_", "-") for name in pinned} <= {name.replace("_", "-") for name in Osv.asked}


def test_an_advisory_that_is_explained_does_not(osv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = ask(monkeypatch, osv, {ADVISORY: "of this test"})
    assert (status, "No known vulnerabilities found" in said) == (0, True)


@pytest.mark.usefixtures("osv")
def test_a_database_that_does_not_answer_is_not_a_clean_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = ask(monkeypatch, "http://127.0.0.1:1/v1/query", {})
    assert status != 0
    assert "No known vulnerabilities found" not in said
