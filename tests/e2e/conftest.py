"""A real browser, signed in to a real platform."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.platform import Platform

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, platform: Platform) -> Iterator[Page]:
    """A page at the platform's start, in Chinese; the test fails when the page asked another origin for anything or
    wrote an error to its console."""
    context = browser.new_context(base_url=platform.url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    foreign: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if _is_foreign(request.url, platform.url) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert foreign == [], "the page asked another origin"
    assert errors == [], "the page raised an error"


@pytest.fixture
def signed_in(page: Page, platform: Platform) -> Page:
    """The page, signed in as administrator."""
    page.goto("/")
    page.get_by_test_id("login-email").fill(platform.email)
    page.get_by_test_id("login-password").fill(platform.password)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("question-input").wait_for()
    return page


def _is_foreign(url: str, own: str) -> bool:
    return not url.startswith((own, "data:", "blob:"))
