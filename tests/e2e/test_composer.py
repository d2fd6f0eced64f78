"""Where a question is written."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.e2e.test_browser_path import REGULATION, make_base, upload


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
