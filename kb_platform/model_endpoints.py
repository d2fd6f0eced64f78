"""Model endpoints that an administrator connected. The API key is encrypted and never shown again."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import select

from kb_platform.database.engine import Database
from kb_platform.database.tables import ModelEndpoint, now
from kb_platform.domain.errors import InvalidInput, NotFound
from kb_platform.encryption import decrypt, encrypt


@dataclass(frozen=True, slots=True)
class Prices:
    """Per million tokens, in the currency of the settings."""

    cache_hit: float = 0.0
    cache_miss: float = 0.0
    output: float = 0.0


@dataclass(frozen=True, slots=True)
class ConnectedModel:
    """What a chat model is made from. `name` is what people choose; endpoints of one name stand in for each other."""

    endpoint_id: str
    name: str
    base_url: str
    api_key: str
    model: str
    context_window: int
    priority: int
    concurrency: int
    prices: Prices


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What is given changes; None stays. `is_default` lets the endpoint's name answer where nobody chooses."""

    name: str | None = None
    is_enabled: bool | None = None
    is_default: bool | None = None
    priority: int | None = None
    concurrency: int | None = None
    price_cache_hit: float | None = None
    price_cache_miss: float | None = None
    price_output: float | None = None


def add_model_endpoint(
    database: Database,
    secret_key: SecretStr,
    *,
    name: str,
    base_url: str,
    api_key: str,
    model: str,
    context_window: int,
    priority: int = 0,
    concurrency: int = 0,
    prices: Prices = Prices(),
) -> ModelEndpoint:
    """Keep an endpoint; from now on its name answers where nobody chooses another."""
    row = ModelEndpoint(
        name=name,
        base_url=base_url,
        encrypted_api_key=encrypt(secret_key, api_key),
        model=model,
        context_window=context_window,
        priority=priority,
        concurrency=concurrency,
        price_cache_hit=prices.cache_hit,
        price_cache_miss=prices.cache_miss,
        price_output=prices.output,
    )
    with database.writing() as session:
        session.add(row)
    return row


def model_endpoints(database: Database) -> list[ModelEndpoint]:
    """Return all endpoints; the first enabled one's name answers where nobody chooses."""
    with database.reading() as session:
        return list(
            session.scalars(select(ModelEndpoint).order_by(ModelEndpoint.default_since.desc(), ModelEndpoint.id))
        )


def change_model_endpoint(database: Database, endpoint_id: str, change: EndpointChange) -> ModelEndpoint:
    """Change what is given. Raises NotFound, or InvalidInput for an empty name."""
    if change.name is not None and not change.name.strip():
        raise InvalidInput("A model needs a name.")
    with database.writing() as session:
        row = session.get(ModelEndpoint, endpoint_id)
        if row is None:
            raise NotFound("There is no such model endpoint.")
        for field in EndpointChange.__slots__:
            value = getattr(change, field)
            if value is not None and field != "is_default":
                setattr(row, field, value)
        if change.is_default:
            row.default_since = now()
    return row


def delete_model_endpoint(database: Database, endpoint_id: str) -> None:
    """Forget an endpoint and its key. Raises NotFound."""
    with database.writing() as session:
        row = session.get(ModelEndpoint, endpoint_id)
        if row is None:
            raise NotFound("There is no such model endpoint.")
        session.delete(row)


def connected_models(database: Database, secret_key: SecretStr) -> list[ConnectedModel]:
    """Return the enabled endpoints, the default's first. Raises SettingsError when a key was encrypted under another
    secret key."""
    return [
        ConnectedModel(
            row.id,
            row.name,
            row.base_url,
            decrypt(secret_key, row.encrypted_api_key),
            row.model,
            row.context_window,
            row.priority,
            row.concurrency,
            Prices(row.price_cache_hit, row.price_cache_miss, row.price_output),
        )
        for row in model_endpoints(database)
        if row.is_enabled
    ]
