"""What shows how good answers are: the token plan, feedback, and hit testing with two settings."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from benchmarks.platform import Platform, make_knowledge_base, upload, wait_until_read
from tests.integration.api.conftest import free_port, wait_for
from tests.integration.api.scripted_model import Script, scripted_app

RULES = "# 宿舍管理规定\n\n宿舍每晚二十三点关门。晚归学生须在值班室登记。\n"
QUESTION = "宿舍每晚几点关门？"


@pytest.fixture(scope="module")
def base(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of a knowledge base of its own, named so that it is found in the page."""
    path = tmp_path_factory.mktemp("instrument") / "宿舍管理规定.md"
    path.write_text(RULES)
    base_id = make_knowledge_base(platform.client, "宿舍（仪表）")
    upload(platform.client, base_id, [path])
    assert [document["state"] for document in wait_until_read(platform.client, base_id, 120)] == ["ready"]
    return base_id


@pytest.fixture
def answered(platform: Platform, base: str) -> Iterator[str]:
    """Id of a conversation with one answer by a model."""
    port = free_port()
    script = Script(answer="宿舍每晚二十三点关门[1]。晚归学生须在值班室登记[1]。")
    server = uvicorn.Server(uvicorn.Config(scripted_app(script), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(f"http://127.0.0.1:{port}/v1/models")
    client = platform.client
    endpoint = client.post("/api/v1/model-endpoints", json={"base_url": f"http://127.0.0.1:{port}/v1"}).json()["id"]
    conversation = client.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    path = f"/api/v1/conversations/{conversation}/turns"
    turn = client.post(path, json={"question": QUESTION, "stream": False}).json()
    assert turn["state"] == "done", turn
    yield conversation
    client.delete(f"/api/v1/conversations/{conversation}")
    client.delete(f"/api/v1/model-endpoints/{endpoint}")
    server.should_exit = True
    thread.join(timeout=10)


def test_the_plan_says_where_the_windows_tokens_went(signed_in: Page, answered: str) -> None:
    signed_in.goto(f"/c/{answered}")
    plan = signed_in.get_by_test_id("plan")
    expect(plan).to_contain_text("100 / 16,384")
    signed_in.get_by_test_id("plan-toggle").click()
    for part in ("规则", "段落（1）", "问题", "为思考预留", "为回答预留"):
        expect(plan.get_by_text(part, exact=True)).to_be_visible()


def test_a_wrong_citation_reaches_the_editors_and_the_export(signed_in: Page, answered: str, tmp_path: Path) -> None:
    signed_in.goto(f"/c/{answered}")
    signed_in.get_by_test_id("feedback-down").click()
    signed_in.get_by_test_id("wrong-citation").nth(1).check()
    signed_in.get_by_test_id("feedback-send").click()
    expect(signed_in.get_by_test_id("feedback-down")).to_have_attribute("aria-pressed", "true")
    signed_in.goto("/feedback")
    entry = signed_in.get_by_test_id("feedback-entry").filter(has_text=QUESTION)
    expect(entry).to_contain_text("1 处引用有误")
    expect(entry).to_contain_text("晚归学生须在值班室登记")
    with signed_in.expect_download() as download:
        signed_in.get_by_role("link", name="导出为问题集").click()
    download.value.save_as(tmp_path / "feedback.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "feedback.jsonl").read_text().splitlines()]
    assert [row["wrong_passages"][0]["document"] for row in rows if row["question"] == QUESTION] == ["宿舍管理规定.md"]


def test_a_thumb_is_given_and_taken_back(signed_in: Page, answered: str) -> None:
    signed_in.goto(f"/c/{answered}")
    thumb = signed_in.get_by_test_id("feedback-up")
    for pressed in ("true", "false"):
        thumb.click()
        expect(thumb).to_have_attribute("aria-pressed", pressed)


def test_two_settings_are_seen_side_by_side_with_the_words_that_matched(signed_in: Page, base: str) -> None:
    signed_in.goto("/hit-testing")
    mine = signed_in.get_by_role("checkbox", name="向“宿舍（仪表）”提问")
    mine.check()
    signed_in.get_by_test_id("compare-settings").check(force=True)
    signed_in.get_by_test_id("search-input").fill("宿舍 关门")
    signed_in.get_by_test_id("search-input").press("Enter")
    sides = signed_in.get_by_test_id("found")
    expect(sides).to_have_count(2)
    for side in range(2):
        hit = sides.nth(side).get_by_test_id("hit").filter(has_text="宿舍管理规定").first
        expect(hit.locator("mark").first).to_be_visible()
        expect(hit).to_contain_text("第 1")
