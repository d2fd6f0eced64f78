"""What an editor does to keep a knowledge base right: mend a passage, switch one off, clear up, keep nothing twice."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.kill_faults import make_file
from benchmarks.platform import Platform, make_knowledge_base, upload, wait_until_read

FEE = "第三条 校园卡补办费用为 20 元，由学生本人承担。"
OPENING = "游泳馆每日 8:00 开馆，22:00 闭馆。"
QUESTION = "补办校园卡要多少钱？"


@pytest.fixture
def base(platform: Platform, signed_in: Page, request: pytest.FixtureRequest) -> Iterator[str]:
    """A knowledge base of this test with two documents, opened on its documents page."""
    id_ = make_knowledge_base(platform.client, request.node.name)
    folder = request.getfixturevalue("tmp_path")
    (folder / "校园卡.txt").write_text(FEE)
    (folder / "游泳馆.txt").write_text(OPENING)
    upload(platform.client, id_, [folder / "校园卡.txt", folder / "游泳馆.txt"])
    wait_until_read(platform.client, id_, 120)
    signed_in.goto(f"/documents/{id_}")
    expect(rows(signed_in)).to_have_count(2)
    yield id_
    platform.client.delete(f"/api/v1/knowledge-bases/{id_}").raise_for_status()


def rows(page: Page) -> Locator:
    return page.get_by_test_id("document-table-row")


def passages_of(page: Page, name: str) -> Locator:
    rows(page).filter(has_text=name).get_by_role("button", name=name, exact=True).click()
    page.get_by_test_id("view-passages").click()
    return page.get_by_test_id("passage")


def found(platform: Platform, base: str, query: str) -> str:
    answer = platform.client.post("/api/v1/searches", json={"query": query, "knowledge_base_ids": [base]})
    answer.raise_for_status()
    return "\n".join(hit["text"] for hit in answer.json()["hits"])


def ask(page: Page, platform: Platform, base: str, question: str) -> Locator:
    conversation = platform.client.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    page.goto(f"/c/{conversation}")
    page.get_by_test_id("question-input").fill(question)
    page.get_by_test_id("question-input").press("Enter")
    answer = page.get_by_test_id("answer").last
    expect(answer.get_by_test_id("citation-chip").first).to_be_visible(timeout=60_000)
    return answer


def test_a_mended_passage_answers_says_so_where_it_is_cited_and_stays_mended_when_the_file_comes_again(
    signed_in: Page, platform: Platform, base: str, tmp_path: Path
) -> None:
    passage = passages_of(signed_in, "校园卡.txt").first
    passage.get_by_test_id("passage-edit").click()
    text = passage.get_by_test_id("passage-text")
    text.fill(FEE.replace("20", "35"))
    expect(passage.get_by_test_id("passage-diff")).to_contain_text("35")
    text.press("Control+Enter")
    expect(passage.get_by_test_id("passage-edited")).to_be_visible()

    answer = ask(signed_in, platform, base, QUESTION)
    expect(answer).to_contain_text("35 元")
    expect(answer).not_to_contain_text("20 元")
    answer.get_by_test_id("citation-chip").first.click()
    panel = signed_in.get_by_test_id("source-panel")
    expect(panel.get_by_test_id("edited-notice")).to_contain_text("Administrator")
    expect(panel.get_by_test_id("edited-notice").locator("mark")).to_contain_text("35 元")
    expect(panel.get_by_test_id("highlight")).to_contain_text("20 元")
    expect(signed_in.get_by_role("dialog")).to_have_count(0)

    (tmp_path / "校园卡.txt").write_text(FEE + "\n")  # other bytes, the same words
    upload(platform.client, base, [tmp_path / "校园卡.txt"])
    wait_until_read(platform.client, base, 120)
    assert "35 元" in found(platform, base, QUESTION)
    assert "20 元" not in found(platform, base, QUESTION)


def test_a_passage_that_is_switched_off_is_not_found_any_more(signed_in: Page, platform: Platform, base: str) -> None:
    assert OPENING in found(platform, base, "游泳馆几点开馆？")
    passage = passages_of(signed_in, "游泳馆.txt").first
    switch = passage.get_by_test_id("passage-switch")
    switch.focus()
    switch.press("Space")
    expect(passage).to_have_attribute("data-off", "true")
    assert OPENING not in found(platform, base, "游泳馆几点开馆？")
    switch.press("Space")
    expect(passage).not_to_have_attribute("data-off", "true")
    deadline = time.monotonic() + 60  # a worker puts it back into the index
    while OPENING not in found(platform, base, "游泳馆几点开馆？"):
        assert time.monotonic() < deadline, "it is found again"
        time.sleep(0.5)


def test_several_documents_are_deleted_at_once(signed_in: Page, platform: Platform, base: str) -> None:
    signed_in.get_by_test_id("select-all").check()
    signed_in.get_by_test_id("bulk-delete").click()
    signed_in.get_by_test_id("confirm").click()
    expect(rows(signed_in)).to_have_count(0)
    assert platform.client.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"] == []
    assert found(platform, base, QUESTION) == ""


def test_the_same_content_under_another_name_is_offered_and_not_doubled(
    signed_in: Page, platform: Platform, base: str, tmp_path: Path
) -> None:
    copy = tmp_path / "校园卡（副本）.txt"
    copy.write_text(FEE)
    signed_in.get_by_test_id("page-upload-input").set_input_files([copy])
    offered = signed_in.get_by_test_id("duplicate")
    expect(offered).to_contain_text("校园卡.txt")
    assert len(platform.client.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"]) == 2
    offered.get_by_role("button", name=re.compile("仍然保留")).click()
    expect(rows(signed_in)).to_have_count(3)
    expect(signed_in.get_by_test_id("duplicate")).to_have_count(0)


def test_a_folder_is_uploaded_with_its_folders_and_can_be_looked_into(
    signed_in: Page, base: str, tmp_path: Path
) -> None:
    for year in ("2025", "2026"):
        (tmp_path / "规章" / year).mkdir(parents=True)
        (tmp_path / "规章" / year / "通知.txt").write_text(f"{year} 年的通知。")
    signed_in.locator("input[webkitdirectory]").last.set_input_files(tmp_path / "规章")
    expect(rows(signed_in)).to_have_count(4)
    rows(signed_in).get_by_role("button", name="规章 / 2026").click()
    expect(rows(signed_in)).to_have_count(1)
    expect(rows(signed_in)).to_contain_text("通知.txt")


def test_a_long_file_can_be_paused_goes_on_where_it_was_and_can_be_given_up(
    signed_in: Page, platform: Platform, base: str, tmp_path: Path
) -> None:
    def begun(name: str, seed: int) -> tuple[Locator, str]:
        path = tmp_path / name
        path.write_text("\n\n".join(make_file(number, seed) for number in range(40)))
        id_ = upload(platform.client, base, [path])["documents"][0]["id"]
        row = rows(signed_in).filter(has_text=name)
        expect(row.get_by_test_id("document-state")).to_have_attribute("data-state", "embedding", timeout=60_000)
        return row, id_

    def choose(row: Locator, what: str) -> None:
        row.get_by_role("button", name="操作").click()
        signed_in.get_by_role("menuitem", name=what).click()

    def embedded(id_: str) -> int:
        return int(platform.client.get(f"/api/v1/documents/{id_}").json()["chunks_done"])

    row, id_ = begun("手册.md", seed=1)
    choose(row, "暂停")
    expect(row.get_by_test_id("document-state")).to_have_attribute("data-state", "paused")
    signed_in.wait_for_timeout(2000)  # the batch that was being embedded
    before = embedded(id_)
    signed_in.wait_for_timeout(3000)
    assert embedded(id_) == before
    choose(row, "继续")
    expect(row.get_by_test_id("document-state")).to_have_count(0, timeout=240_000)
    assert "第39-0-0条" in found(platform, base, "第39-0-0条")

    row, id_ = begun("年鉴.md", seed=2)
    choose(row, "取消读取")
    expect(row.get_by_test_id("document-state")).to_have_attribute("data-state", "failed")
    expect(row).to_contain_text("读取已取消。")
    assert rows(signed_in).count() == 4
