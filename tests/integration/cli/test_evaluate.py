"""`kb eval` against a running platform, as somebody types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.platform import ROOT, Platform

QUESTIONS = [
    {"id": "1", "question": "How many books may a student borrow?", "answers": ["twenty books"], "gold_ids": ["loans"]},
    {"id": "2", "question": "When does the library close?", "answers": ["22:00"], "gold_ids": ["hours"]},
    {"id": "3", "question": "火星探测器何时发射？", "answers": [], "gold_ids": [], "unanswerable": True},
]
PASSAGES = [
    {"id": "loans", "title": "Loans", "text": "A student may borrow twenty books for thirty days."},
    {"id": "hours", "title": "Opening hours", "text": "The library opens at 8:00 and closes at 22:00."},
    {"id": "parking", "title": "Parking", "text": "Visitors may park behind the gymnasium."},
]


def kb(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    token = platform.client.headers["Authorization"].removeprefix("Bearer ")
    return subprocess.run(
        [sys.executable, "-m", "web.cli", "eval", *arguments],
        cwd=ROOT,
        env={**os.environ, "KB_URL": platform.url, "KB_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def loaded(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small_set")
    for name, rows in (("queries", QUESTIONS), ("corpus", PASSAGES)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    done = kb(platform, "load", str(folder), "--base", "Evaluated")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_set_is_loaded_run_gated_and_compared(platform: Platform, loaded: Path, tmp_path: Path) -> None:
    before = {one["id"] for one in platform.client.get("/api/v1/conversations").json()["conversations"]}
    out, html = tmp_path / "run.json", tmp_path / "run.html"
    done = kb(platform, "run", str(loaded), "--base", "Evaluated", "--out", str(out), "--html", str(html),
              "--fail-below", "recall@10=.9", "--fail-below", "false_answers=0")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recall@10" in done.stdout
    run = json.loads(out.read_text())
    assert run["metrics"]["hit@1"]["value"] == 1
    assert run["metrics"]["holds_answer"]["value"] == 1
    assert run["metrics"]["citation_precision"]["value"] == 1
    assert run["metrics"]["false_answers"] == {"value": 0, "low": 0, "high": 0, "n": 1}
    page = html.read_text()
    assert "<svg" in page
    assert "http://" not in page.replace(platform.url, "")
    assert "https://" not in page
    gated = kb(platform, "run", str(loaded), "--base", "Evaluated", "--search-only", "--fail-below", "mrr@10=1.1")
    assert gated.returncode == 1
    assert "mrr@10 is 1.000, below 1.1" in gated.stdout
    compared = kb(platform, "compare", str(out), str(out))
    assert compared.returncode == 0, compared.stderr
    assert "better" not in compared.stdout
    left = {one["id"] for one in platform.client.get("/api/v1/conversations").json()["conversations"]}
    assert left <= before, "no conversation is left behind"


def test_a_csv_of_ones_own_is_run(platform: Platform, loaded: Path, tmp_path: Path) -> None:
    questions = tmp_path / "mine.csv"
    questions.write_text("question,answer,words\nHow many books may a student borrow?,twenty,borrow twenty books\n")
    done = kb(platform, "run", str(questions), "--base", "Evaluated", "--fail-below", "recall@5=1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_cannot_be_run_is_one_sentence(platform: Platform, loaded: Path, tmp_path: Path) -> None:
    done = kb(platform, "run", str(loaded), "--base", "No such base")
    assert (done.returncode, done.stderr.strip().count("\n")) == (1, 0)
    missing = kb(platform, "run", str(tmp_path / "none.csv"), "--base", "Evaluated")
    assert missing.returncode == 1
    assert "none.csv" in missing.stderr
