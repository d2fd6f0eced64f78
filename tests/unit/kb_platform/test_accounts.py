from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from kb_platform import accounts, api_keys
from kb_platform.database.engine import Database
from kb_platform.database.tables import ApiKey, Role, SignInSession, User, now
from kb_platform.domain.errors import InvalidInput, NotAuthenticated, NotFound
from kb_platform.settings import SecuritySettings

PASSWORD = "correct horse battery"


@pytest.fixture
def someone(database: Database) -> User:
    return accounts.add_user(database, "Someone@Example.edu ", PASSWORD, Role.EDITOR)


def test_the_first_administrator_gets_a_made_password_exactly_once(database: Database) -> None:
    made = accounts.ensure_administrator(database, SecuritySettings())
    assert made is not None
    assert made.password
    assert accounts.sign_in(database, made.email, made.password, 1).user.role == Role.ADMINISTRATOR
    assert accounts.ensure_administrator(database, SecuritySettings()) is None


def test_the_first_administrator_takes_the_settings_password_and_shows_none(database: Database) -> None:
    made = accounts.ensure_administrator(database, SecuritySettings(admin_password=SecretStr(PASSWORD)))
    assert made is not None
    assert made.password is None
    accounts.sign_in(database, "admin@localhost", PASSWORD, 1)


def test_a_too_short_administrator_password_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInput):
        accounts.ensure_administrator(database, SecuritySettings(admin_password=SecretStr("short")))


def test_two_users_cannot_share_an_address_whatever_its_case(database: Database, someone: User) -> None:
    with pytest.raises(InvalidInput):
        accounts.add_user(database, "SOMEONE@example.EDU", PASSWORD, Role.READER)


def test_sign_in_ignores_case_of_the_address_and_its_token_authenticates(database: Database, someone: User) -> None:
    session = accounts.sign_in(database, "SOMEONE@example.edu", PASSWORD, 1)
    principal = accounts.authenticate(database, session.token)
    assert (principal.user_id, principal.role, principal.credential) == (someone.id, Role.EDITOR, "session")


@pytest.mark.parametrize(("email", "password"), [("someone@example.edu", "wrong"), ("nobody@example.edu", PASSWORD)])
def test_a_wrong_password_and_an_unknown_account_read_the_same(
    database: Database, someone: User, email: str, password: str
) -> None:
    with pytest.raises(NotAuthenticated, match=r"^The e-mail address or the password is wrong\.$"):
        accounts.sign_in(database, email, password, 1)


def test_neither_tokens_nor_keys_nor_passwords_are_stored(database: Database, someone: User) -> None:
    token = accounts.sign_in(database, someone.email, PASSWORD, 1).token
    key = api_keys.add_api_key(database, someone.id, "k").key
    with database.reading() as session:
        stored = [
            *session.scalars(select(SignInSession.token_hash)),
            *session.scalars(select(ApiKey.key_hash)),
            *session.scalars(select(User.password_hash)),
        ]
    assert all(secret not in text for secret in (token, key, PASSWORD) for text in stored)
    assert stored[-1].startswith("$argon2id$")


def test_an_expired_session_is_refused_and_cleared_at_the_next_sign_in(database: Database, someone: User) -> None:
    token = accounts.sign_in(database, someone.email, PASSWORD, 1).token
    with database.writing() as session:
        session.execute(update(SignInSession).values(expires_at=now() - timedelta(seconds=1)))
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(database, token)
    accounts.sign_in(database, someone.email, PASSWORD, 1)
    with database.reading() as session:
        assert len(list(session.scalars(select(SignInSession)))) == 1


def test_signing_out_ends_this_session_only(database: Database, someone: User) -> None:
    first, second = (accounts.sign_in(database, someone.email, PASSWORD, 1).token for _ in range(2))
    accounts.sign_out(database, accounts.authenticate(database, first))
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(database, first)
    accounts.authenticate(database, second)


def test_a_changed_password_ends_all_other_sessions(database: Database, someone: User) -> None:
    mine, other = (accounts.sign_in(database, someone.email, PASSWORD, 1).token for _ in range(2))
    principal = accounts.authenticate(database, mine)
    with pytest.raises(InvalidInput):
        accounts.change_password(database, principal, "wrong", "a new password")
    accounts.change_password(database, principal, PASSWORD, "a new password")
    accounts.authenticate(database, mine)
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(database, other)
    with pytest.raises(NotAuthenticated):
        accounts.sign_in(database, someone.email, PASSWORD, 1)


def test_a_suspended_users_session_and_keys_stop_at_once(database: Database, someone: User) -> None:
    credentials = [
        accounts.sign_in(database, someone.email, PASSWORD, 1).token,
        api_keys.add_api_key(database, someone.id, "k").key,
    ]
    with database.writing() as session:
        session.execute(update(User).values(is_active=False))
    for credential in credentials:
        with pytest.raises(NotAuthenticated):
            accounts.authenticate(database, credential)
    with pytest.raises(NotAuthenticated):
        accounts.sign_in(database, someone.email, PASSWORD, 1)


def test_an_api_key_authenticates_until_it_is_revoked(database: Database, someone: User) -> None:
    made = api_keys.add_api_key(database, someone.id, "script")
    assert made.key.startswith(made.row.prefix)
    assert accounts.authenticate(database, made.key).credential == "api_key"
    assert [row.last_used_at is not None for row in api_keys.api_keys(database, someone.id)] == [True]
    api_keys.revoke_api_key(database, someone.id, made.row.id)
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(database, made.key)
    assert api_keys.api_keys(database, someone.id) == []


def test_an_expired_api_key_is_refused(database: Database, someone: User) -> None:
    with pytest.raises(InvalidInput):
        api_keys.add_api_key(database, someone.id, "late", now() - timedelta(days=1))
    key = api_keys.add_api_key(database, someone.id, "soon", now() + timedelta(days=1)).key
    with database.writing() as session:
        session.execute(update(ApiKey).values(expires_at=now()))
    with pytest.raises(NotAuthenticated, match="expired"):
        accounts.authenticate(database, key)


def test_nobody_revokes_another_users_key(database: Database, someone: User) -> None:
    other = accounts.add_user(database, "other@example.edu", PASSWORD, Role.ADMINISTRATOR)
    made = api_keys.add_api_key(database, someone.id, "k")
    with pytest.raises(NotFound):
        api_keys.revoke_api_key(database, other.id, made.row.id)
    accounts.authenticate(database, made.key)


@pytest.mark.parametrize("credential", ["", "kbs_", "kbk_", "kbk_' OR 1=1 --", "\x00", "令牌"])
def test_nonsense_is_no_credential(database: Database, someone: User, credential: str) -> None:
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(database, credential)
