"""From a page's HTML to its text, in a child process: a page may be made to take a parser down.

The child (`python -m inference.websearch.extraction`) reads pages from its standard input and answers each with a line
of JSON. It is started before the search engine is asked, so that it has loaded its libraries when the first page comes,
and ended with the search.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.websearch.fetching import FetchedPage
from kb_platform.domain.errors import PageUnreadable

MODULE = "inference.websearch.extraction"
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 20
LONGEST_TEXT = 60_000
LONGEST_TITLE = 300
LONGEST_LINE = 16 * 1024 * 1024
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says: its main text, without navigation, advertisements and comments. `published` is YYYY-MM-DD or
    empty."""

    text: str
    title: str = ""
    site: str = ""
    published: str = ""


class TextExtractor:
    """The child, as this process sees it: one page at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def __call__(self, page: FetchedPage) -> PageText:
        """Return the page's text. Raises PageUnreadable where it holds none, or cannot be parsed within the limits."""
        async with self._turn:
            line = await self._ask(page)
        if not line:
            raise PageUnreadable("The page could not be parsed within the limits on time and memory.")
        found = PageText(**json.loads(line))
        if not found.text:
            raise PageUnreadable("The page holds no text.")
        return found

    async def _ask(self, page: FetchedPage) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        said = {"url": page.url, "type": page.content_type, "body": base64.b64encode(page.body).decode()}
        try:
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            await self._process.stdin.drain()
            return await self._process.stdout.readline()
        except (ConnectionError, ValueError):
            return b""


@asynccontextmanager
async def text_extractor() -> AsyncIterator[TextExtractor]:
    """Run the child; it is killed at the end, whatever it is doing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", MODULE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=LONGEST_LINE, env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    try:
        yield TextExtractor(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def read_page(body: bytes, content_type: str, url: str) -> PageText:
    """Return the text of a page. Asks no network: what is not in the bytes is not known."""
    if content_type.partition(";")[0].strip().lower() == "text/plain":
        return PageText(_tidy(_decoded(body, content_type)))
    import trafilatura

    # The server's word on the encoding counts more than a guess; without it trafilatura looks into the page.
    said = _charset(content_type)
    html: str | bytes = _decoded(body, content_type) if said else body
    found = trafilatura.bare_extraction(
        html, url=url, with_metadata=True, include_comments=False, include_links=False, include_images=False,
        include_tables=True, deduplicate=False,
    )  # fmt: skip
    if found is None or isinstance(found, dict):
        return PageText("")
    return PageText(
        _tidy(found.text or ""),
        (found.title or "")[:LONGEST_TITLE],
        (found.sitename or "")[:LONGEST_TITLE],
        (found.date or "")[:10],
    )


def _decoded(body: bytes, content_type: str) -> str:
    from charset_normalizer import from_bytes

    if name := _charset(content_type):
        with contextlib.suppress(LookupError):
            return body.decode(name, errors="replace")
    best = from_bytes(body).best()
    return str(best) if best else body.decode("utf-8", errors="replace")


def _charset(content_type: str) -> str:
    named = re.search(r"charset=[\"']?([\w-]{2,40})", content_type, re.IGNORECASE)
    return {"gb2312": "gb18030", "gbk": "gb18030"}.get(named.group(1).lower(), named.group(1)) if named else ""


def _tidy(text: str) -> str:
    """Return the text without control and invisible characters, lines trimmed, blank ones dropped."""
    text = _INVISIBLE.sub("", text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_TEXT]


def _serve() -> None:
    import trafilatura  # noqa: F401 - loaded while the search engine is being asked

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for line in sys.stdin:
        page = json.loads(line)
        try:
            found = read_page(base64.b64decode(page["body"]), page["type"], page["url"])
        except (ValueError, AttributeError, TypeError, RecursionError, LookupError, AssertionError):
            found = PageText("")  # what a malformed page makes of a parser
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
