"""A question to the web: the search engine's results, their pages read, their best passages."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpcore

from inference.websearch.addresses import web_address
from inference.websearch.extraction import LONGEST_TITLE, TextExtractor, text_extractor
from inference.websearch.fetching import FetchLimits, GuardedNetwork, fetch_page
from inference.websearch.passages import ReadPage, best_passages
from inference.websearch.providers import SearchEngine, SearchResult, search_engine
from kb_platform.domain.chunk import Hit, WebPage
from kb_platform.domain.errors import AddressRefused, PageUnreadable
from kb_platform.embedding import EmbeddingModel
from kb_platform.settings import WebSearchSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebFindings:
    hits: tuple[Hit, ...]
    seconds: float


@dataclass(frozen=True)
class WebSearch:
    """What a search of the web needs, wired once per process."""

    engine: SearchEngine
    network: httpcore.AsyncNetworkBackend
    embedding: EmbeddingModel
    settings: WebSearchSettings

    async def __call__(self, query: str, most: int) -> WebFindings:
        """Return the `most` best passages of the pages found; none where nothing was found. Raises
        WebSearchUnavailable where the engine does not answer; a page that cannot be read is represented by what the
        engine shows of it, and one that must not be fetched by nothing."""
        began = time.monotonic()
        async with text_extractor() as extract:
            results = (await self.engine(query))[: self.settings.results]
            read = await asyncio.gather(*(self._read(result, extract) for result in results))
        pages = {page.page.url: page for page in reversed(read) if page is not None}
        hits = await asyncio.to_thread(best_passages, query, list(pages.values())[::-1], self.embedding, most)
        return WebFindings(tuple(hits), time.monotonic() - began)

    async def _read(self, result: SearchResult, extract: TextExtractor) -> ReadPage | None:
        limits = FetchLimits(self.settings.page_kib * 1024, self.settings.page_seconds)
        now = datetime.now(UTC)
        try:
            address = web_address(result.url)
            try:
                page = await fetch_page(result.url, self.network, limits)
                async with asyncio.timeout(limits.seconds):
                    said = await extract(page)
            except (PageUnreadable, TimeoutError) as error:
                log.info("%s: %s", address.url, error)
                if not result.excerpt:
                    return None
                shown = WebPage(address.url, result.site or address.host, result.published, now, is_excerpt=True)
                return ReadPage(shown, result.title[:LONGEST_TITLE], result.excerpt)
        except AddressRefused as error:
            log.warning("A search result was not fetched: %s", error.message)
            return None
        site = result.site or said.site or web_address(page.url).host
        seen = WebPage(page.url, site, said.published or result.published, now)
        return ReadPage(seen, (result.title or said.title)[:LONGEST_TITLE], said.text)


def open_web_search(
    settings: WebSearchSettings, embedding: EmbeddingModel, network: httpcore.AsyncNetworkBackend | None = None
) -> WebSearch | None:
    """Return the configured web search, None where none is. Raises SettingsError."""
    if not settings.provider:
        return None
    return WebSearch(search_engine(settings), network or GuardedNetwork(), embedding, settings)
