"""What calls took, kept and summed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from kb_platform.accounts import Principal, add_user
from kb_platform.api_keys import add_api_key
from kb_platform.database.engine import Database, open_database
from kb_platform.database.migrate import upgrade
from kb_platform.database.tables import Role, UsagePurpose, now
from kb_platform.model_endpoints import Prices
from kb_platform.settings import Settings
from kb_platform.usage import GroupBy, TokenCounts, UsageSum, add_usage, as_csv, cost_of, usage_sums

PRICES = Prices(cache_hit=1.0, cache_miss=4.0, output=16.0)
TOKENS = TokenCounts(prompt=1000, cached=400, reasoning=50, answer=150)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    upgrade(settings)
    return open_database(settings)


def person(database: Database, email: str) -> Principal:
    user = add_user(database, email, "correct horse battery", Role.READER)
    return Principal(user.id, email, "", Role.READER, "session", "token")


def sums(database: Database, *groups: GroupBy, user_id: str | None = None) -> list[UsageSum]:
    with database.reading() as session:
        return usage_sums(session, groups, now() - timedelta(days=1), now() + timedelta(days=1), user_id)


def test_tokens_from_the_cache_have_their_own_price() -> None:
    assert cost_of(TOKENS, PRICES) == pytest.approx((400 * 1 + 600 * 4 + 200 * 16) / 1_000_000)


def test_usage_is_summed_by_what_is_asked(database: Database) -> None:
    ann, bob = person(database, "ann@example.edu"), person(database, "bob@example.edu")
    key = add_api_key(database, ann.user_id, "thesis").row
    ann_by_key = Principal(ann.user_id, ann.email, "", Role.READER, "api_key", key.id)
    for who, model in ((ann, "r1"), (ann, "v3"), (bob, "r1"), (ann_by_key, "r1")):
        add_usage(database, who, model, "http://x/v1", UsagePurpose.ANSWER, TOKENS, PRICES)
    by_user = {one.user: one.calls for one in sums(database, GroupBy.USER)}
    assert by_user == {"ann@example.edu": 3, "bob@example.edu": 1}
    by_model = {one.model: (one.prompt_tokens, one.cached_tokens) for one in sums(database, GroupBy.MODEL)}
    assert by_model == {"r1": (3000, 1200), "v3": (1000, 400)}
    by_key = {(one.api_key, one.user): one.calls for one in sums(database, GroupBy.API_KEY)}
    assert by_key == {("", ""): 3, ("thesis", ""): 1}
    (own,) = sums(database, GroupBy.DAY, user_id=bob.user_id)
    assert (own.day, own.calls, own.reasoning_tokens, own.answer_tokens) == (now().date().isoformat(), 1, 50, 150)
    assert own.cost == pytest.approx(cost_of(TOKENS, PRICES))
    assert sums(database, user_id="nobody") == []


def test_a_new_price_changes_no_past(database: Database) -> None:
    ann = person(database, "ann@example.edu")
    add_usage(database, ann, "r1", "", UsagePurpose.ANSWER, TOKENS, PRICES)
    add_usage(database, ann, "r1", "", UsagePurpose.ANSWER, TOKENS, Prices())
    (total,) = sums(database)
    assert total.cost == pytest.approx(cost_of(TOKENS, PRICES))


def test_a_name_in_the_csv_is_never_a_formula() -> None:
    one = UsageSum("2026-01-01", "a@b", "=HYPERLINK(1)", "", "r1", 1, 2, 3, 4, 5, 0, 0.5)
    header, row = csv.reader(io.StringIO(as_csv([one], "CNY").removeprefix("\ufeff")))
    assert header[-1] == "cost_CNY"
    assert row[2] == "'=HYPERLINK(1)"
    assert row[-1] == "0.5"
