"""The README's shell block, exactly as it stands there, against a running platform."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.platform import Platform

REPOSITORY = Path(__file__).resolve().parents[2]


def shell_block() -> str:
    found = re.search(
        r"<!-- five calls: shell -->\n```bash\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL
    )
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def output(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> str:
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", shell_block()],
        cwd=tmp_path_factory.mktemp("integrator"),
        env={**os.environ, "KB": platform.url, "PASSWORD": platform.password, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_uploaded_file_becomes_ready(output: str) -> None:
    assert "library.txt is ready" in output


def test_the_answer_cites_the_uploaded_file(output: str) -> None:
    turn = json.loads(output.splitlines()[-1])
    assert turn["state"] == "done"
    assert "twenty books" in turn["answer"]
    assert turn["citations"]
    numbers = {citation["number"] for citation in turn["citations"]}
    cited = [source for source in turn["sources"] if source["number"] in numbers]
    assert {source["document_name"] for source in cited} == {"library.txt"}
    first = turn["citations"][0]
    source = next(source for source in cited if source["number"] == first["number"])
    evidence = source["text"][first["evidence_start"] - source["start"] : first["evidence_end"] - source["start"]]
    assert "twenty books" in evidence
