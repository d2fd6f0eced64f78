"""A platform that others can reach does not start with secrets that everybody knows."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from kb_platform.domain.errors import SettingsError
from kb_platform.settings import EMBEDDED_SECRET, SecuritySettings, ServerSettings, Settings


def settings(server: ServerSettings, secret: str, password: str | None = None) -> Settings:
    security = SecuritySettings(
        secret_key=SecretStr(secret), admin_password=SecretStr(password) if password is not None else None
    )
    return Settings(_env_file=None, server=server, security=security)


@pytest.mark.parametrize(
    "server",
    [
        ServerSettings(host="0.0.0.0"),
        ServerSettings(public_url="https://kb.example.edu"),
        ServerSettings(secure_cookies=True),
    ],
)
@pytest.mark.parametrize("secret", [EMBEDDED_SECRET, "changeme", "Change-Me!", ""])
def test_a_reachable_platform_refuses_known_secret_keys(server: ServerSettings, secret: str) -> None:
    with pytest.raises(SettingsError, match="KB_SECURITY__SECRET_KEY"):
        settings(server, secret).require_own_secrets()


def test_it_refuses_known_passwords_too() -> None:
    with pytest.raises(SettingsError, match="KB_SECURITY__ADMIN_PASSWORD"):
        settings(ServerSettings(host="0.0.0.0"), "a long random text", "admin123").require_own_secrets()
    settings(ServerSettings(host="0.0.0.0"), "a long random text", "correct horse battery").require_own_secrets()
    settings(ServerSettings(host="0.0.0.0"), "a long random text").require_own_secrets()


def test_on_the_loopback_address_the_embedded_default_will_do() -> None:
    settings(ServerSettings(), EMBEDDED_SECRET).require_own_secrets()


def test_postgres_means_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_DATABASE__URL", "postgresql+psycopg://kb@db/kb")
    with pytest.raises(ValueError, match="KB_SECURITY__SECRET_KEY"):
        Settings(_env_file=None)
