"""Search engines: a query in, addresses with titles out.

Their own address comes from the settings and may lie inside the house on purpose (SearXNG on the next machine); it is
asked by an ordinary client that follows no redirect.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from kb_platform.domain.errors import SettingsError, WebSearchUnavailable
from kb_platform.settings import WebSearchSettings

BOCHA_URL = "https://api.bochaai.com"
LONGEST_QUERY = 400
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page that a search engine found. `published` is YYYY-MM-DD or empty; `excerpt` is what the engine shows."""

    url: str
    title: str
    excerpt: str = ""
    site: str = ""
    published: str = ""


SearchEngine = Callable[[str], Awaitable[list[SearchResult]]]
"""Query → results, best first. Raises WebSearchUnavailable."""


def search_engine(settings: WebSearchSettings) -> SearchEngine:
    """Return the configured engine. Raises SettingsError."""
    if settings.provider == "searxng":
        if not settings.base_url:
            raise SettingsError("web_search.base_url: give the address of SearXNG.")
        return _SearXNG(settings)
    if settings.provider == "bocha":
        if settings.api_key is None:
            raise SettingsError("web_search.api_key: Bocha wants a key.")
        return _Bocha(settings)
    raise SettingsError("web_search.provider: no search engine is configured.")


@dataclass(frozen=True)
class _SearXNG:
    """GET /search?format=json (`json` has to be among `search.formats` of its settings.yml)."""

    settings: WebSearchSettings

    async def __call__(self, query: str) -> list[SearchResult]:
        url = f"{self.settings.base_url.rstrip('/').removesuffix('/search')}/search"
        answer = await _ask(self.settings, "GET", url, params={"q": query[:LONGEST_QUERY], "format": "json"})
        return [_result(row, "title", ("content",), "", "publishedDate") for row in _rows(answer, "results")]


@dataclass(frozen=True)
class _Bocha:
    """POST /v1/web-search, the answer in the form of Bing's web search."""

    settings: WebSearchSettings

    async def __call__(self, query: str) -> list[SearchResult]:
        url = f"{(self.settings.base_url or BOCHA_URL).rstrip('/').removesuffix('/v1')}/v1/web-search"
        body = {
            "query": query[:LONGEST_QUERY], "freshness": "noLimit", "summary": True, "count": self.settings.results,
        }  # fmt: skip
        answer = await _ask(self.settings, "POST", url, json=body)
        if str(answer.get("code", 200)) != "200":
            raise WebSearchUnavailable(f"Bocha refused the search: {str(answer.get('msg') or answer)[:200]}")
        pages = (answer.get("data") or {}).get("webPages") or {}
        return [
            _result(row, "name", ("summary", "snippet"), "siteName", "datePublished") for row in _rows(pages, "value")
        ]


async def _ask(settings: WebSearchSettings, method: str, url: str, **more: Any) -> dict[str, Any]:
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        async with httpx.AsyncClient(timeout=settings.timeout_seconds, trust_env=False) as client:
            response = await client.request(method, url, headers=headers, **more)
        if response.status_code != 200:
            hint = " Is `json` among its search.formats?" if response.status_code == 403 else ""
            raise WebSearchUnavailable(f"The search engine answered {response.status_code}.{hint}")
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebSearchUnavailable(f"The search engine at {url} did not answer: {error!r}") from error
    except ValueError as error:
        raise WebSearchUnavailable("The search engine's answer is not JSON.") from error
    if not isinstance(answer, dict):
        raise WebSearchUnavailable("The search engine's answer has not the expected form.")
    return answer


def _rows(answer: Any, name: str) -> list[dict[str, Any]]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    return [row for row in rows or [] if isinstance(row, dict) and isinstance(row.get("url"), str)]


def _result(row: dict[str, Any], title: str, excerpts: tuple[str, ...], site: str, published: str) -> SearchResult:
    date = _DATE.match(_text(row.get(published)))
    excerpt = next((text for name in excerpts if (text := _text(row.get(name)))), "")
    return SearchResult(row["url"], _text(row.get(title)), excerpt, _text(row.get(site)), date.group() if date else "")


def _text(value: Any) -> str:
    return " ".join(_TAG.sub("", value).split()) if isinstance(value, str) else ""
