"""Nothing that looks like a credential, and no secret of the settings, gets into a log."""

from __future__ import annotations

import io
import logging

import pytest
from pydantic import SecretStr

from kb_platform.redaction import HIDDEN, RedactingFormatter, Redactor, redactor
from kb_platform.settings import DatabaseSettings, ModelSettings, QueueSettings, SecuritySettings, Settings


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key kbk_0123456789abcdefXYZ was revoked", "0123456789abcdefXYZ"),
        ("Authorization: Bearer eyJhbGciOi.J9-x_y", "eyJhbGciOi.J9-x_y"),
        ("{'authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ("headers=[(b'authorization', b'Bearer abcdefghijkl')]", "abcdefghijkl"),
        ("Cookie: kb_session=kbs_zzzzzzzzzzzz; theme=dark", "zzzzzzzzzzzz"),
        ("redis://:s3cr3t-pw@10.0.0.1:6379/0 refused", "s3cr3t-pw"),
        ("postgresql+psycopg://kb:s3cr3t-pw@db/kb", "s3cr3t-pw"),
        ('{"email": "a@x", "password": "hunter2hunter2"}', "hunter2hunter2"),
        ("GET /api/v1/sso/callback?code=abc123&state=xyz789 302", "abc123"),
        ("api_key='sk-abcdefgh12345678'", "sk-abcdefgh12345678"),
        ("Incorrect API key provided: sk-abcdefgh12345678.", "abcdefgh12345678"),
    ],
)
def test_what_has_the_form_of_a_credential_is_hidden(text: str, secret: str) -> None:
    shown = Redactor()(text)
    assert secret not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/documents?state=ready 200",
        "The password of the file is wrong.",
        "http://127.0.0.1:8000/v1 does not answer",
        "张三@example.edu signed in",
        '{"code": "not_found", "message": "There is no such token."}',
    ],
)
def test_other_words_stay(text: str) -> None:
    shown = Redactor()(text)
    assert shown == text or "state=" in text


def test_secrets_of_the_settings_are_hidden_wherever_they_stand() -> None:
    settings = Settings(
        _env_file=None,
        security=SecuritySettings(secret_key=SecretStr("the-secret-key")),
        database=DatabaseSettings(url="postgresql+psycopg://kb:data%40base@db/kb"),
        queue=QueueSettings(url=SecretStr("redis://:queue-password@127.0.0.1/0")),
        model=ModelSettings(api_key=SecretStr("model-key-of-a-strange-form")),
    )
    hide = redactor(settings)
    for secret in ("the-secret-key", "data@base", "data%40base", "queue-password", "model-key-of-a-strange-form"):
        assert hide(f"x{secret}y") == f"x{HIDDEN}y"


def test_an_exceptions_text_is_hidden_too() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(RedactingFormatter(logging.Formatter("%(message)s"), Redactor(["strange-secret"])))
    logger = logging.Logger("of this test")
    logger.addHandler(handler)
    try:
        raise ValueError("strange-secret was refused")
    except ValueError:
        logger.exception("It failed with %s", "strange-secret")
    assert "strange-secret" not in written.getvalue()
    assert "ValueError" in written.getvalue()
