"""The one function that reads pages: it reaches public websites only, and takes from them only so much."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Iterator

import pytest

from inference.websearch.fetching import FetchedPage, FetchLimits, fetch_page
from kb_platform.domain.errors import AddressRefused, PageUnreadable
from tests.web_pages import PUBLIC, Answer, Sites, guarded, serving

LIMITS = FetchLimits(bytes=100_000, seconds=3)
HTML = {"Content-Type": "text/html"}


@pytest.fixture
def sites() -> Iterator[Sites]:
    made = Sites()
    with serving(made):
        yield made


def fetch(sites: Sites, url: str, names: dict[str, list[str]] | None = None) -> FetchedPage:
    network, _ = guarded(sites, names)
    return asyncio.run(fetch_page(url, network, LIMITS))


def test_a_page_comes_with_its_type_and_where_it_was_found(sites: Sites) -> None:
    sites.page("http://a.example.edu/x", "<p>hello</p>")
    sites.redirect("http://b.example.edu/", "http://a.example.edu/x")
    page = fetch(sites, "http://b.example.edu/")
    assert page == FetchedPage("http://a.example.edu/x", "text/html; charset=utf-8", b"<p>hello</p>")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:7f00:1", "fd00::1"])
def test_a_name_that_leads_inside_is_not_connected_to(sites: Sites, address: str) -> None:
    network, edge = guarded(sites, {"inside.example.edu": [address]})
    with pytest.raises(AddressRefused):
        asyncio.run(fetch_page("http://inside.example.edu/", network, LIMITS))
    assert edge.connected == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(sites: Sites) -> None:
    with pytest.raises(AddressRefused):
        fetch(sites, "http://two.example.edu/", {"two.example.edu": [PUBLIC, "10.0.0.1"]})


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(sites: Sites) -> None:
    """A name that answers otherwise the second time (DNS rebinding) is never asked a second time."""
    sites.page("http://turning.example.edu/", "<p>hello</p>")
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    network, edge = guarded(sites)

    async def turning(host: str, port: int) -> list[str]:
        return next(answers)

    network._resolve = turning
    assert asyncio.run(fetch_page("http://turning.example.edu/", network, LIMITS)).body == b"<p>hello</p>"
    assert edge.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/", "http://inside.example.edu/", "http://a.example.edu:8080/", "file:///etc/passwd",
           "http://user@a.example.edu/", "//localhost/"],
)  # fmt: skip
def test_each_redirect_is_checked_like_the_first_address(sites: Sites, to: str) -> None:
    sites.redirect("http://a.example.edu/", to)
    with pytest.raises(AddressRefused):
        fetch(sites, "http://a.example.edu/", {"inside.example.edu": ["192.168.0.1"]})
    assert [host for host, _ in sites.asked] == ["a.example.edu"]


def test_redirects_end(sites: Sites) -> None:
    sites.redirect("http://a.example.edu/", "http://a.example.edu/")
    with pytest.raises(PageUnreadable):
        fetch(sites, "http://a.example.edu/")
    assert len(sites.asked) == LIMITS.redirects + 1


def test_a_page_may_be_only_so_large(sites: Sites) -> None:
    sites.page("http://a.example.edu/", "x" * 100_001)
    with pytest.raises(PageUnreadable, match="larger"):
        fetch(sites, "http://a.example.edu/")


def test_a_packed_page_is_unpacked_only_so_far(sites: Sites) -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    assert len(packed) < 100_000
    sites.pages["a.example.edu", "/"] = Answer(packed, {**HTML, "Content-Encoding": "gzip"})
    with pytest.raises(PageUnreadable, match="larger"):
        fetch(sites, "http://a.example.edu/")
    sites.pages["a.example.edu", "/"] = Answer(gzip.compress(b"hello"), {**HTML, "Content-Encoding": "gzip"})
    assert fetch(sites, "http://a.example.edu/").body == b"hello"


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "application/octet-stream"}, {**HTML, "Content-Encoding": "br"}]
)
def test_only_pages_of_text_are_taken(sites: Sites, headers: dict[str, str]) -> None:
    sites.pages["a.example.edu", "/"] = Answer(b"hello", headers)
    with pytest.raises(PageUnreadable):
        fetch(sites, "http://a.example.edu/")


def test_a_page_that_does_not_come_is_not_waited_for(sites: Sites) -> None:
    def slow() -> Answer:
        time.sleep(2)
        return Answer(b"late", HTML)

    sites.pages["a.example.edu", "/"] = slow
    network, _ = guarded(sites)
    began = time.monotonic()
    with pytest.raises(PageUnreadable, match="within"):
        asyncio.run(fetch_page("http://a.example.edu/", network, FetchLimits(seconds=0.3)))
    assert time.monotonic() - began < 1.5


def test_a_server_that_speaks_no_http_is_a_page_that_cannot_be_read(sites: Sites) -> None:
    with pytest.raises(PageUnreadable):
        fetch(sites, "https://a.example.edu/")
