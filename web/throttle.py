"""Slows password guessing: few wrong sign-ins a quarter of an hour for one account from one address.

Kept in this process's memory: with N API processes a guesser has N times as many tries, which Argon2 and the
account-wide bound still keep far from useful.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from kb_platform.domain.errors import TooManyRequests

WINDOW_SECONDS = 15 * 60.0
MOST_FAILURES_FROM_ONE_ADDRESS = 5
MOST_FAILURES_FOR_ONE_ACCOUNT = 50
MOST_REMEMBERED = 20_000


class SignInThrottle:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, email: str, address: str) -> None:
        """Raises TooManyRequests when this account had too many wrong sign-ins lately."""
        with self._lock:
            for key, most in self._keys(email, address):
                times = self._recent(key)
                if len(times) >= most:
                    wait = int(times[0] + WINDOW_SECONDS - self._clock()) + 1
                    raise TooManyRequests(
                        f"Too many wrong sign-ins. Try again in {max(1, round(wait / 60))} minutes.", wait
                    )

    def failed(self, email: str, address: str) -> None:
        with self._lock:
            for key, _ in self._keys(email, address):
                self._failures.setdefault(key, deque()).append(self._clock())
            if len(self._failures) > MOST_REMEMBERED:
                for key in list(self._failures):
                    self._recent(key)

    def succeeded(self, email: str, address: str) -> None:
        with self._lock:
            self._failures.pop((email.strip().lower(), address), None)

    def _keys(self, email: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        account = email.strip().lower()
        return (
            ((account, address), MOST_FAILURES_FROM_ONE_ADDRESS),
            ((account, ""), MOST_FAILURES_FOR_ONE_ACCOUNT),
        )

    def _recent(self, key: tuple[str, str]) -> deque[float]:
        times = self._failures.get(key)
        if times is None:
            return deque()
        while times and times[0] <= self._clock() - WINDOW_SECONDS:
            times.popleft()
        if not times:
            del self._failures[key]
        return times
