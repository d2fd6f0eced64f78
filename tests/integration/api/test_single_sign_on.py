"""Single sign-on against a real OpenID Connect provider: who comes in, as whom, and what is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from kb_platform.settings import Settings, SingleSignOnSettings
from tests.integration.api.conftest import Running, running
from tests.oidc_provider import consent, oidc_provider
from tests.people import campus
from web.api.dependencies import COOKIE
from web.api.single_sign_on import COOKIE as SIGN_ON_COOKIE

START, CALLBACK = "/api/v1/single-sign-on/start", "/api/v1/single-sign-on/callback"


@dataclass(frozen=True)
class House:
    """A platform with a provider, and an administrator's client to look at what came of it."""

    issuer: str
    platform: Running
    admin: httpx.Client

    def person(self, **claims: object) -> str:
        """Let the provider know somebody; return their subject."""
        subject = uuid.uuid4().hex
        httpx.put(f"{self.issuer}/users/{subject}", json=claims, trust_env=False).raise_for_status()
        return subject

    def sign_in(self, subject: str, next_page: str = "/") -> tuple[httpx.Client, httpx.Response]:
        """Sign in as a browser does; return it, and the answer that the provider sent it to."""
        browser = self.browser()
        return browser, browser.get(consent(self.leave(browser, next_page), subject))

    def leave(self, browser: httpx.Client, next_page: str = "/") -> str:
        answer = browser.get(START, params={"next": next_page})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.platform.url, trust_env=False, timeout=60)

    def found(self, email: str) -> list[dict[str, object]]:
        return list(self.admin.get("/api/v1/users", params={"query": email}).json()["users"])


@pytest.fixture(scope="module")
def house(server: Running, settings: Settings, admin: httpx.Client) -> Iterator[House]:
    with oidc_provider() as issuer:
        single_sign_on = SingleSignOnSettings(
            issuer=issuer,
            client_id="kb",
            client_secret=SecretStr("shared with the provider"),
            label="CAS",
            department_claim="unit",
            departments={"jwc": "教务处", "med-1": "医学院/外科"},
            local_sign_in=False,
        )
        with running(settings.model_copy(update={"single_sign_on": single_sign_on})) as platform:
            yield House(issuer, platform, admin)


def email() -> str:
    return f"{uuid.uuid4().hex}@example.edu"


def problem(answer: httpx.Response) -> str:
    where = urlsplit(answer.headers["location"])
    assert (answer.status_code, where.path) == (303, "/sign-in")
    return parse_qs(where.query)["problem"][0]


def test_the_first_sign_in_makes_a_reader_and_returns_to_the_page(house: House) -> None:
    address = email()
    browser, answer = house.sign_in(house.person(email=address.upper(), name="李 四"), "/documents/1?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents/1?page=2")
    me = browser.get("/api/v1/users/me").json()
    assert (me["email"], me["display_name"], me["role"], me["department_id"]) == (address, "李 四", "reader", None)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_the_second_sign_in_is_the_same_account_also_under_another_address(house: House) -> None:
    subject = house.person(email=email())
    first = house.sign_in(subject)[0].get("/api/v1/users/me").json()["id"]
    httpx.put(f"{house.issuer}/users/{subject}", json={"email": email()}, trust_env=False)
    assert house.sign_in(subject)[0].get("/api/v1/users/me").json()["id"] == first


def test_the_department_follows_the_claim_at_each_sign_in(house: House) -> None:
    there = campus(house.admin)
    address = email()
    subject = house.person(email=address, unit="med-1")
    for said, wanted in (
        ("med-1", "外科"),
        (["unknown", "jwc"], "教务处"),
        ("unknown", "教务处"),
        ("医学院", "医学院"),
    ):
        claims = {"email": address, "unit": said}
        httpx.put(f"{house.issuer}/users/{subject}", json=claims, trust_env=False)
        assert house.sign_in(subject)[0].get("/api/v1/users/me").json()["department_id"] == there[wanted], said


def test_who_is_suspended_is_refused_and_may_not_come_back_by_another_way(house: House) -> None:
    address = email()
    subject = house.person(email=address)
    house.sign_in(subject)
    (person,) = house.found(address)
    house.admin.patch(f"/api/v1/users/{person['id']}", json={"is_active": False}).raise_for_status()
    browser, answer = house.sign_in(subject)
    assert problem(answer) == "sign_on_suspended"
    assert browser.get("/api/v1/users/me").status_code == 401


def test_a_local_account_is_opened_only_by_an_address_that_the_provider_has_verified(house: House) -> None:
    address = email()
    local = house.admin.post("/api/v1/users", json={"email": address, "role": "editor"}).json()["id"]
    for unverified in ({}, {"email_verified": False}, {"email_verified": "true"}):
        assert problem(house.sign_in(house.person(email=address, **unverified))[1]) == "sign_on_address_taken"
    owner = house.person(email=address, email_verified=True)
    assert house.sign_in(owner)[0].get("/api/v1/users/me").json()["id"] == local
    another = house.person(email=address, email_verified=True)
    assert problem(house.sign_in(another)[1]) == "sign_on_address_taken"


def test_without_an_address_nobody_comes_in(house: House) -> None:
    assert problem(house.sign_in(house.person(name="no address"))[1]) == "sign_on_without_email"


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(house: House) -> None:
    subject = house.person(email=email())
    mine, others = house.browser(), house.browser()
    come_back = consent(house.leave(mine), subject)
    assert problem(others.get(come_back)) == "sign_on_failed", "no cookie"
    house.leave(others)
    assert problem(others.get(come_back)) == "sign_on_failed", "another state"
    assert mine.get(come_back).headers["location"] == "/"
    assert problem(mine.get(come_back)) == "sign_on_failed", "twice"
    assert problem(mine.get(CALLBACK, params={"state": "", "code": "x"})) == "sign_on_failed"


def test_a_code_for_another_sign_in_of_the_same_browser_is_refused_by_its_nonce(house: House) -> None:
    browser = house.browser()
    stolen = parse_qs(urlsplit(consent(house.leave(browser), house.person(email=email()))).query)["code"][0]
    mine = consent(house.leave(browser), house.person(email=email()))
    swapped = mine.replace(parse_qs(urlsplit(mine).query)["code"][0], stolen)
    assert problem(browser.get(swapped)) == "sign_on_failed"


def test_the_browser_leaves_with_proof_key_state_and_nonce(house: House) -> None:
    asked = parse_qs(urlsplit(house.leave(house.browser())).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{house.platform.url}{CALLBACK}"]
    assert all(len(asked[name][0]) >= 43 for name in ("code_challenge", "state", "nonce"))


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_back_leads_to_no_other_site(house: House, elsewhere: str) -> None:
    _, answer = house.sign_in(house.person(email=email()), elsewhere)
    assert answer.headers["location"] == "/"


def test_sign_ins_are_in_the_audit_whether_they_worked_or_not(house: House) -> None:
    address = email()
    house.sign_in(house.person(email=address))
    house.browser().get(CALLBACK, params={"state": "x"})
    found = house.admin.get("/api/v1/audit-events", params={"action": "finish_single_sign_on"}).json()["events"]
    assert (found[0]["user"], found[0]["details"]) == ("", {"refused": "sign_on_failed"})
    assert (found[1]["user"], found[1]["status"]) == (address, 303)


def test_passwords_open_nothing_where_they_are_switched_off(house: House) -> None:
    with house.browser() as browser:
        methods = browser.get("/api/v1/sessions/methods").json()
        assert methods["single_sign_on_label"] == "CAS"
        assert (methods["password"], methods["directory"], methods["single_sign_on"]) == (False, False, True)
        answer = browser.post(
            "/api/v1/sessions", json={"email": "admin@localhost", "password": "correct horse battery"}
        )
        assert (answer.status_code, COOKIE in answer.cookies) == (403, False)


def test_without_a_provider_there_is_no_such_way(anonymous: httpx.Client) -> None:
    assert anonymous.get(START).status_code == 404
    assert anonymous.get(CALLBACK).status_code == 404
    assert anonymous.get("/api/v1/sessions/methods").json()["password"] is True


def test_a_provider_that_is_away_is_said(server: Running, settings: Settings) -> None:
    away = SingleSignOnSettings(issuer="http://127.0.0.1:1", client_id="kb")
    with running(settings.model_copy(update={"single_sign_on": away})) as platform:
        answer = httpx.get(f"{platform.url}{START}", trust_env=False)
        assert (answer.status_code, SIGN_ON_COOKIE in answer.cookies) == (503, False)
