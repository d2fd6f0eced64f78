"""No address that leads back into the house is a public one, however it is written."""

from __future__ import annotations

import pytest

from inference.websearch.addresses import is_public, web_address
from kb_platform.domain.errors import AddressRefused

INSIDE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:4860::5efe:7f00:1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "127.1",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.0.1",
    "100.128.0.1",
    "2001:4860:4860::8888",
    "2400:3200::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.edu@127.0.0.1/", "http://user:pw@example.edu/", "http://127.0.0.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://127.1/",
        "http://localhost/", "http://intranet/", "http://printer.local/", "http://metadata.google.internal/",
        "http://example.edu:22/", "http://example.edu:443/", "https://example.edu:80/", "https://example.edu:6379/",
        "ftp://example.edu/", "file:///etc/passwd", "gopher://example.edu/", "javascript:alert(1)", "//example.edu/",
        "http:///path", "http://", "", "http://example.edu\\@127.0.0.1/", "http://exam ple.edu/", "http://example.edu./",
        "http://example..edu/", "http://-.edu/", "http://example.edu%2f@127.0.0.1", "http://１２７.0.0.1/",
        "http://example.edu/\r\nHost: 127.0.0.1", "http://ⓛocalhost/", "http://example.edu:99999/",
        f"http://example.edu/{'a' * 3000}",
    ],
)  # fmt: skip
def test_only_plain_addresses_of_public_websites_are_read(url: str) -> None:
    with pytest.raises(AddressRefused):
        web_address(url)


def test_what_was_checked_is_what_is_asked() -> None:
    address = web_address(" HTTPS://Www.Example.EDU:443/a/b?q=1&r=%20#part ")
    assert (address.scheme, address.host, address.port) == ("https", "www.example.edu", 443)
    assert address.target == "/a/b?q=1&r=%20"
    assert address.url == "https://www.example.edu/a/b?q=1&r=%20"


def test_a_chinese_address_is_asked_as_it_goes_over_the_wire() -> None:
    address = web_address("https://例子.中国/规定?页=1")
    assert address.host == "xn--fsqu00a.xn--fiqs8s"
    assert address.target.isascii()
