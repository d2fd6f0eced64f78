"""Sign-in with the accounts of a real LDAP directory: who comes in, as whom, and what is refused."""

from __future__ import annotations

import logging
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from benchmarks.servers import free_port
from kb_platform.directory import check_password
from kb_platform.domain.errors import DirectoryUnavailable, NotAuthenticated, SettingsError
from kb_platform.settings import DirectorySettings, Settings, SingleSignOnSettings
from tests.integration.api.conftest import PASSWORD, Running, running
from tests.ldap_directory import PEOPLE, LdapDirectory, ldap_directory
from tests.people import campus
from web.cli.__main__ import app

RIGHT = "opens the door 2026"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LdapDirectory]:
    with ldap_directory(tmp_path_factory.mktemp("ldap")) as directory:
        yield directory


@dataclass(frozen=True)
class House:
    """A platform with a directory, and an administrator's client to look at what came of it."""

    directory: LdapDirectory
    platform: Running
    admin: httpx.Client

    def sign_in(self, name: str, password: str = RIGHT) -> httpx.Response:
        with httpx.Client(base_url=self.platform.url, trust_env=False, timeout=60) as browser:
            return browser.post("/api/v1/sessions", json={"email": name, "password": password})

    def user(self, name: str) -> dict[str, Any]:
        answer = self.sign_in(name)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["user"])


@contextmanager
def connected(settings: Settings, admin: httpx.Client, there: LdapDirectory, **changed: object) -> Iterator[House]:
    with running(settings.model_copy(update={"directory": there.settings(**changed)})) as platform:
        yield House(there, platform, admin)


@pytest.fixture(scope="module")
def house(server: Running, settings: Settings, admin: httpx.Client, there: LdapDirectory) -> Iterator[House]:
    departments = {"jwc": "教务处", "ou=surgery,ou=medicine": "医学院/外科"}
    with connected(settings, admin, there, department_attribute="ou", departments=departments) as made:
        yield made


def new_uid() -> str:
    return f"u{uuid.uuid4().hex[:12]}"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_first_sign_in_makes_a_reader_by_name_or_by_address(house: House) -> None:
    uid = new_uid()
    house.directory.add(uid, RIGHT, mail=f"{uid}@Example.edu", displayName="李 四")
    by_name = house.user(uid)
    assert (by_name["email"], by_name["display_name"], by_name["role"]) == (f"{uid}@example.edu", "李 四", "reader")
    assert house.user(f"{uid}@EXAMPLE.edu")["id"] == by_name["id"]


def test_somebody_renamed_in_the_directory_keeps_the_account(house: House) -> None:
    uid, later = new_uid(), new_uid()
    dn = house.directory.add(uid, RIGHT, mail=f"{uid}@example.edu")
    before = house.user(uid)["id"]
    house.directory.rename(dn, later)
    house.directory.change(f"uid={later},{PEOPLE}", "mail", f"{later}@example.edu")
    assert house.user(later)["id"] == before
    assert house.sign_in(uid).status_code == 401


def test_the_department_follows_the_directory_at_each_sign_in(house: House) -> None:
    there = campus(house.admin)
    uid = new_uid()
    dn = house.directory.add(uid, RIGHT, mail=f"{uid}@example.edu")
    assert house.user(uid)["department_id"] is None
    for said, wanted in (
        (["jwc"], "教务处"),
        (["unknown", "ou=surgery,ou=medicine"], "外科"),
        (["unknown"], "外科"),
        (["医学院"], "医学院"),
    ):
        house.directory.change(dn, "ou", *said)
        assert house.user(uid)["department_id"] == there[wanted], said


@pytest.mark.parametrize("password", ["wrong", RIGHT.upper(), "\u00ad", "x" * 1024])
def test_a_wrong_password_is_refused_as_an_unknown_name_is(house: House, password: str) -> None:
    uid = new_uid()
    house.directory.add(uid, RIGHT, mail=f"{uid}@example.edu")
    wrong, unknown = house.sign_in(uid, password), house.sign_in(new_uid(), password)
    assert code(wrong) == (401, "not_authenticated")
    assert wrong.json()["error"]["message"] == unknown.json()["error"]["message"]


def test_an_empty_password_opens_nothing(there: LdapDirectory) -> None:
    uid = new_uid()
    there.add(uid, RIGHT, mail=f"{uid}@example.edu")
    with pytest.raises(NotAuthenticated):
        check_password(there.settings(), uid, "")


@pytest.mark.parametrize("name", ["*", "u*", "*)(uid=*", "x)(|(uid=*", "\\2a", "admin)(&", "()", "李"])
def test_a_name_is_never_part_of_the_filter(house: House, name: str) -> None:
    house.directory.add(new_uid(), RIGHT, mail="somebody@example.edu")
    assert code(house.sign_in(name)) == (401, "not_authenticated")


def test_a_name_that_two_people_have_opens_neither_account(house: House) -> None:
    shared = f"{new_uid()}@example.edu"
    for _ in range(2):
        house.directory.add(new_uid(), RIGHT, mail=shared)
    assert code(house.sign_in(shared)) == (401, "not_authenticated")


def test_local_accounts_come_in_beside_it_and_are_nobody_elses(house: House) -> None:
    address = f"{new_uid()}@example.edu"
    body = {"email": address, "password": PASSWORD, "role": "editor"}
    local = house.admin.post("/api/v1/users", json=body).json()["id"]
    house.directory.add(new_uid(), RIGHT, mail=address)
    assert house.sign_in(address, PASSWORD).json()["user"]["id"] == local
    assert code(house.sign_in(address, RIGHT)) == (401, "sign_on_address_taken")


def test_a_trusted_address_opens_the_local_account(
    settings: Settings, admin: httpx.Client, there: LdapDirectory
) -> None:
    address = f"{new_uid()}@example.edu"
    local = admin.post("/api/v1/users", json={"email": address, "role": "editor"}).json()["id"]
    uid = new_uid()
    there.add(uid, RIGHT, mail=address)
    with connected(settings, admin, there, trust_email=True) as house:
        assert house.user(uid)["id"] == local


def test_who_is_suspended_is_refused(house: House) -> None:
    uid = new_uid()
    house.directory.add(uid, RIGHT, mail=f"{uid}@example.edu")
    person = house.user(uid)
    house.admin.patch(f"/api/v1/users/{person['id']}", json={"is_active": False}).raise_for_status()
    assert code(house.sign_in(uid)) == (401, "sign_on_suspended")


def test_without_an_address_nobody_comes_in(house: House) -> None:
    uid = new_uid()
    house.directory.add(uid, RIGHT)
    assert code(house.sign_in(uid)) == (401, "sign_on_without_email")


def test_guessing_is_slowed(house: House) -> None:
    uid = new_uid()
    house.directory.add(uid, RIGHT, mail=f"{uid}@example.edu")
    for _ in range(5):
        assert house.sign_in(uid, "wrong").status_code == 401
    assert house.sign_in(uid).status_code == 429


def test_passwords_go_to_the_directory_alone_where_local_ones_are_off(
    settings: Settings, admin: httpx.Client, there: LdapDirectory
) -> None:
    only = SingleSignOnSettings(issuer="http://127.0.0.1:1", client_id="kb", local_sign_in=False)
    uid = new_uid()
    there.add(uid, RIGHT, mail=f"{uid}@example.edu")
    with connected(settings.model_copy(update={"single_sign_on": only}), admin, there) as house:
        methods = httpx.get(f"{house.platform.url}/api/v1/sessions/methods", trust_env=False).json()
        assert (methods["password"], methods["directory"], methods["single_sign_on"]) == (True, True, True)
        assert house.sign_in("editor@example.edu", PASSWORD).status_code == 401
        assert house.user(uid)["email"] == f"{uid}@example.edu"


def test_while_the_directory_is_away_local_accounts_still_come_in_and_cannot_be_guessed_at(
    settings: Settings, admin: httpx.Client, there: LdapDirectory
) -> None:
    address = f"{new_uid()}@example.edu"
    admin.post("/api/v1/users", json={"email": address, "password": PASSWORD, "role": "reader"}).raise_for_status()
    with connected(settings, admin, there, url=f"ldaps://localhost:{free_port()}") as house:
        assert house.sign_in(address, PASSWORD).status_code == 201
        answer = house.sign_in(address, "wrong")
        assert code(answer) == (503, "directory_unavailable")
        assert "directory" in answer.json()["error"]["message"]
        for _ in range(4):
            assert house.sign_in(address, "wrong").status_code == 503
        assert house.sign_in(address, "wrong").status_code == 429


def test_a_directory_that_falls_silent_is_away_after_its_timeout(there: LdapDirectory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for url in (f"ldap://127.0.0.1:{port}", f"ldaps://localhost:{port}"):
            with pytest.raises(DirectoryUnavailable):
                check_password(there.settings(url=url, timeout_seconds=1), "somebody", RIGHT)


@pytest.mark.parametrize(
    "said", [b"", bytes(50), b"0\x05\x02\x01\x01a\x00", b"0\x03\x02\x01\x01", b"HTTP/1.1 400 Bad\r\n\r\n"]
)
def test_a_server_that_speaks_something_else_is_away(there: LdapDirectory, said: bytes) -> None:
    def serve() -> None:
        connection, _ = other.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as other:
        answering = threading.Thread(target=serve)
        answering.start()
        url = f"ldap://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(DirectoryUnavailable):
            check_password(there.settings(url=url, start_tls=False, timeout_seconds=1), "somebody", RIGHT)
        answering.join()


def test_start_tls_carries_the_password(there: LdapDirectory) -> None:
    uid = new_uid()
    there.add(uid, RIGHT, mail=f"{uid}@example.edu")
    plain = there.settings(url=f"ldap://localhost:{there.port}")
    assert check_password(plain, uid, RIGHT).email == f"{uid}@example.edu"


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_server_that_cannot_show_who_it_is_gets_no_password(
    there: LdapDirectory, tmp_path_factory: pytest.TempPathFactory, scheme: str
) -> None:
    def url_of(directory: LdapDirectory) -> str:
        return f"{scheme}://localhost:{directory.port if scheme == 'ldap' else directory.tls_port}"

    uid = new_uid()
    there.add(uid, RIGHT, mail=f"{uid}@example.edu")
    with pytest.raises(DirectoryUnavailable):  # signed by somebody unknown
        check_password(there.settings(url=url_of(there), ca_file=None), uid, RIGHT)
    with ldap_directory(tmp_path_factory.mktemp("other"), host="elsewhere.example.edu") as other:
        other.add(uid, RIGHT, mail=f"{uid}@example.edu")
        with pytest.raises(DirectoryUnavailable):  # a name that is not this server's
            check_password(other.settings(url=url_of(other)), uid, RIGHT)


def test_the_log_says_why_and_holds_no_password(there: LdapDirectory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    uid = new_uid()
    there.add(uid, RIGHT, mail=f"{uid}@example.edu")
    wrong = SecretStr("not the service's")
    with pytest.raises(DirectoryUnavailable):
        check_password(there.settings(bind_password=wrong), uid, RIGHT)
    with pytest.raises(DirectoryUnavailable):
        check_password(there.settings(base_dn="ou=nowhere,dc=example,dc=edu"), uid, RIGHT)
    with pytest.raises(DirectoryUnavailable):
        check_password(there.settings(id_attribute="objectGUID"), uid, RIGHT)
    check_password(there.settings(), uid, RIGHT)
    assert "the platform's own account: invalidCredentials" in caplog.text
    assert "noSuchObject" in caplog.text
    assert "set directory.id_attribute" in caplog.text
    assert RIGHT not in caplog.text
    assert wrong.get_secret_value() not in caplog.text


def test_settings_that_would_send_passwords_in_clear_or_find_nobody_are_refused() -> None:
    for wrong in (
        {"url": "ldap://ldap.example.edu", "base_dn": PEOPLE, "start_tls": False},
        {"url": "ldaps://ldap.example.edu"},
        {"url": "http://ldap.example.edu", "base_dn": PEOPLE},
        {"user_filter": "(uid=somebody)"},
        {"bind_dn": "cn=kb"},
    ):
        with pytest.raises(ValueError, match=r"directory|url"):
            DirectorySettings.model_validate(wrong)


def test_certificates_that_are_missing_are_named(there: LdapDirectory) -> None:
    with pytest.raises(SettingsError, match="ca_file"):
        check_password(there.settings(ca_file="/nowhere/ca.pem"), "somebody", RIGHT)


def test_the_command_shows_what_the_directory_says(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = new_uid()
    house.directory.add(uid, RIGHT, mail=f"{uid}@example.edu", ou=["nowhere", "jwc"])
    campus(house.admin)
    of_house = house.platform.services.settings.directory
    for name, value in {
        "URL": of_house.url,
        "CA_FILE": str(of_house.ca_file),
        "BIND_DN": of_house.bind_dn,
        "BIND_PASSWORD": of_house.bind_password.get_secret_value() if of_house.bind_password else "",
        "BASE_DN": of_house.base_dn,
        "DEPARTMENT_ATTRIBUTE": "ou",
        "DEPARTMENTS": '{"jwc": "教务处"}',
    }.items():
        monkeypatch.setenv(f"KB_DIRECTORY__{name}", value)
    called = [uid, "--data", str(settings.data_dir)]
    shown = CliRunner().invoke(app, ["directory", *called], catch_exceptions=False).output
    assert f"mail: {uid}@example.edu" in shown
    assert "ou: nowhere; jwc" in shown
    assert "department here: 教务处" in shown
    tried = CliRunner().invoke(app, ["directory", *called, "--password"], input=f"{RIGHT}\n", catch_exceptions=False)
    assert (tried.exit_code, f"{uid}@example.edu" in tried.output) == (0, True)
    assert RIGHT not in tried.output
