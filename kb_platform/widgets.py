"""Chat widgets: making, changing and revoking, and the tokens that embedding sites sign for their visitors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform.database.tables import now
from kb_platform.database.widget_tables import Widget
from kb_platform.domain.errors import InvalidInput, NotAuthenticated, NotFound
from kb_platform.encryption import decrypt, encrypt

SECRET_PREFIX = "kbw_"  # noqa: S105 - the start of every secret
MOST_NAME_CHARACTERS = 100
MOST_ORIGINS = 20
MOST_VISITOR_CHARACTERS = 200
LONGEST_TOKEN = timedelta(hours=24)
LEEWAY_SECONDS = 60
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class NewWidget:
    """`secret` is shown once; empty where anybody may ask."""

    row: Widget
    secret: str


def add_widget(
    session: Session,
    secret_key: SecretStr,
    maker_id: str,
    knowledge_base_id: str,
    name: str,
    allowed_origins: Sequence[str],
    needs_token: bool,
) -> NewWidget:
    """Make a widget in the caller's transaction. Raises InvalidInput."""
    secret = SECRET_PREFIX + secrets.token_urlsafe(32) if needs_token else ""
    row = Widget(
        knowledge_base_id=knowledge_base_id,
        name=_name(name),
        allowed_origins=_origins(allowed_origins),
        needs_token=needs_token,
        secret=encrypt(secret_key, secret),
        created_by=maker_id,
    )
    session.add(row)
    session.flush()
    return NewWidget(row, secret)


def change_widget(row: Widget, name: str | None, allowed_origins: Sequence[str] | None) -> None:
    """Change what is given, in the caller's transaction. Raises InvalidInput."""
    if name is not None:
        row.name = _name(name)
    if allowed_origins is not None:
        row.allowed_origins = _origins(allowed_origins)


def widgets_of(session: Session, knowledge_base_id: str) -> list[Widget]:
    """Return a knowledge base's widgets that are not revoked, newest first."""
    found = select(Widget).where(Widget.knowledge_base_id == knowledge_base_id, Widget.revoked_at.is_(None))
    return list(session.scalars(found.order_by(Widget.created_at.desc())))


def find_widget(session: Session, widget_id: str) -> Widget:
    """Return a widget that is not revoked. Raises NotFound."""
    row = session.get(Widget, widget_id)
    if row is None or row.revoked_at is not None:
        raise unknown_widget()
    return row


def revoke_widget(row: Widget) -> None:
    """End a widget at once, in the caller's transaction."""
    row.revoked_at = now()


def visitor_of(row: Widget, secret_key: SecretStr, token: str) -> str:
    """Return whom the embedding site's token names (its `sub`; empty where none is needed). Raises NotAuthenticated for
    a token that is missing, not signed with the widget's secret, for another widget, expired, or valid for longer than
    a day."""
    if not row.needs_token:
        return ""
    refused = NotAuthenticated("This chat needs a valid token of the page that it is on. Load the page again.")
    latest = int((now() + LONGEST_TOKEN).timestamp()) + LEEWAY_SECONDS
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        aud={"essential": True, "value": row.id},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        key = OctKey.import_key(decrypt(secret_key, row.secret))
        claims = jwt.decode(token, key, ["HS256"]).claims
        rules.validate(claims)
        if int(claims["exp"]) > latest:
            raise refused
    except (JoseError, ValueError, TypeError) as error:
        raise refused from error
    return " ".join(str(claims["sub"]).replace("\x00", "").split())[:MOST_VISITOR_CHARACTERS]


def unknown_widget() -> NotFound:
    """Return the error for one that there is not, or that was revoked."""
    return NotFound("There is no such chat.")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_CHARACTERS:
        raise InvalidInput(f"A chat needs a name of at most {MOST_NAME_CHARACTERS} characters.")
    return name


def _origins(origins: Sequence[str]) -> list[str]:
    """Return origins as a Content-Security-Policy names them. What could end the policy's word is in none."""
    wanted = list(dict.fromkeys(origin.strip().lower().rstrip("/") for origin in origins))
    if not wanted or len(wanted) > MOST_ORIGINS:
        raise InvalidInput(f"Name 1 to {MOST_ORIGINS} sites on which the chat may be.", "origin_needed")
    for origin in wanted:
        if not _ORIGIN.fullmatch(origin):
            raise InvalidInput(f"{origin}: a site is named as https://www.example.edu, without a path.", "origin_wrong")
    return wanted
