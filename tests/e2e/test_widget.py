"""The chat on a page of another site: made in the settings, embedded by its tag, asked by a visitor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.platform import Platform, make_knowledge_base, wait_until_read

RULES = "图书馆每天 8:00 至 22:00 开放，学生一次可借二十本书。"


@contextmanager
def site(html: str) -> Iterator[str]:
    """Serve one page at an origin of its own; yield the origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="zh-CN", viewport={"width": 1000, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        yield page


def test_a_visitor_of_another_site_asks_and_sees_where_it_stands(
    signed_in: Page, visitor: Page, platform: Platform
) -> None:
    base = make_knowledge_base(platform.client, "图书馆问答")
    files = [("files", ("规则.txt", RULES.encode()))]
    platform.client.post(f"/api/v1/knowledge-bases/{base}/documents", files=files).raise_for_status()
    wait_until_read(platform.client, base)
    page = signed_in
    page.reload()
    with site("") as allowed, site("") as other:
        page.get_by_test_id("kb-item").filter(has_text="图书馆问答").get_by_role("button").last.click()
        page.get_by_test_id("kb-widgets").click()
        page.get_by_test_id("widget-sites").fill(allowed)
        page.get_by_test_id("make-widget").click()
        tag = page.get_by_test_id("widget-tag").inner_text()
        for origin, is_shown in ((other, False), (allowed, True)):
            visitor.goto(origin)
            visitor.set_content(f"<h1>我们的网站</h1>{tag}")
            visitor.locator("[data-kb-widget=button]").click()
            chat = visitor.frame_locator("[data-kb-widget=frame]")
            if not is_shown:
                visitor.wait_for_timeout(1000)
                assert chat.get_by_test_id("widget-question").count() == 0, "it stands on a site that is not named"
                continue
            expect(chat.get_by_role("heading")).to_have_text("图书馆问答")
            chat.get_by_test_id("widget-question").fill("学生一次可以借多少本书？")
            chat.get_by_test_id("widget-send").click()
            expect(chat.get_by_test_id("answer")).to_contain_text("二十本", timeout=60_000)
            chat.get_by_test_id("citation-chip").first.click()
            expect(chat.get_by_test_id("widget-source")).to_contain_text("规则.txt")
            chat.get_by_test_id("widget-question").fill("Who won the football world cup in 1998?")
            chat.get_by_test_id("widget-send").click()
            expect(chat.get_by_test_id("abstained")).to_be_visible(timeout=60_000)
