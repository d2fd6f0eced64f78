"""The models of this process: the one of the settings, and those that administrators connected."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from inference.gateway import CallUsage, EndpointConfig, Gateway, ModelStatus, RoutedModel
from inference.probing import normalise_base_url
from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.database.engine import Database
from kb_platform.database.tables import UsagePurpose
from kb_platform.domain.errors import NotFound
from kb_platform.model_endpoints import ConnectedModel, Prices, connected_models
from kb_platform.settings import Settings
from kb_platform.usage import TokenCounts, add_usage

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 2.0
"""Another process may have connected a model; looking at the database for each token's sake would cost it time."""
OF_SETTINGS = "settings"
UNNAMED = "model"
"""What the model of the settings is called until its endpoint has said its name."""


class Models:
    """The gateway, kept as the settings and the database say, and the writing down of what its calls take. Belongs to
    one event loop."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._gateway = Gateway(settings.model.queue_length, settings.model.queue_seconds)
        self._looked_at = float("-inf")
        self._learned_name = ""
        self._limits: access.Limits = {}
        self._recording: set[asyncio.Future[None]] = set()
        self._checking: asyncio.Task[None] | None = None

    async def model(self, principal: Principal, name: str = "") -> RoutedModel | None:
        """Return the model of this name for this user; without a name the first one, None where there is none (the
        extractive answerer answers then). Raises NotFound."""
        names = await self.names(principal)
        if not name and not names:
            return None
        wanted = name or names[0]
        found = self._gateway.model(wanted, principal.user_id, self._recorder(principal)) if wanted in names else None
        if found is None:
            raise NotFound(f"There is no model “{name}” here.")
        return found

    async def names(self, principal: Principal) -> list[str]:
        """Return the names of the models that this user may ask, the default first."""
        await self._look()
        names = [status.name for status in self._gateway.statuses()]
        return await asyncio.to_thread(self._usable, principal, names) if self._limits else names

    async def statuses(self) -> list[ModelStatus]:
        """Return all models with the state of their endpoints."""
        await self._look()
        return self._gateway.statuses()

    def look_again(self) -> None:
        """Something was connected, changed or disconnected in this process."""
        self._looked_at = float("-inf")

    async def aclose(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
        await asyncio.gather(*self._recording, return_exceptions=True)
        await self._gateway.aclose()

    async def _look(self) -> None:
        if time.monotonic() < self._looked_at + LOOK_AGAIN_SECONDS:
            return
        self._looked_at = time.monotonic()
        if self._checking is None:
            self._checking = asyncio.create_task(self._gateway.check_forever(self._settings.model.health_seconds))
        rows, self._limits = await asyncio.to_thread(self._connected)
        own = self._of_settings()
        await self._gateway.use([*own, *(self._config(row) for row in rows)])
        if own and not self._settings.model.name:
            await self._learn_name(own[0], rows)

    def _connected(self) -> tuple[list[ConnectedModel], access.Limits]:
        rows = connected_models(self._database, self._settings.security.secret_key)
        with self._database.reading() as session:
            return rows, access.endpoint_limits(session)

    def _usable(self, principal: Principal, names: list[str]) -> list[str]:
        with self._database.reading() as session:
            return access.usable_models(session, principal, names, self._limits)

    def _of_settings(self) -> list[EndpointConfig]:
        model = self._settings.model
        if not model.base_url:
            return []
        return [
            EndpointConfig(
                OF_SETTINGS,
                model.name or self._learned_name or UNNAMED,
                normalise_base_url(model.base_url),
                model.api_key.get_secret_value() if model.api_key else "",
                model.name or self._learned_name,
                model.context_window,
                model.concurrency,
                price_cache_hit=model.price_cache_hit,
                price_cache_miss=model.price_cache_miss,
                price_output=model.price_output,
                temperature=model.temperature,
                timeout_seconds=model.timeout_seconds,
            )
        ]

    async def _learn_name(self, own: EndpointConfig, rows: list[ConnectedModel]) -> None:
        """The endpoint of the settings was asked what it serves: call it by that name."""
        endpoint = next(
            endpoint
            for status in self._gateway.statuses()
            for endpoint in status.endpoints
            if endpoint.config.id == OF_SETTINGS
        )
        if endpoint.model.name and endpoint.model.name != self._learned_name:
            self._learned_name = endpoint.model.name
            named = replace(own, name=self._learned_name, model=self._learned_name)
            await self._gateway.use([named, *(self._config(row) for row in rows)])

    def _config(self, row: ConnectedModel) -> EndpointConfig:
        model = self._settings.model
        return EndpointConfig(
            row.endpoint_id,
            row.name,
            row.base_url,
            row.api_key,
            row.model,
            row.context_window,
            row.concurrency or model.concurrency,
            row.priority,
            row.prices.cache_hit,
            row.prices.cache_miss,
            row.prices.output,
            model.temperature,
            model.timeout_seconds,
        )

    def _recorder(self, principal: Principal) -> Callable[[Callable[[], CallUsage]], None]:
        """Return what writes a call's usage down, in a thread, without anybody waiting for it."""

        def record(usage: Callable[[], CallUsage]) -> None:
            writing = asyncio.get_running_loop().run_in_executor(None, self._write, principal, usage)
            self._recording.add(writing)
            writing.add_done_callback(self._recording.discard)

        return record

    def _write(self, principal: Principal, usage: Callable[[], CallUsage]) -> None:
        call = usage()
        tokens, at = call.tokens, call.endpoint
        try:
            add_usage(
                self._database,
                principal,
                call.model,
                at.base_url,
                UsagePurpose.ANSWER if call.is_whole_answer else UsagePurpose.AROUND_ANSWER,
                TokenCounts(
                    tokens.prompt,
                    tokens.cached,
                    tokens.reasoning,
                    tokens.completion - tokens.reasoning,
                    tokens.is_counted_here,
                ),
                Prices(at.price_cache_hit, at.price_cache_miss, at.price_output),
            )
        except Exception:
            log.exception("What a call of %s took could not be kept", call.model)
