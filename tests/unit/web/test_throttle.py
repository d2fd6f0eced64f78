from __future__ import annotations

import pytest

from kb_platform.domain.errors import TooManyRequests
from web.rate_limits import Counters
from web.throttle import (
    MOST_FAILURES_FOR_ONE_ACCOUNT,
    MOST_FAILURES_FOR_ONE_ADDRESS,
    MOST_FAILURES_FROM_ONE_ADDRESS,
    WINDOW_SECONDS,
    SignInThrottle,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("limits.storage.memory.time", clock)
    monkeypatch.setattr("web.rate_limits.time", clock)
    return clock


@pytest.fixture
def throttle(clock: Clock) -> SignInThrottle:
    return SignInThrottle(Counters(clock=clock.time))


def fail(throttle: SignInThrottle, times: int, email: str = "a@x", address: str = "10.0.0.1") -> None:
    for _ in range(times):
        throttle.check(email, address)
        throttle.failed(email, address)


def test_a_few_wrong_sign_ins_are_allowed_then_one_waits(throttle: SignInThrottle, clock: Clock) -> None:
    fail(throttle, MOST_FAILURES_FROM_ONE_ADDRESS)
    with pytest.raises(TooManyRequests) as refused:
        throttle.check("A@X ", "10.0.0.1")
    assert 0 < refused.value.retry_after_seconds <= WINDOW_SECONDS + 1
    clock.now += refused.value.retry_after_seconds
    throttle.check("a@x", "10.0.0.1")


def test_one_address_does_not_lock_the_account_for_another(throttle: SignInThrottle) -> None:
    fail(throttle, MOST_FAILURES_FROM_ONE_ADDRESS)
    throttle.check("a@x", "10.0.0.2")
    throttle.check("b@x", "10.0.0.1")


def test_many_addresses_together_are_slowed_down_too(throttle: SignInThrottle) -> None:
    for number in range(MOST_FAILURES_FOR_ONE_ACCOUNT):
        fail(throttle, 1, address=f"10.0.1.{number}")
    with pytest.raises(TooManyRequests):
        throttle.check("a@x", "10.9.9.9")


def test_a_right_password_forgets_the_wrong_ones(throttle: SignInThrottle) -> None:
    fail(throttle, MOST_FAILURES_FROM_ONE_ADDRESS - 1)
    throttle.succeeded("a@x", "10.0.0.1")
    fail(throttle, MOST_FAILURES_FROM_ONE_ADDRESS - 1)
    throttle.check("a@x", "10.0.0.1")


def test_guessing_at_many_accounts_from_one_address_is_slowed_down_too(throttle: SignInThrottle) -> None:
    for number in range(MOST_FAILURES_FOR_ONE_ADDRESS):
        fail(throttle, 1, email=f"{number}@x")
    with pytest.raises(TooManyRequests):
        throttle.check("another@x", "10.0.0.1")
    throttle.check("another@x", "10.0.0.2")
