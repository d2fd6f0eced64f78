"""Asking the web in the browser: switched on beside the question, checked beside the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from kb_platform.database.migrate import upgrade
from kb_platform.settings import (
    IndexSettings,
    QueueSettings,
    SecuritySettings,
    Settings,
    WebSearchSettings,
)
from tests.integration.api.conftest import PASSWORD, REPOSITORY, Running, running
from tests.web_pages import Sites, guarded, serving

HOURS = """<html><head><title>图书馆开放时间</title><meta property="og:site_name" content="示例大学图书馆"></head><body>
<article><h1>图书馆开放时间</h1><p>总图书馆每天8:00至22:00开放，法定节假日闭馆。读者凭校园卡入馆。</p></article></body></html>"""


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    made = Sites()
    made.page("http://lib.example.edu/hours", HOURS)
    made.results = [{"url": "http://lib.example.edu/hours", "title": "图书馆开放时间", "publishedDate": "2026-03-02"}]
    with serving(made):
        yield made


@pytest.fixture(scope="module")
def searching(tmp_path_factory: pytest.TempPathFactory, index_url: str, sites: Sites) -> Iterator[Running]:
    """A web process with a search engine, on an empty database."""
    if not (REPOSITORY / "web" / "ui" / "dist" / "index.html").is_file():
        pytest.skip("the browser app is not built (cd web/ui && npm run build)")
    data: Path = tmp_path_factory.mktemp("searching")
    models = REPOSITORY / ".pytest_cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (data / "models").symlink_to(models)
    settings = Settings(
        _env_file=None,
        data_dir=data,
        security=SecuritySettings(secret_key=SecretStr("of this test"), admin_password=SecretStr(PASSWORD)),
        index=IndexSettings(url=index_url, collection_prefix="searching"),
        queue=QueueSettings(url=SecretStr("redis://127.0.0.1:1/0")),
        web_search=WebSearchSettings(provider="searxng", base_url=f"http://127.0.0.1:{sites.port}"),
    )
    upgrade(settings)
    with running(settings) as made:
        object.__setattr__(made.services.web, "network", guarded(sites)[0])
        yield made


@pytest.fixture
def web_page(browser: Browser, searching: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=searching.url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    page.get_by_test_id("login-email").fill("admin@localhost")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("question-input").wait_for()
    yield page
    context.close()
    own = (searching.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == [], "the page asked another origin"


def test_an_administrator_allows_it_and_the_page_is_cited_as_it_was_seen(web_page: Page) -> None:
    toggle = web_page.get_by_test_id("web-search")
    expect(toggle).to_be_disabled()
    web_page.get_by_test_id("account-menu").click()
    web_page.get_by_test_id("web-search-settings").click()
    web_page.get_by_test_id("web-everyone").click()
    expect(web_page.get_by_test_id("web-everyone")).to_be_checked()
    web_page.keyboard.press("Escape")
    expect(toggle).to_be_enabled()
    toggle.click()
    web_page.get_by_test_id("question-input").fill("图书馆每天几点开放？")
    web_page.get_by_test_id("question-input").press("Enter")
    chip = web_page.get_by_test_id("citation-chip").first
    expect(chip).to_be_visible(timeout=60_000)
    expect(web_page.get_by_test_id("answer").last).to_contain_text("8:00至22:00")
    chip.click()
    panel = web_page.get_by_test_id("web-page-panel")
    expect(panel.locator("mark")).to_contain_text("8:00至22:00")
    expect(panel).to_contain_text("示例大学图书馆")
    link = panel.get_by_test_id("web-open")
    assert link.get_attribute("href") == "http://lib.example.edu/hours"
    assert link.get_attribute("target") == "_blank"
    assert set((link.get_attribute("rel") or "").split()) == {"noopener", "noreferrer"}
    # Nothing in the answer itself leads anywhere.
    expect(web_page.get_by_test_id("answer").last.locator("a, img")).to_have_count(0)
    web_page.reload()
    expect(web_page.get_by_test_id("web-page-panel").locator("mark")).to_contain_text("8:00至22:00")


def test_a_search_that_fails_is_said_above_the_answer(web_page: Page, sites: Sites) -> None:
    web_page.get_by_test_id("web-search").click()
    sites.engine_status = 500
    try:
        web_page.get_by_test_id("question-input").fill("图书馆每天几点开放？")
        web_page.get_by_test_id("question-input").press("Enter")
        expect(web_page.get_by_test_id("notice")).to_contain_text("联网搜索没有回应", timeout=60_000)
    finally:
        sites.engine_status = 200
