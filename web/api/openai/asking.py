"""From a chat request to the events of an answer: from a knowledge base, or from a model alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.domain.access import AccessScope
from kb_platform.domain.answer import AnswerEvent, PastTurn
from kb_platform.domain.errors import ContextWindowExceeded, InvalidInput, NotFound
from web.api.openai.models import KNOWLEDGE_BASE, ModelNotFound, scope_of_model
from web.api.openai.schemas import ChatMessage, ChatRequest
from web.api.schemas.knowledge_bases import MOST_QUERY_CHARACTERS
from web.api.web_search import require_web_search
from web.services import Services

if TYPE_CHECKING:
    from inference.llm import Message, Sampling

SPOKEN = ("user", "assistant")
ROLES = {"developer": "system", "function": "user", "tool": "user"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer's events, and the model's name as the caller gave it."""

    model: str
    events: AsyncGenerator[AnswerEvent]


async def answer_of(body: ChatRequest, caller: Principal, services: Services) -> Asked:
    """Return the answer. Raises InvalidInput for what cannot be done, NotFound for an unknown model or knowledge base,
    TooManyRequests when too many wait, ContextWindowExceeded."""
    _refuse_what_cannot_be(body)
    if body.model.startswith(KNOWLEDGE_BASE):
        scope = await asyncio.to_thread(scope_of_model, services, caller, body.model)
        return Asked(body.model, await _from_documents(body, scope, "", caller, services))
    if body.knowledge_base_ids:
        scope = await asyncio.to_thread(_scope_of_ids, services, caller, body.knowledge_base_ids)
        return Asked(body.model, await _from_documents(body, scope, body.model, caller, services))
    access.require_whole(caller)
    if body.web_search:
        return Asked(body.model, await _from_documents(body, None, body.model, caller, services))
    return Asked(body.model, await _from_model(body, caller, services))


async def _from_documents(
    body: ChatRequest, scope: AccessScope | None, model: str, caller: Principal, services: Services
) -> AsyncGenerator[AnswerEvent]:
    """The platform's own rules stand where a system message would, and its own sampling."""
    from inference.answering import Question, answer

    said = [(message.role, message) for message in body.messages]
    spoken = [(role, text_of(message)) for role, message in said if role in SPOKEN]
    if not spoken or spoken[-1][0] != "user" or not spoken[-1][1].strip():
        raise InvalidInput("messages: the last one must be the user's question.")
    question = spoken[-1][1].strip()
    if len(question) > MOST_QUERY_CHARACTERS:
        raise InvalidInput(f"messages: a question to a knowledge base has at most {MOST_QUERY_CHARACTERS} characters.")
    if body.web_search:
        await asyncio.to_thread(_require_web_search, services, caller)
    try:
        answering = await services.answering(caller, model)
    except NotFound as error:
        raise ModelNotFound(error.message) from error
    turns = tuple(
        PastTurn(asked, answered, number)
        for number, (asked, answered) in enumerate(
            (
                (first[1], second[1])
                for first, second in pairwise(spoken[:-1])
                if (first[0], second[0]) == ("user", "assistant")
            ),
            start=1,
        )
    )
    asked_now = Question(
        question,
        scope,
        turns,
        thinking=wants_thinking(body),
        number=len(turns) + 1,
        web_search=body.web_search,
    )
    return answer(asked_now, answering)


async def _from_model(body: ChatRequest, caller: Principal, services: Services) -> AsyncGenerator[AnswerEvent]:
    from inference.budget import reserve_room
    from inference.chatting import chat
    from inference.token_counts import counter_for, most_tokens

    try:
        model = await services.models.model(caller, body.model)
    except NotFound as error:
        raise ModelNotFound(f"{error.message} GET /v1/models lists those that you may use.") from error
    if model is None:
        raise ModelNotFound("Name a model: GET /v1/models lists those that you may use.")
    model.refuse_when_full()
    thinking = wants_thinking(body)
    messages = _messages(body.messages)
    settings = services.settings.model
    wanted = body.max_completion_tokens or body.max_tokens
    usual = reserve_room(model.context_window, settings.reasoning_tokens, settings.answer_tokens, thinking)
    most = wanted or usual.total
    room = model.context_window - most_tokens(messages)
    if room < most:
        room = model.context_window - await counter_for(model, thinking)(messages)
    if room < 1:
        raise ContextWindowExceeded(
            f"The messages are longer than the context window of {model.context_window} tokens of {body.model}."
        )
    return chat(messages, model, min(most, room), thinking, _sampling(body))


def text_of(message: ChatMessage) -> str:
    """Return a message's text. Raises InvalidInput for pictures, sound and files."""
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return _checked(message.content)
    other = sorted({part.type for part in message.content if part.type != "text"})
    if other:
        raise InvalidInput(
            f"messages: only text can be read here, not {', '.join(other)}. Upload files to a knowledge base."
        )
    return _checked("\n".join(part.text for part in message.content))


def wants_thinking(body: ChatRequest) -> bool:
    """Return whether deep thinking is on, in whichever of its forms it was said; on where nothing was."""
    if isinstance(body.thinking, bool):
        return body.thinking
    if body.thinking is not None:
        return body.thinking.type != "disabled"
    switches = body.chat_template_kwargs or {}
    for name in ("thinking", "enable_thinking"):
        if isinstance(switches.get(name), bool):
            return bool(switches[name])
    return body.reasoning_effort != "none"


def _messages(sent: Sequence[ChatMessage]) -> list[Message]:
    return [{"role": ROLES.get(message.role, message.role), "content": text_of(message)} for message in sent]


def _sampling(body: ChatRequest) -> Sampling:
    from inference.llm import Sampling

    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    return Sampling(
        temperature=body.temperature,
        top_p=body.top_p,
        stop=stop,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        seed=body.seed,
    )


def _refuse_what_cannot_be(body: ChatRequest) -> None:
    if body.n not in (None, 1):
        raise InvalidInput("n: one answer at a time.")
    if (body.tools or body.functions) and body.tool_choice != "none":
        raise InvalidInput("tools: tools and functions cannot be called here.")


def _scope_of_ids(services: Services, caller: Principal, ids: Sequence[str]) -> AccessScope:
    try:
        wanted = [str(UUID(id_)) for id_ in ids]
    except ValueError as error:
        raise InvalidInput("knowledge_base_ids: ids are UUIDs; GET /api/v1/knowledge-bases lists them.") from error
    with services.database.reading() as session:
        return access.scope_of(session, caller, wanted)


def _require_web_search(services: Services, caller: Principal) -> None:
    with services.database.reading() as session:
        require_web_search(services, session, caller)


def _checked(text: str) -> str:
    if "\x00" in text:
        raise InvalidInput("messages: NUL characters cannot be read.")
    return text
