"""Model endpoints that an administrator connected. The API key is encrypted and never shown again."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import select

from kb_platform.database.engine import Database
from kb_platform.database.tables import ModelEndpoint
from kb_platform.domain.errors import NotFound
from kb_platform.encryption import decrypt, encrypt


@dataclass(frozen=True, slots=True)
class ConnectedModel:
    """What a chat model is made from."""

    endpoint_id: str
    base_url: str
    api_key: str
    model: str
    context_window: int


def add_model_endpoint(
    database: Database,
    secret_key: SecretStr,
    *,
    name: str,
    base_url: str,
    api_key: str,
    model: str,
    context_window: int,
) -> ModelEndpoint:
    """Keep an endpoint; from now on it answers (the newest enabled one does)."""
    row = ModelEndpoint(
        name=name,
        base_url=base_url,
        encrypted_api_key=encrypt(secret_key, api_key),
        model=model,
        context_window=context_window,
    )
    with database.writing() as session:
        session.add(row)
    return row


def model_endpoints(database: Database) -> list[ModelEndpoint]:
    """Return all endpoints, newest first."""
    with database.reading() as session:
        return list(session.scalars(select(ModelEndpoint).order_by(ModelEndpoint.created_at.desc(), ModelEndpoint.id)))


def delete_model_endpoint(database: Database, endpoint_id: str) -> None:
    """Forget an endpoint and its key. Raises NotFound."""
    with database.writing() as session:
        row = session.get(ModelEndpoint, endpoint_id)
        if row is None:
            raise NotFound("There is no such model endpoint.")
        session.delete(row)


def answering_endpoint(database: Database, secret_key: SecretStr) -> ConnectedModel | None:
    """Return the newest enabled endpoint, None where there is none. Raises SettingsError when its key was encrypted
    under another secret key."""
    row = next((row for row in model_endpoints(database) if row.is_enabled), None)
    if row is None:
        return None
    return ConnectedModel(
        row.id, row.base_url, decrypt(secret_key, row.encrypted_api_key), row.model, row.context_window
    )
