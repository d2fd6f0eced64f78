"""Which model answers now: the one of the settings, else the one that an administrator connected."""

from __future__ import annotations

import asyncio

from inference.llm import ChatModel, connect_model
from kb_platform.database.engine import Database
from kb_platform.model_endpoints import ConnectedModel, answering_endpoint
from kb_platform.settings import Settings


class AnsweringModel:
    """Keeps the connection pool of the model in use; looks at the database each time, since another process may have
    connected a model. Belongs to one event loop."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._configured: ChatModel | None = None
        self._connected: tuple[ConnectedModel, ChatModel] | None = None

    async def now(self) -> ChatModel | None:
        """Return the model that answers, None where none is connected (the extractive answerer answers then)."""
        if self._settings.model.base_url:
            return await self._from_settings()
        found = await asyncio.to_thread(answering_endpoint, self._database, self._settings.security.secret_key)
        if found is None:
            return None
        if self._connected is None or self._connected[0] != found:
            # The one before may still be streaming an answer: it closes when it is collected.
            self._connected = (found, self._chat_model(found))
        return self._connected[1]

    async def aclose(self) -> None:
        for model in (self._configured, self._connected[1] if self._connected else None):
            if model is not None:
                await model.aclose()

    async def _from_settings(self) -> ChatModel | None:
        if self._configured is None or not self._configured.name:
            # An endpoint that was still starting is asked again until it has said what it serves.
            self._configured = await connect_model(self._settings.model)
        return self._configured

    def _chat_model(self, found: ConnectedModel) -> ChatModel:
        model = self._settings.model
        return ChatModel(
            found.base_url, found.api_key, found.model, found.context_window, model.temperature, model.timeout_seconds
        )
