"""Takes secrets out of what is logged or kept: values of this process's settings, and what looks like a credential."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from kb_platform.settings import Settings

HIDDEN = "[hidden]"
LEAST_SECRET_CHARACTERS = 6
"""A shorter value would stand in innocent words; who sets a password of five letters has other troubles."""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # What follows may itself hold anything but white space, quotes and what ends a value in JSON or a header.
    (re.compile(r"\b(kb[iksw]_)[A-Za-z0-9_.-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic|digest|negotiate)(\s+)[A-Za-z0-9+/=_.~-]{8,}"), rf"\1\2{HIDDEN}"),
    (
        re.compile(
            r"(?i)(\b(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]key)"
            r"[\"']?\s*[:=,]\s*[bB]?[\"']?)(?!\[hidden\])[^\"'\r\n]+"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            r"(?i)(\b(?:password|passwd|client_secret|secret_key|access_token|refresh_token|id_token|code_verifier)"
            r"[\"']?\s*[=:]\s*[\"']?)(?!\[hidden\])[^\s\"'&,;)}]{6,}"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)([?&](?:code|state|token|invitation|key)=)[^\s\"'&]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s/@\"']+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"), f"sk-{HIDDEN}"),
)


class Redactor:
    """Hides known secrets wherever they stand, and what has the form of a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= LEAST_SECRET_CHARACTERS}
        ordered = sorted(known, key=len, reverse=True)  # a secret may be part of a longer one
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Return the text without its secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def values(self, value: Any) -> Any:
        """Return a JSON value whose texts hold no secrets."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(str(key)): self.values(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.values(item) for item in value]
        return value


class RedactingFormatter(logging.Formatter):
    """Formats as the formatter that it wraps, tracebacks included, and hides the secrets in the result: a filter
    would not see what an exception's text holds."""

    def __init__(self, inner: logging.Formatter, redact: Redactor) -> None:
        super().__init__()
        self._inner = inner
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(self._inner.format(record))


def redactor(settings: Settings) -> Redactor:
    """Return what hides these settings' secrets, passwords inside their URLs included."""
    return Redactor(_secrets(settings))


def start_logging(settings: Settings, form: str) -> Redactor:
    """Set up this process's logging: `form` is the format of a line, everything is redacted. Loggers that bring their
    own handlers (uvicorn's) are to be told `RedactingFormatter` by `redact_handlers`."""
    logging.basicConfig(level=settings.log_level, format=form)
    redact = redactor(settings)
    redact_handlers(logging.getLogger(), redact)
    return redact


def redact_handlers(logger: logging.Logger, redact: Redactor) -> None:
    """Let every handler of this logger hide secrets."""
    for handler in logger.handlers:
        if not isinstance(handler.formatter, RedactingFormatter):
            handler.setFormatter(RedactingFormatter(handler.formatter or logging.Formatter(), redact))


def _secrets(model: BaseModel) -> Iterator[str]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _secrets(value)
        elif isinstance(value, SecretStr):
            yield from _of_text(value.get_secret_value())
        elif isinstance(value, str) and "://" in value:
            yield from _of_url(value)


def _of_text(secret: str) -> Iterator[str]:
    if "://" in secret:
        yield from _of_url(secret)
        return
    yield secret


def _of_url(url: str) -> Iterator[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)
