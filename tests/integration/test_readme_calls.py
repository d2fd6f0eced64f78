"""The README's examples, exactly as they stand there, against a running platform."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.platform import Platform

REPOSITORY = Path(__file__).resolve().parents[2]


def block(mark: str, language: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```{language}\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def output(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> str:
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", block("five calls: shell", "bash")],
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


@pytest.mark.usefixtures("output")
def test_openais_client_gets_the_cited_answer(platform: Platform) -> None:
    key = platform.client.post("/api/v1/api-keys", json={"name": "README"}).json()["key"]
    done = subprocess.run(
        [sys.executable, "-c", block("openai: python", "python")],
        env={**os.environ, "KB": platform.url, "KB_KEY": key, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer, *citations = done.stdout.splitlines()
    assert "twenty books" in answer
    assert "1 supported" in citations
