"""The API's page works in a real browser under the platform's own Content-Security-Policy."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from benchmarks.platform import Platform


def test_the_description_is_shown_without_anything_from_elsewhere(page: Page, platform: Platform) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    page.request.post("/api/v1/sessions", data={"email": platform.email, "password": platform.password})
    page.goto("/api/docs")  # the page fixture sees to it that no other origin is asked
    expect(page.get_by_text("/api/v1/conversations/{conversation_id}/turns").first).to_be_visible()
    assert refused == []
