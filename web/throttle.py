"""Slows password guessing: few wrong sign-ins a quarter of an hour for one account from one address.

Counted where rate limits are: in Redis for all API processes together, or in each of them while Redis is away, which
Argon2 and the account-wide bound still keep far from useful to a guesser.
"""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute

from kb_platform.domain.errors import TooManyRequests
from web.rate_limits import Counters

WINDOW_MINUTES = 15
WINDOW_SECONDS = WINDOW_MINUTES * 60.0
MOST_FAILURES_FROM_ONE_ADDRESS = 5
MOST_FAILURES_FOR_ONE_ACCOUNT = 50
MOST_FAILURES_FOR_ONE_ADDRESS = 200
"""Of all accounts together: a school behind one address mistypes, too."""

ONE_ADDRESS = RateLimitItemPerMinute(MOST_FAILURES_FROM_ONE_ADDRESS, WINDOW_MINUTES)
ONE_ACCOUNT = RateLimitItemPerMinute(MOST_FAILURES_FOR_ONE_ACCOUNT, WINDOW_MINUTES)
ALL_ACCOUNTS = RateLimitItemPerMinute(MOST_FAILURES_FOR_ONE_ADDRESS, WINDOW_MINUTES)


class SignInThrottle:
    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def check(self, email: str, address: str) -> None:
        """Raises TooManyRequests when this account, or this address, had too many wrong sign-ins lately."""
        for item, name in _windows(email, address):
            seconds = self._counters.wait(item, name)
            if seconds:
                wait = int(seconds) + 1
                raise TooManyRequests(
                    f"Too many wrong sign-ins. Try again in {max(1, round(wait / 60))} minutes.", wait
                )

    def failed(self, email: str, address: str) -> None:
        for item, name in _windows(email, address):
            self._counters.take(item, name)

    def succeeded(self, email: str, address: str) -> None:
        item, name = _windows(email, address)[0]
        self._counters.clear(item, name)


def _windows(email: str, address: str) -> tuple[tuple[RateLimitItem, str], ...]:
    account = email.strip().lower()
    return (
        (ONE_ADDRESS, f"sign-in {account} from {address}"),
        (ONE_ACCOUNT, f"sign-in {account}"),
        (ALL_ACCOUNTS, f"sign-in from {address}"),
    )
