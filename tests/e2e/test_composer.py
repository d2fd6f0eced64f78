"""Where a question is written."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.e2e.test_browser_path import REGULATION, ask, make_base, upload


def test_a_question_sent_before_the_knowledge_bases_are_known_is_asked_of_them_when_they_are(
    signed_in: Page, tmp_path: Path
) -> None:
    regulation = tmp_path / "转专业管理办法.md"
    regulation.write_text(REGULATION)
    make_base(signed_in, "教务处（尚未载入）")
    upload(signed_in, [regulation])
    held: list[Route] = []
    signed_in.route("**/api/v1/knowledge-bases", lambda route: held.append(route))
    signed_in.reload()

    question = signed_in.get_by_test_id("question-input")
    question.fill("转专业对平均学分绩点有什么要求？")
    question.press("Enter")
    expect(signed_in.get_by_test_id("send")).to_have_attribute("data-loading", "true")
    expect(question).to_have_value("转专业对平均学分绩点有什么要求？")
    expect(signed_in.get_by_test_id("answer")).to_have_count(0)

    signed_in.unroute("**/api/v1/knowledge-bases")  # lets go what is held
    expect(signed_in.get_by_test_id("citation-chip").first).to_be_visible(timeout=60_000)
    expect(signed_in.get_by_test_id("answer")).to_have_count(1)
    expect(question).to_have_value("")


def test_a_question_sent_before_its_conversation_has_loaded_is_asked_of_the_conversations_bases(
    signed_in: Page, tmp_path: Path
) -> None:
    regulation = tmp_path / "转专业管理办法.md"
    regulation.write_text(REGULATION)
    make_base(signed_in, "教务处（此会话）")
    upload(signed_in, [regulation])
    ask_only(signed_in, "教务处（此会话）")
    ask(signed_in, "申请材料应于何时提交教务处？")
    expect(signed_in.get_by_test_id("citation-chip").first).to_be_visible(timeout=60_000)
    conversation = signed_in.url
    make_base(signed_in, "总务处（空）")
    ask_only(signed_in, "总务处（空）")

    held: list[Route] = []
    itself = f"**/api/v1/conversations/{conversation.rpartition('/')[2]}"
    signed_in.route(itself, lambda route: held.append(route))
    signed_in.goto(conversation)
    ask(signed_in, "转专业对平均学分绩点有什么要求？")
    expect(signed_in.get_by_test_id("send")).to_have_attribute("data-loading", "true")
    expect(signed_in.get_by_test_id("asked-bases")).to_have_text("…")

    signed_in.unroute(itself)
    answer = signed_in.get_by_test_id("answer").nth(1)
    expect(answer).to_contain_text("3.0", timeout=60_000)
    expect(answer.get_by_test_id("citation-chip").first).to_be_visible()
    expect(signed_in.get_by_test_id("asked-bases")).to_have_text("教务处（此会话）")


def ask_only(page: Page, name: str) -> None:
    """Tick this knowledge base and no other."""
    page.get_by_test_id("asked-bases").click()
    choice = page.get_by_role("dialog").filter(has_text=name)
    wanted = choice.get_by_role("checkbox", name=name)
    expect(wanted).to_be_visible()  # all() does not wait for the choice to open
    for box in choice.get_by_role("checkbox").all():
        box.uncheck()
    wanted.check()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("asked-bases")).to_have_text(name)
