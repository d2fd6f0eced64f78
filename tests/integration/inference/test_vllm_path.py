"""The whole path on a real vLLM (CPU build) with a small real model: question → passages → reasoning and answer as they
are written → checked citations.

The model (0.5B) was not trained to reason: the test's chat template shows it one example of a thought and opens its
turn with <think>, as DeepSeek-R1's does. vLLM's reasoning parsers want <think> to be a token of the vocabulary, which
it is not here, so the reasoning arrives inside the text and the platform itself tells it apart.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from inference.answering import AnsweringServices, Question, answer
from inference.endpoint_model import EndpointModel
from inference.llm import ChatModel
from inference.probing import probe_endpoint
from inference.thinking import AnswerText
from inference.token_counts import counter_for
from kb_platform.domain.answer import (
    Answerer,
    AnswerEvent,
    Done,
    Failed,
    PastTurn,
    SourcesFound,
    Support,
    UsageReported,
)
from kb_platform.domain.errors import ContextWindowExceeded, ModelUnavailable
from tests.passages import Collection
from tests.vllm_server import VllmServer, running_vllm

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
TEMPLATE = Path(__file__).parents[2] / "thinking_template.jinja"


@pytest.fixture(scope="module")
def server() -> Iterator[VllmServer]:
    with running_vllm("--chat-template", str(TEMPLATE)) as running:
        yield running


@pytest.fixture
async def model(server: VllmServer) -> AsyncIterator[EndpointModel]:
    (offer,) = await probe_endpoint(server.base_url)
    connected = EndpointModel(server.base_url, name=offer.name, context_window=offer.context_window, temperature=0.0)
    yield connected
    await connected.aclose()


async def ask(
    collection: Collection, model: ChatModel, text: str, *history: PastTurn, thinking: bool = False
) -> list[AnswerEvent]:
    services = AnsweringServices(collection.retriever, collection.embedding, model, collection.settings)
    question = Question(text, collection.scope, history, thinking=thinking)
    return [event async for event in answer(question, services)]


def counted(server: VllmServer, name: str) -> float:
    """Return the sum of a counter or gauge of the server's metrics."""
    text = httpx.get(server.base_url.removesuffix("/v1") + "/metrics", timeout=10).text
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{re.escape(name)}[{{ ]", line)
    )


async def test_an_answer_streams_and_each_of_its_citations_is_checked(
    regulations: Collection, model: ChatModel, server: VllmServer
) -> None:
    calls_before = counted(server, "vllm:request_success_total")
    events = await ask(regulations, model, "How many books may an undergraduate borrow?")
    done = events[-1]
    assert isinstance(done, Done), done
    sources = next(event for event in events if isinstance(event, SourcesFound))
    assert (sources.answerer, sources.model) == (Answerer.MODEL, model.name)
    assert len([event for event in events if event.type == "answer"]) > 1, "it came in pieces"
    assert "".join(event.text for event in events if event.type == "answer") == done.answer
    assert "15 books" in done.answer
    given = {source.number: source.hit for source in sources.sources}
    assert done.citations
    for citation in done.citations:
        hit = given[citation.number]
        assert f"[{citation.number}]" in done.answer[citation.sentence_start : citation.sentence_end]
        assert hit.start <= citation.evidence_start < citation.evidence_end <= hit.end
    right = [c for c in done.citations if c.support is Support.SUPPORTED]
    words = {
        given[c.number].text[c.evidence_start - given[c.number].start : c.evidence_end - given[c.number].start]
        for c in right
    }
    assert "Undergraduates may borrow up to 15 books for 30 days." in words
    assert counted(server, "vllm:request_success_total") - calls_before == 1, "a first question is one model call"


async def test_reasoning_streams_apart_from_the_answer(regulations: Collection, model: ChatModel) -> None:
    events = await ask(regulations, model, "How many books may an undergraduate borrow?", thinking=True)
    kinds = [event.type for event in events]
    assert kinds.count("reasoning") > 1
    assert "answer" not in kinds or kinds.index("reasoning") < kinds.index("answer")
    written = "".join(event.text for event in events if event.type == "answer")
    assert "think>" not in written
    if not isinstance(events[-1], Failed):  # the small model may end after its thought
        usage = next(event.usage for event in events if isinstance(event, UsageReported))
        assert usage.reasoning_tokens > 0


async def test_a_prompt_is_counted_as_the_server_counts_it(regulations: Collection, model: ChatModel) -> None:
    messages = [{"role": "system", "content": "答：简短。"}, {"role": "user", "content": "图书馆 opens at 8:00? 😀"}]
    counted_here = await counter_for(model, thinking=False)(messages)  # type: ignore[arg-type]
    async with aclosing(model.stream(messages, 1, thinking=False)) as deltas:  # type: ignore[arg-type]
        used = [delta async for delta in deltas if hasattr(delta, "prompt")]
    assert counted_here == used[0].prompt


async def test_a_follow_up_is_rewritten_by_the_model_and_answered(
    regulations: Collection, model: ChatModel, server: VllmServer
) -> None:
    calls_before = counted(server, "vllm:request_success_total")
    before = PastTurn("How many books may an undergraduate borrow?", "Up to 15 books for 30 days.")
    events = await ask(regulations, model, "Can they be renewed?", before)
    sources = next(event for event in events if isinstance(event, SourcesFound))
    assert "renew" in sources.query
    assert sources.sources[0].hit.document_title == "Library rules"
    assert counted(server, "vllm:request_success_total") - calls_before <= 2


async def test_a_question_without_evidence_asks_no_model(
    regulations: Collection, model: ChatModel, server: VllmServer
) -> None:
    calls_before = counted(server, "vllm:request_success_total")
    events = await ask(regulations, model, "珠穆朗玛峰有多高？")
    done = events[-1]
    assert isinstance(done, Done)
    assert done.abstained
    assert done.citations == ()
    assert counted(server, "vllm:request_success_total") == calls_before


async def test_a_reader_who_leaves_stops_the_generation(model: ChatModel, server: VllmServer) -> None:
    story = [
        {"role": "system", "content": "-"},
        {"role": "user", "content": "Count from 1 to 2000, one number a line."},
    ]
    async with aclosing(model.stream(story, 1500, thinking=False)) as deltas:  # type: ignore[arg-type]
        async for delta in deltas:
            if isinstance(delta, AnswerText):
                break
    left = time.monotonic()
    while counted(server, "vllm:num_requests_running") > 0:
        assert time.monotonic() - left < 10, "the server still generates"
        await asyncio.sleep(0.1)


async def test_what_is_wrong_with_the_endpoint_is_said(server: VllmServer) -> None:
    unknown = EndpointModel(server.base_url, name="no-such-model")
    with pytest.raises(ModelUnavailable, match="no-such-model"):
        async with aclosing(unknown.stream([{"role": "user", "content": "?"}], 5)) as deltas:
            [delta async for delta in deltas]
    known = EndpointModel(server.base_url, name=server.model)
    with pytest.raises(ContextWindowExceeded, match="context window"):
        async with aclosing(known.stream([{"role": "user", "content": "word " * 20_000}], 5)) as deltas:
            [delta async for delta in deltas]
    with pytest.raises(ModelUnavailable, match="ends in /v1"):
        await probe_endpoint(server.base_url.replace("/v1", "/wrong"))
