"""Which addresses the platform may fetch from: public ones, and none that leads back into the house.

An address is public only if every rule here and Python's own table say so. IPv6 is public only inside 2000::/3; the
forms that carry an IPv4 address inside (mapped, 6to4, NAT64, Teredo, ISATAP) are refused whatever they carry: nothing
that a search engine names needs them, and a gateway would send them on to the address inside.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from kb_platform.domain.errors import AddressRefused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# IANA's special-purpose registries, and two metadata services that live on public-looking addresses.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    )
)  # fmt: skip
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_ISATAP = (0x00005EFE, 0x02005EFE)
PORTS = {"http": 80, "https": 443}
LONGEST_URL = 2_000
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_TOP_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{2,59}")
_PRINTABLE = re.compile(r"[!-~]+")
_NAMES_INSIDE = (
    "localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion", "test", "invalid",
)  # fmt: skip
"""Last labels of names that are not on the public web."""


def is_public(address: str) -> bool:
    """Say whether an IP address, as text, is one on the public internet; False too for what is none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _REFUSED_V4)
    is_isatap = (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP
    return ip in _PUBLIC_V6 and not is_isatap and not any(ip in network for network in _REFUSED_V6)


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A checked http or https address; `target` is path and query as they are sent."""

    scheme: str
    host: str
    target: str

    @property
    def port(self) -> int:
        return PORTS[self.scheme]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"


def web_address(url: str) -> WebAddress:
    """Return the address, taken apart once so that what was checked is what is asked. Raises AddressRefused for other
    schemes and ports, user names, IP addresses in any spelling, and names that are not on the public web."""
    url = _ascii(url.strip().partition("#")[0])
    if not url or len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise AddressRefused("This is not the address of a web page.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not the address of a web page.") from error
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in PORTS:
        raise AddressRefused("Only http and https pages are read.")
    if port not in (None, PORTS[scheme]):
        raise AddressRefused("Only pages on the ports 80 and 443 are read.")
    if "@" in parts.netloc:
        raise AddressRefused("An address with a user name in it is not read.")
    _check_name(host)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebAddress(scheme, host, target if target.startswith("/") else f"/{target}")


def _check_name(host: str) -> None:
    labels = host.split(".")
    is_name = len(host) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    # A last label of letters rules out every spelling of an IP address: 2130706433, 0x7f.1, 127.1, [::1].
    if not is_name or not _TOP_LABEL.fullmatch(labels[-1]) or labels[-1] in _NAMES_INSIDE:
        raise AddressRefused(f"“{host[:80]}” is not the name of a public website.")


def _ascii(url: str) -> str:
    """Return an internationalised address as it goes over the wire. Raises AddressRefused."""
    if url.isascii():
        return url
    import httpx

    try:
        return str(httpx.URL(url))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise AddressRefused("This is not the address of a web page.") from error
