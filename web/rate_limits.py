"""How often somebody may do something: counted in Redis, so that several API processes agree.

Where Redis does not answer, each process counts for itself until it does: a limit then holds for each process, and
nothing fails for it. Counts of the time before are not carried over.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from kb_platform.accounts import Principal
from kb_platform.domain.errors import TooManyRequests
from kb_platform.settings import LimitSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

QUESTIONS = frozenset({"ask", "create_chat_completion"})
"""Operations that count as a question of their caller; the MCP server counts its own."""
KEY_PREFIX = "kb-limits"
TRY_AGAIN_SECONDS = 10.0
CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 0.5
ROUND_TRIPS = 60
"""Into this many parts at least a limit is taken from Redis: a large one not with a question to Redis for each request,
which would be a good part of what stands before an answer's first word."""
MOST_AHEAD = 50
AHEAD_SECONDS = 5.0
"""What was taken ahead and not used by then is lost to its user: a sixtieth of the limit at most for each process."""
MOST_NAMES = 10_000


class Counters:
    """Moving windows in Redis, or in this process's memory while Redis is away. Thread-safe."""

    def __init__(self, redis_url: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """Without `redis_url` everything is counted in memory."""
        self._clock = clock
        self._away_until = 0.0
        self._ahead: dict[str, tuple[int, float]] = {}
        """Of each name how many more were taken already, and until when they can be used."""
        self._lock = threading.Lock()
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        if redis_url:
            pool = redis.ConnectionPool.from_url(
                redis_url,
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
            storage = RedisStorage(redis_url, connection_pool=pool, key_prefix=KEY_PREFIX)
            self._shared = MovingWindowRateLimiter(storage)

    def take(self, item: RateLimitItem, name: str) -> float:
        """Count one more for `name`. Returns 0, or the seconds until there is room: then it was not counted."""

        def act(windows: MovingWindowRateLimiter) -> float:
            return 0.0 if windows.hit(item, name) else _wait(windows, item, name)

        return self._on_either(act)

    def take_ahead(self, item: RateLimitItem, name: str) -> float:
        """As `take`, but of a large limit several at once, of which the next ones are given from here."""
        several = min(item.amount // ROUND_TRIPS, MOST_AHEAD)
        if several < 2:
            return self.take(item, name)
        now = self._clock()
        with self._lock:
            left, until = self._ahead.pop(name, (0, 0.0))
            if left and now < until:
                self._ahead[name] = (left - 1, until)
                return 0.0
        if not self._on_either(lambda windows: windows.hit(item, name, cost=several)):
            return self.take(item, name)
        with self._lock:
            if len(self._ahead) >= MOST_NAMES:
                self._ahead.clear()
            self._ahead[name] = (several - 1, now + AHEAD_SECONDS)
        return 0.0

    def wait(self, item: RateLimitItem, name: str) -> float:
        """Return the seconds until there is room for one more, 0 where there is; counts nothing."""
        return self._on_either(
            lambda windows: 0.0 if windows.test(item, name) else _wait(windows, item, name),
        )

    def clear(self, item: RateLimitItem, name: str) -> None:
        """Forget what was counted for `name`."""
        self._on_either(lambda windows: windows.clear(item, name))

    def _on_either(self, act: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._shared is not None and self._clock() >= self._away_until:
            try:
                return act(self._shared)
            except (redis.RedisError, OSError):
                with self._lock:
                    is_news = self._clock() >= self._away_until
                    self._away_until = self._clock() + TRY_AGAIN_SECONDS
                if is_news:
                    log.warning(
                        "Redis does not answer: each web process counts rate limits for itself until it does; the next "
                        "try is in %d seconds.",
                        TRY_AGAIN_SECONDS,
                        exc_info=True,
                    )
        return act(self._local)


class RateLimits:
    """What the settings allow a user and a key each minute."""

    def __init__(self, counters: Counters, settings: LimitSettings) -> None:
        self._counters = counters
        self._settings = settings

    def check_request(self, principal: Principal) -> None:
        """Count a request. Raises TooManyRequests."""
        most = self._settings.requests_per_minute
        self._check(most, f"requests user {principal.user_id}", f"{most} requests a minute are allowed here.")
        if principal.credential != "session":
            most = self._settings.key_requests_per_minute
            said = f"{most} requests a minute are allowed for one API key here."
            self._check(most, f"requests key {principal.credential_id}", said)

    def check_question(self, principal: Principal) -> None:
        """Count a question. Raises TooManyRequests."""
        most = self._settings.questions_per_minute
        self._check(most, f"questions user {principal.user_id}", f"{most} questions a minute are allowed here.")

    def check_address(self, address: str) -> None:
        """Count a request of somebody who is not signed in. Raises TooManyRequests."""
        most = self._settings.address_requests_per_minute
        self._check(most, f"requests address {address}", f"{most} requests a minute are allowed here.")

    def check_visitor(self, principal: Principal, address: str) -> None:
        """Count a question that came through a widget, from somebody whom its site names or from an address. Raises
        TooManyRequests."""
        widget, who = principal.credential_id, principal.display_name or address
        for most, name in (
            (self._settings.widget_questions_per_minute, f"questions widget {widget} {who}"),
            (self._settings.widget_questions_per_minute_all, f"questions widget {widget}"),
        ):
            self._check(most, name, f"{most} questions a minute are allowed here.")

    def _check(self, most: int, name: str, said: str) -> None:
        if not most:
            return
        seconds = self._counters.take_ahead(RateLimitItemPerMinute(most), name)
        if seconds:
            wait = max(1, round(seconds + 0.5))
            raise TooManyRequests(f"{said} Try again in {wait} seconds.", wait)


def _wait(windows: MovingWindowRateLimiter, item: RateLimitItem, name: str) -> float:
    return max(0.001, windows.get_window_stats(item, name).reset_time - time.time())
