"""A model behind one OpenAI-compatible endpoint, streamed as typed deltas.

Not llama-index's OpenAILike (0.8), which loses three things that an answer needs: the reasoning of a first delta whose
`content` is null is skipped; closing its generator does not close the HTTP response, so a reader who stops would leave
the model generating; and the whole text is rebuilt with every delta. `as_llama_index` gives the same endpoint to
llama-index programs. What is not streamed is asked with the official `openai` client.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import httpx
import openai

from inference.completion_stream import CONNECT_SECONDS, CompletionClient, StreamFailed
from inference.endpoint_errors import failure
from inference.llm import Finished, Message, ModelDelta, Sampling, TokensUsed
from inference.probing import ModelOffer, normalise_base_url, offers_of
from inference.thinking import AnswerText, ReasoningText, ThinkTagSplitter, without_reasoning

if TYPE_CHECKING:
    from llama_index.llms.openai_like import OpenAILike

DEFAULT_CONTEXT_WINDOW = 32_768
# Names of models whose chat template opens `<think>` itself, for servers that cannot be asked for their template.
OPENS_THINKING = re.compile(r"deepseek-?r1|r1-distill|qwq|deepseek-reasoner", re.IGNORECASE)


class EndpointModel:
    """A chat model behind one OpenAI-compatible endpoint. Belongs to one event loop.

    `base_url` ends in /v1 (added when missing), `context_window` is in tokens, `timeout_seconds` is the longest
    silence of the endpoint.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        name: str = "",
        context_window: int = 0,
        temperature: float = 0.6,
        timeout_seconds: float = 120.0,
        is_vllm: bool | None = None,
    ) -> None:
        self.base_url = normalise_base_url(base_url)
        self.name = name
        self.context_window = context_window or DEFAULT_CONTEXT_WINDOW
        self.temperature = temperature
        self._api_key = api_key
        self._is_vllm = is_vllm
        self._opens_thinking: dict[bool, bool] = {}
        self._timeout = httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
        self._client = openai.AsyncOpenAI(
            base_url=self.base_url, api_key=api_key or "none", timeout=self._timeout, max_retries=0
        )
        self._streaming = CompletionClient(self.base_url, api_key or "none", timeout_seconds)

    def learn(self, name: str, context_window: int, is_vllm: bool) -> None:
        """Take in what the endpoint says of itself. A server that does not call itself vLLM may still be one."""
        self.name = name
        self.context_window = context_window or DEFAULT_CONTEXT_WINDOW
        self._is_vllm = is_vllm or self._is_vllm

    async def offers(self, timeout_seconds: float) -> list[ModelOffer]:
        """Return what the endpoint lists now, asked over a connection that is kept. Raises ModelUnavailable."""
        return await offers_of(self._client, self.base_url, timeout_seconds)

    async def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        thinking: bool = True,
        sampling: Sampling | None = None,
    ) -> AsyncGenerator[ModelDelta, None]:
        """Yield reasoning and answer as they are written, then TokensUsed (where the server reports it) and Finished.

        Closing the iterator closes the connection, upon which the server stops generating. Raises ModelUnavailable,
        or ContextWindowExceeded where the endpoint finds the prompt too long.
        """
        splitter = ThinkTagSplitter(await self._template_opens_thinking(thinking))
        reason = ""
        used: TokensUsed | None = None
        reasons_apart = answered = False
        inline_reasoning: list[str] = []
        request: dict[str, Any] = {
            "model": self.name,
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": self.temperature,
            "stream_options": {"include_usage": True},
            **_chosen(sampling),
        }
        if self._is_vllm:
            request["chat_template_kwargs"] = _thinking_switch(thinking)
        try:
            async with aclosing(self._streaming.stream(request)) as chunks:
                async for chunk in chunks:
                    if usage := chunk.get("usage"):
                        used = _tokens_used(usage)
                    choice = _first_choice(chunk)
                    reason = choice.get("finish_reason") or reason
                    said = choice.get("delta") or {}
                    if reasoning := _text(said, "reasoning") or _text(said, "reasoning_content"):
                        if not reasons_apart:
                            reasons_apart, splitter = True, ThinkTagSplitter(starts_open=False)
                        yield ReasoningText(reasoning)
                    for delta in splitter.feed(_text(said, "content")):
                        answered = answered or isinstance(delta, AnswerText)
                        if isinstance(delta, ReasoningText):
                            inline_reasoning.append(delta.text)
                        yield delta
        except StreamFailed as error:
            raise failure(error, self.base_url, self.name) from error
        for delta in splitter.finish():
            answered = answered or isinstance(delta, AnswerText)
            yield delta
        if not answered and not splitter.closed and inline_reasoning and reason != "length":
            # Taken for a model that thinks first, but it never closed a block: what it wrote was its answer.
            yield AnswerText("".join(inline_reasoning).strip())
        if used:
            yield used
        yield Finished(reason or "stop")

    async def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        """Return a short finished text without its reasoning (one request, thinking switched off where possible)."""
        request: dict[str, Any] = {
            "model": self.name,
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": 0.0,
        }
        if self._is_vllm:
            request["extra_body"] = {"chat_template_kwargs": _thinking_switch(False)}
        try:
            response = await self._client.chat.completions.create(**request)
        except openai.OpenAIError as error:
            raise failure(error, self.base_url, self.name) from error
        return without_reasoning(response.choices[0].message.content or "") if response.choices else ""

    async def tokenize(self, messages: Sequence[Message], thinking: bool = True) -> list[int] | None:
        """Return the prompt's tokens, chat template included, or None where the server has no /tokenize (vLLM)."""
        if self._is_vllm is False:
            return None
        body: dict[str, Any] = {
            "model": self.name,
            "messages": list(messages),
            "add_generation_prompt": True,
            "chat_template_kwargs": _thinking_switch(thinking),
        }
        answer = await self._post_beside("/tokenize", body)
        tokens = answer.get("tokens") if answer else None
        if self._is_vllm is None:
            self._is_vllm = isinstance(tokens, list)
        return tokens if isinstance(tokens, list) else None

    async def always_thinks(self) -> bool:
        """Say whether the model reasons even with thinking switched off (DeepSeek-R1 and its distills)."""
        return await self._template_opens_thinking(False)

    def as_llama_index(self) -> OpenAILike:
        """Return this endpoint as a llama-index LLM."""
        from llama_index.llms.openai_like import OpenAILike

        return OpenAILike(
            model=self.name,
            api_base=self.base_url,
            api_key=self._api_key or "none",
            context_window=self.context_window,
            temperature=self.temperature,
            is_chat_model=True,
        )

    async def aclose(self) -> None:
        await self._streaming.aclose()
        await self._client.close()

    async def _template_opens_thinking(self, thinking: bool) -> bool:
        """Say whether the chat template ends with `<think>`: asked once of a server that can tell, else by name."""
        if thinking not in self._opens_thinking:
            opens = bool(OPENS_THINKING.search(self.name))
            tokens = await self.tokenize([{"role": "user", "content": "?"}], thinking)
            if tokens:
                answer = await self._post_beside("/detokenize", {"model": self.name, "tokens": tokens[-8:]})
                if answer and isinstance(answer.get("prompt"), str):
                    opens = answer["prompt"].rstrip().endswith("<think>")
            self._opens_thinking[thinking] = opens
        return self._opens_thinking[thinking]

    async def _post_beside(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """POST to a path of the server that stands beside /v1; None when it has no such path."""
        root = self.base_url.removesuffix("/v1")
        try:
            answer: object = await self._client.post(root + path, body=body, cast_to=object)
        except (openai.NotFoundError, openai.BadRequestError, openai.UnprocessableEntityError):
            return None
        except openai.OpenAIError as error:
            if isinstance(error, openai.APIStatusError) and error.status_code in (401, 403, 405, 501):
                return None
            raise failure(error, self.base_url, self.name) from error
        return answer if isinstance(answer, dict) else None


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices")
    return choices[0] if choices else {}


def _text(said: dict[str, Any], field: str) -> str:
    value = said.get(field)
    return value if isinstance(value, str) else ""


def _tokens_used(usage: dict[str, Any]) -> TokensUsed:
    prompt_details = usage.get("prompt_tokens_details") or {}
    completion_details = usage.get("completion_tokens_details") or {}
    return TokensUsed(
        prompt=usage.get("prompt_tokens") or 0,
        cached=prompt_details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0,
        reasoning=completion_details.get("reasoning_tokens") or 0,
        completion=usage.get("completion_tokens") or 0,
    )


def _chosen(sampling: Sampling | None) -> dict[str, Any]:
    """Return the request's fields for what was chosen."""
    if sampling is None:
        return {}
    fields = {name: value for name, value in asdict(sampling).items() if value is not None}
    return (
        {**fields, "stop": list(sampling.stop)} if sampling.stop else {k: v for k, v in fields.items() if k != "stop"}
    )


def _thinking_switch(thinking: bool) -> dict[str, bool]:
    """The two names that chat templates read (DeepSeek-V3.1: thinking, Qwen3: enable_thinking)."""
    return {"thinking": thinking, "enable_thinking": thinking}
