"""Limits hold over all API processes together, and cost nobody anything while Redis is away."""

from __future__ import annotations

import subprocess
import sys

import pytest
from limits import RateLimitItemPerMinute

from kb_platform.accounts import Principal
from kb_platform.database.tables import Role
from kb_platform.domain.errors import TooManyRequests
from kb_platform.settings import LimitSettings
from tests.integration.web.conftest import Valkey
from web.rate_limits import AHEAD_SECONDS, TRY_AGAIN_SECONDS, Counters, RateLimits
from web.throttle import MOST_FAILURES_FROM_ONE_ADDRESS, SignInThrottle

TEN = RateLimitItemPerMinute(10)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def principal(credential: str = "session", credential_id: str = "s", user_id: str = "u") -> Principal:
    return Principal(user_id, f"{user_id}@x", "", Role.READER, credential, credential_id)  # type: ignore[arg-type]


TAKER = """
import sys
from limits import RateLimitItemPerMinute
from web.rate_limits import Counters
counters = Counters(sys.argv[1])
print(sum(not counters.take(RateLimitItemPerMinute(10), "somebody") for _ in range(8)))
"""


def test_processes_count_together(valkey: Valkey) -> None:
    takers = [
        subprocess.Popen([sys.executable, "-c", TAKER, valkey.url], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert sum(int(taker.communicate(timeout=60)[0]) for taker in takers) == 10


def test_who_is_over_the_limit_is_told_when_to_come_back(valkey: Valkey) -> None:
    limits = RateLimits(Counters(valkey.url), LimitSettings(requests_per_minute=3, key_requests_per_minute=0))
    for _ in range(3):
        limits.check_request(principal())
    with pytest.raises(TooManyRequests) as refused:
        limits.check_request(principal())
    assert 50 <= refused.value.retry_after_seconds <= 61
    limits.check_request(principal(user_id="another"))


def test_a_key_has_a_limit_of_its_own(valkey: Valkey) -> None:
    limits = RateLimits(Counters(valkey.url), LimitSettings(requests_per_minute=0, key_requests_per_minute=1))
    limits.check_request(principal("api_key", "k1"))
    limits.check_request(principal("api_key", "k2"))
    with pytest.raises(TooManyRequests):
        limits.check_request(principal("api_key", "k1"))
    limits.check_request(principal())


def test_a_large_limit_is_taken_in_parts_and_holds_over_all_processes(valkey: Valkey) -> None:
    many = RateLimitItemPerMinute(600)
    one, other = Counters(valkey.url), Counters(valkey.url)
    admitted = sum(not counters.take_ahead(many, "somebody") for _ in range(400) for counters in (one, other))
    assert admitted == 600


def test_what_was_taken_ahead_does_not_outlive_its_time(valkey: Valkey) -> None:
    clock = Clock()
    counters = Counters(valkey.url, clock)
    many = RateLimitItemPerMinute(120)
    assert not counters.take_ahead(many, "somebody")
    other = Counters(valkey.url)
    for _ in range(120):
        other.take(many, "somebody")
    assert not counters.take_ahead(many, "somebody"), "one of the first two was left"
    assert counters.take_ahead(many, "somebody")
    counters.clear(many, "somebody")
    assert not counters.take_ahead(many, "somebody")
    for _ in range(120):
        other.take(many, "somebody")
    clock.now += AHEAD_SECONDS
    assert counters.take_ahead(many, "somebody")


def test_without_redis_each_process_counts_for_itself_and_nothing_fails(valkey: Valkey) -> None:
    clock = Clock()
    counters = Counters(valkey.url, clock)
    for _ in range(10):
        counters.take(TEN, "somebody")
    valkey.stop()
    assert [bool(counters.take(TEN, "somebody")) for _ in range(11)] == [False] * 10 + [True]
    valkey.start()
    clock.now += TRY_AGAIN_SECONDS
    assert [bool(counters.take(TEN, "somebody")) for _ in range(10)] == [False] * 10, "the new server knows nothing"
    assert counters.take(TEN, "somebody")


def test_wrong_sign_ins_count_in_all_processes(valkey: Valkey) -> None:
    one, other = SignInThrottle(Counters(valkey.url)), SignInThrottle(Counters(valkey.url))
    for _ in range(MOST_FAILURES_FROM_ONE_ADDRESS):
        one.failed("a@x", "10.0.0.1")
    with pytest.raises(TooManyRequests):
        other.check("a@x", "10.0.0.1")
