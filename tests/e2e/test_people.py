"""An administrator gives a new person a department, shares a knowledge base with it, and takes it away again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.platform import Platform, make_knowledge_base


@pytest.fixture
def base(platform: Platform, request: pytest.FixtureRequest) -> Iterator[str]:
    id_ = make_knowledge_base(platform.client, f"{request.node.name} {uuid.uuid4().hex[:6]}")
    yield id_
    platform.client.delete(f"/api/v1/knowledge-bases/{id_}").raise_for_status()


def share_dialog(page: Page, name: str) -> None:
    item = page.get_by_test_id("kb-item").filter(has_text=name)
    item.hover()
    item.get_by_role("button", name=f"{name} 的操作").click()
    page.get_by_test_id("kb-share").click()


def test_from_a_new_person_to_a_share_and_its_end(
    signed_in: Page, browser: Browser, platform: Platform, base: str
) -> None:
    page, department, email = signed_in, f"法学院 {uuid.uuid4().hex[:6]}", f"{uuid.uuid4().hex[:8]}@example.edu"
    page.goto("/people")
    page.get_by_test_id("departments-tab").click()
    page.get_by_test_id("add-department").click()
    page.get_by_test_id("department-name").fill(department)
    page.get_by_test_id("department-save").click()
    expect(page.get_by_test_id("department-row").filter(has_text=department)).to_be_visible()

    page.get_by_role("tab", name="人员").click()
    page.get_by_test_id("add-person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("电子邮箱").fill(email)
    dialog.get_by_label("部门").fill(department)
    page.get_by_role("option", name=department).click()
    page.get_by_test_id("add-person-submit").click()
    password = page.get_by_test_id("made-password").inner_text()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("person-row").filter(has_text=email)).to_be_visible()

    name = platform.client.get(f"/api/v1/knowledge-bases/{base}").json()["name"]
    page.goto("/")
    share_dialog(page, name)
    page.get_by_test_id("subject-picker").fill(department)
    page.get_by_role("option", name=department).click()
    expect(page.get_by_test_id("share-row").filter(has_text=department)).to_be_visible()
    page.get_by_test_id("share-save").click()
    expect(page.get_by_test_id("share-dialog")).to_be_hidden()

    context = browser.new_context(base_url=platform.url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    theirs = context.new_page()
    theirs.goto("/")
    theirs.get_by_test_id("login-email").fill(email)
    theirs.get_by_test_id("login-password").fill(password)
    theirs.get_by_test_id("login-submit").click()
    item = theirs.get_by_test_id("kb-item").filter(has_text=name)
    expect(item).to_be_visible()
    expect(item.get_by_role("button", name=f"{name} 的操作")).to_have_count(0)
    expect(theirs.get_by_test_id("kb-create")).to_have_count(0)

    share_dialog(page, name)
    page.get_by_role("button", name=f"移除{department}").click()
    page.get_by_test_id("share-save").click()
    expect(page.get_by_test_id("share-dialog")).to_be_hidden()
    theirs.reload()
    theirs.get_by_test_id("question-input").wait_for()
    expect(item).to_have_count(0)
    context.close()
