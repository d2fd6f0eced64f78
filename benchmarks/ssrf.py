"""Addresses inside the house, asked for through every path that fetches what a stranger names.

The only such path is web search (`inference/websearch/fetching.py`). Its edge is played: a resolver that answers what
the attack wants, and a network that notes every connection. Reached is an address inside that was connected to.

Not counted: the addresses of model, embedding, reranking and search servers. They are set by an administrator (a route
that others are refused) or in the settings, and may lie inside on purpose.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import Iterator, Sequence
from typing import Any

import httpcore

from benchmarks.figures import Figure
from inference.websearch.fetching import FetchLimits, GuardedNetwork, fetch_page
from kb_platform.domain.errors import AddressRefused, PageUnreadable

PUBLIC = "93.184.216.34"
ADDRESSES = 500
INSIDE_V4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
    "240.0.0.0/4",
)  # fmt: skip
INSIDE_V6 = ("::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64")
KNOWN = ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "::", "127.0.0.1")


def measure_ssrf(quick: bool) -> Iterator[Figure]:
    """Yield how many attempts reached an address inside; all of them also when `quick`."""
    del quick
    inside = inside_addresses()
    reached, tried = asyncio.run(_attempts(inside))
    yield Figure("hostile", "ssrf_reached", reached, "attempts", tried)


def inside_addresses() -> list[str]:
    """Return addresses inside, IPv4 ones also in the IPv6 forms that carry them; the same in every run."""
    draw = random.Random(7)
    found = list(KNOWN)
    while len(found) < ADDRESSES:
        network = ipaddress.ip_network(draw.choice(INSIDE_V4))
        v4 = int(network.network_address) + draw.randrange(network.num_addresses)
        form = draw.randrange(8)
        if form < 3:
            found.append(str(ipaddress.IPv4Address(v4)))
        elif form == 7:
            wide = ipaddress.IPv6Network(draw.choice(INSIDE_V6))
            found.append(str(wide[draw.randrange(min(wide.num_addresses, 2**64))]))
        else:
            prefix = (0xFFFF << 32, 0x64FF9B << 96, 0x2002 << 112, 0)[form - 3]
            found.append(str(ipaddress.IPv6Address(prefix | (v4 << 80 if form == 5 else v4))))
    return found


async def _attempts(inside: Sequence[str]) -> tuple[int, int]:
    """Return how many connections went inside, and how many ways were tried."""
    edge = _Edge()
    tried = 0
    for number, address in enumerate(inside):
        literal = f"[{address}]" if ":" in address else address
        ways: list[tuple[str, list[list[str]], str]] = [
            # what is asked for, what the resolver answers time after time, where the public page redirects to
            ("http://named.example.com/", [[address]], ""),
            ("http://mixed.example.com/", [[PUBLIC, address]], ""),
            (f"http://{literal}/", [[address]], ""),
            ("http://turning.example.com/", [[PUBLIC], [address]], "http://turning.example.com/again"),
            ("http://public.example.com/", [[PUBLIC], [address]], "http://inside.example.com/"),
            ("http://public.example.com/", [[PUBLIC], [address]], f"http://{literal}:80/latest/meta-data/"),
        ]
        if "." in address and ":" not in address:
            value = int(ipaddress.IPv4Address(address))
            spelled = (
                f"http://{value}/",
                f"http://0x{value:08x}/",
                f"http://u@{address}/",
                f"http://{address}.nip.io/",
            )
            ways.append((spelled[number % 4], [[address]], ""))
        for url, answers, redirect in ways:
            tried += 1
            edge.redirect = redirect
            try:
                await fetch_page(url, GuardedNetwork(_resolver(answers), edge), FetchLimits(seconds=5))
            except (AddressRefused, PageUnreadable):
                continue
    return sum(address != PUBLIC for address in edge.connected), tried


def _resolver(answers: list[list[str]]) -> Any:
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:  # noqa: ARG001 - the resolver's signature
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


class _Edge(httpcore.AsyncNetworkBackend):
    """A network in which every server answers the same; it notes what it was connected to."""

    def __init__(self) -> None:
        self.connected: list[str] = []
        self.redirect = ""

    async def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> httpcore.AsyncNetworkStream:  # noqa: ARG002
        self.connected.append(host)
        status = f"302 Found\r\nLocation: {self.redirect}" if self.redirect else "200 OK"
        body = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok".encode()
        return httpcore.AsyncMockStream([body])

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
