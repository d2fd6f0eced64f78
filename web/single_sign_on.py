"""OpenID Connect: the way to the organisation's sign-in page and back, with what it says about the person.

Authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207). What has to be
remembered in between travels in an encrypted cookie, so that any web process can receive the answer.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from kb_platform.domain.errors import SettingsError, SignOnRefused, Unavailable
from kb_platform.encryption import decrypt, encrypt
from kb_platform.identities import Person
from kb_platform.settings import Settings, SingleSignOnSettings

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with the provider's private key. None made with a shared secret, and never `none`."""
METADATA_SECONDS = 3600.0
TIMEOUT_SECONDS = 10.0
LEEWAY_SECONDS = 60
MOST_SECONDS_AWAY = 600
NOT_AS_IT_SHOULD = (JoseError, ValueError, KeyError, TypeError, AttributeError)
FAILED = "The single sign-on did not work. Try again; if it stays so, tell an administrator"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it keeps meanwhile."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who signed in, as the provider says, and the page they came for."""

    person: Person
    next: str


@dataclass(frozen=True, slots=True)
class _Provider:
    metadata: Mapping[str, Any]
    keys: KeySet
    read_at: float


class SingleSignOn:
    """One provider. Belongs to one event loop; what it publishes is read when it is first needed, and each hour."""

    def __init__(self, settings: SingleSignOnSettings, secret_key: SecretStr) -> None:
        self._settings = settings
        self._secret_key = secret_key
        self._provider: _Provider | None = None
        self._reading = asyncio.Lock()

    async def depart(self, redirect_uri: str, next_page: str) -> Departure:
        """Return the way to the provider's sign-in page. Raises Unavailable when it does not answer."""
        metadata = (await self._known()).metadata
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        kept = {"state": state, "nonce": nonce, "verifier": verifier, "next": own_page(next_page), "at": time.time()}
        return Departure(str(url), encrypt(self._secret_key, json.dumps(kept)))

    async def arrive(self, redirect_uri: str, query: Mapping[str, str], cookie: str) -> Arrival:
        """Return who came back. Raises SignOnRefused when anything about it is not right, Unavailable when the
        provider does not answer."""
        kept = self._kept(cookie)
        if not hmac.compare_digest(kept["state"].encode(), query.get("state", "").encode()):
            raise SignOnRefused(f"{FAILED} (state).")
        if "error" in query:
            raise SignOnRefused(f"{FAILED} ({query['error'][:100]!r}).")
        provider = await self._known()
        issuer = provider.metadata["issuer"]
        if query.get("iss", issuer) != issuer:
            raise SignOnRefused(f"{FAILED} (issuer).")
        try:
            async with self._client(redirect_uri) as client:
                token = await client.fetch_token(
                    provider.metadata["token_endpoint"], code=query.get("code", ""), code_verifier=kept["verifier"]
                )
                claims = await self._claims(str(token.get("id_token", "")), kept["nonce"], provider)
                if "userinfo_endpoint" in provider.metadata:
                    claims = {**await _user_info(client, provider.metadata, claims["sub"]), **claims}
        except OAuthError as error:
            raise SignOnRefused(f"{FAILED} ({error.error}).") from error
        except httpx2.HTTPError as error:
            raise Unavailable(f"The single sign-on at {issuer} does not answer. Try again in a moment.") from error
        return Arrival(_person(issuer, claims, self._settings), kept["next"])

    async def _claims(self, id_token: str, nonce: str, provider: _Provider) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": provider.metadata["issuer"]},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                claims = jwt.decode(id_token, provider.keys, ALGORITHMS).claims
            except (JoseError, ValueError):  # the provider may have new keys
                provider = await self._known(is_stale=True)
                claims = jwt.decode(id_token, provider.keys, ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise SignOnRefused(f"{FAILED} (token).") from error
        audience = claims["aud"]
        is_for_others = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", self._settings.client_id) != self._settings.client_id or (
            is_for_others and "azp" not in claims
        ):
            raise SignOnRefused(f"{FAILED} (audience).")
        return dict(claims)

    async def _known(self, is_stale: bool = False) -> _Provider:
        async with self._reading:
            provider = self._provider
            if provider is not None and not is_stale and time.monotonic() < provider.read_at + METADATA_SECONDS:
                return provider
            self._provider = await self._read()
            return self._provider

    async def _read(self) -> _Provider:
        issuer = self._settings.issuer
        url = issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(url)
                answer.raise_for_status()
                metadata = answer.json()
                if metadata["issuer"].rstrip("/") != issuer.rstrip("/"):
                    raise SettingsError(f"{url} speaks for {metadata['issuer']}: set single_sign_on.issuer to that.")
                keys = await client.get(metadata["jwks_uri"])
                keys.raise_for_status()
                _ = metadata["authorization_endpoint"], metadata["token_endpoint"]
                return _Provider(metadata, KeySet.import_key_set(keys.json()), time.monotonic())
        except (httpx2.HTTPError, httpx2.InvalidURL, *NOT_AS_IT_SHOULD) as error:
            raise Unavailable(f"The single sign-on at {issuer} does not answer as it should ({url}).") from error

    def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        secret = self._settings.client_secret
        return AsyncOAuth2Client(
            client_id=self._settings.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            scope=self._settings.scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
        )

    def _kept(self, cookie: str) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(decrypt(self._secret_key, cookie))
        except (SettingsError, ValueError) as error:
            raise SignOnRefused(f"{FAILED} (cookie).") from error
        if time.time() > kept["at"] + MOST_SECONDS_AWAY:
            raise SignOnRefused("The sign-in took too long. Begin again.", "sign_on_expired")
        return kept


async def _user_info(client: AsyncOAuth2Client, metadata: Mapping[str, Any], subject: str) -> dict[str, Any]:
    answer = await client.get(metadata["userinfo_endpoint"])
    answer.raise_for_status()
    found = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    # Claims about somebody else (OpenID Connect Core 5.3.2) must not be used.
    return found if isinstance(found, dict) and found.get("sub") == subject else {}


def _person(issuer: str, claims: Mapping[str, Any], settings: SingleSignOnSettings) -> Person:
    said = claims.get(settings.department_claim) if settings.department_claim else None
    return Person(
        issuer,
        str(claims["sub"]),
        _text(claims.get(settings.email_claim)),
        _text(claims.get(settings.name_claim)),
        tuple(_text(value) for value in (said if isinstance(said, list) else [said])),
        settings.trust_email or claims.get("email_verified") is True,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def open_single_sign_on(settings: Settings) -> SingleSignOn | None:
    """Return the configured provider, None where there is none. Nothing is asked of it yet."""
    if not settings.single_sign_on.is_on:
        return None
    return SingleSignOn(settings.single_sign_on, settings.security.secret_key)


def own_page(path: str) -> str:
    """Return the path when it is a page of this platform, else the start page."""
    parts = urlsplit(path.replace("\\", "/"))
    is_own = path.startswith("/") and not path.startswith("//") and not parts.scheme and not parts.netloc
    return path if is_own and path.isprintable() else "/"
