"""OpenAI's own client and llama-index's OpenAILike against a running platform."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest

from tests.integration.api.conftest import RULES, ReadAll, Rules, Running, upload
from tests.integration.api.scripted_model import MODEL, Script

QUESTION = "申请转专业的平均绩点不得低于多少？"


@pytest.fixture(scope="module")
def api_key(reader: httpx.Client) -> Iterator[str]:
    made = reader.post("/api/v1/api-keys", json={"name": "programs"}).json()
    yield made["key"]
    reader.delete(f"/api/v1/api-keys/{made['id']}")


@pytest.fixture(scope="module")
def client(server: Running, api_key: str) -> Iterator[openai.OpenAI]:
    http = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=api_key, max_retries=0, http_client=http) as made:
        yield made


def ask(client: openai.OpenAI, model: str, question: str = QUESTION, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], **more)


def test_each_knowledge_base_and_each_model_is_listed(
    client: openai.OpenAI, rules: Rules, connected: dict[str, Any]
) -> None:
    listed = {model.id: model.owned_by for model in client.models.list()}
    assert listed["kb:规章"] == "knowledge-base"
    assert listed[MODEL] == "model"
    assert client.models.retrieve("kb:规章").id == "kb:规章"


def test_two_knowledge_bases_of_one_name_are_told_apart_by_id(client: openai.OpenAI, editor: httpx.Client) -> None:
    twin = {"name": "双胞胎", "share_with": "everyone"}
    ids = [editor.post("/api/v1/knowledge-bases", json=twin).json()["id"] for _ in range(2)]
    listed = [model.id for model in client.models.list()]
    assert {f"kb:{id_}" for id_ in ids} <= set(listed)
    assert "kb:双胞胎" not in listed
    with pytest.raises(openai.NotFoundError, match="Several"):
        ask(client, "kb:双胞胎")


def test_a_knowledge_base_answers_with_checked_citations_without_any_model(client: openai.OpenAI, rules: Rules) -> None:
    said = ask(client, f"kb:{rules.base}")
    assert "3.2" in said.choices[0].message.content
    assert said.choices[0].finish_reason == "stop"
    extension = said.model_extra
    assert extension["answerer"] == "extractive"
    citation = extension["citations"][0]
    source = next(source for source in extension["sources"] if source["number"] == citation["number"])
    evidence = source["text"][citation["evidence_start"] - source["start"] : citation["evidence_end"] - source["start"]]
    assert "3.2" in evidence
    assert f"[{citation['number']}]" in said.choices[0].message.content


def test_a_stream_says_what_the_whole_answer_says(client: openai.OpenAI, rules: Rules) -> None:
    whole = ask(client, "kb:规章")
    chunks = list(ask(client, "kb:规章", stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].model_extra["sources"] == whole.model_extra["sources"]
    last, usage = chunks[-2], chunks[-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.model_extra["citations"] == whole.model_extra["citations"]
    assert (usage.choices, usage.usage.total_tokens) == ([], 0)


def test_what_the_documents_do_not_say_is_said_so(client: openai.OpenAI, rules: Rules) -> None:
    said = ask(client, "kb:规章", "火星探测器的发射日期是哪一天？")
    assert said.model_extra["abstained"] is True
    assert said.model_extra["citations"] == []


def test_a_model_reasons_in_a_field_of_its_own(
    client: openai.OpenAI, script: Script, connected: dict[str, Any], rules: Rules
) -> None:
    said = ask(client, MODEL, "你好")
    assert said.choices[0].message.content == script.answer
    assert said.choices[0].message.reasoning_content == "先查规定。"
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (100, 20)
    assert said.usage.completion_tokens_details.reasoning_tokens > 0
    streamed = list(ask(client, MODEL, "你好", stream=True))
    assert "".join(getattr(c.choices[0].delta, "reasoning_content", None) or "" for c in streamed) == "先查规定。"
    assert all(chunk.usage is None for chunk in streamed)
    assert "usage" not in streamed[0].model_fields_set
    through_documents = ask(client, MODEL, extra_body={"knowledge_base_ids": [rules.base]})
    assert through_documents.model_extra["citations"]
    assert through_documents.model_extra["answerer"] == "model"


def test_a_model_is_sent_what_the_caller_sent(client: openai.OpenAI, script: Script, connected: dict[str, Any]) -> None:
    client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        ],
        temperature=0.1,
        top_p=0.5,
        stop=["END"],
        seed=7,
        max_tokens=50,
        extra_body={"no_such_field": 1},
    )
    sent = script.requests[-1]
    assert sent["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert (sent["temperature"], sent["top_p"], sent["stop"], sent["seed"]) == (0.1, 0.5, ["END"], 7)
    assert sent["max_tokens"] == 50
    assert "no_such_field" not in sent


def test_a_question_leans_on_the_messages_before_it(
    client: openai.OpenAI, script: Script, connected: dict[str, Any], rules: Rules
) -> None:
    client.chat.completions.create(
        model="kb:规章",
        messages=[
            {"role": "user", "content": "申请转专业的平均绩点不得低于多少？"},
            {"role": "assistant", "content": "不得低于3.2[1]。"},
            {"role": "user", "content": "可以转几次？"},
        ],
    )
    roles = [message["role"] for message in script.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_errors_come_in_openais_form(client: openai.OpenAI, server: Running, rules: Rules) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        ask(client, "gpt-4o")
    assert (unknown.value.code, unknown.value.type) == ("model_not_found", "invalid_request_error")
    with pytest.raises(openai.BadRequestError) as nothing_asked:
        client.chat.completions.create(model="kb:规章", messages=[])
    assert nothing_asked.value.param == "messages"
    picture: Any = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    with pytest.raises(openai.BadRequestError, match="only text"):
        client.chat.completions.create(model="kb:规章", messages=[{"role": "user", "content": picture}])
    stranger = openai.OpenAI(base_url=f"{server.url}/v1", api_key="kbk_wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as refused:
        ask(stranger, "kb:规章")
    assert refused.value.code == "invalid_api_key"


def test_a_failure_before_the_first_word_is_a_status_and_after_it_an_error_in_the_stream(
    client: openai.OpenAI, script: Script, connected: dict[str, Any]
) -> None:
    script.status = 500
    with pytest.raises(openai.InternalServerError) as failed:
        ask(client, MODEL, stream=True)
    assert failed.value.status_code == 503
    assert int(failed.value.response.headers["retry-after"]) > 0
    script.status, script.breaks_off = 200, True
    with pytest.raises(openai.APIError, match="broke off"):
        list(ask(client, MODEL, stream=True))


def test_more_than_the_window_is_refused_before_the_model_is_asked(
    client: openai.OpenAI, script: Script, connected: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError) as too_long:
        ask(client, MODEL, "字" * 60_000)
    assert too_long.value.code == "context_length_exceeded"
    assert script.requests == []


@pytest.mark.parametrize("stream", [True, False])
def test_a_caller_who_hangs_up_ends_the_generation(
    server: Running, api_key: str, script: Script, connected: dict[str, Any], stream: bool
) -> None:
    script.pause, script.endless = 0.02, True
    body = {"model": MODEL, "messages": [{"role": "user", "content": "?"}], "stream": stream}
    headers = {"Authorization": f"Bearer {api_key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=1.5, trust_env=False) as impatient:
        if stream:
            with impatient.stream("POST", "/v1/chat/completions", json=body) as response:
                next(response.iter_lines())
        else:
            with pytest.raises(httpx.ReadTimeout):
                impatient.post("/v1/chat/completions", json=body)
    left = time.monotonic()
    assert script.hung_up.wait(2)
    assert time.monotonic() - left < 2


def test_embeddings_are_those_of_the_index(server: Running, client: openai.OpenAI) -> None:
    model = server.services.embedding
    texts = ["转专业的条件", "Borrowing books", "图书馆开放时间"]
    floats = client.embeddings.create(model=model.name, input=texts, encoding_format="float")
    np.testing.assert_allclose([e.embedding for e in floats.data], model.embed_passages(texts), atol=1e-3)
    assert [e.index for e in floats.data] == [0, 1, 2]
    assert floats.usage.prompt_tokens > 5
    coded = client.post(
        "/embeddings",
        cast_to=object,
        body={"model": model.name, "input": texts[0], "encoding_format": "base64", "dimensions": model.dimension},
    )
    raw: Any = coded
    vector = np.frombuffer(base64.b64decode(raw["data"][0]["embedding"]), "<f4")
    np.testing.assert_allclose(vector, floats.data[0].embedding, atol=1e-3)
    query = client.embeddings.create(model=model.name, input=texts[0], extra_body={"input_type": "query"})
    np.testing.assert_allclose(query.data[0].embedding, model.embed_query(texts[0]), atol=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"dimensions": 64}, "dimensions"), ({"input": []}, "input"), ({"input": [[1, 2]]}, "tokenizer")],
)
def test_embeddings_that_cannot_be_made_are_refused(
    server: Running, client: openai.OpenAI, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=said):
        client.embeddings.create(**{"model": server.services.embedding.name, "input": "x", **change})


def test_llama_index_asks_through_it(server: Running, api_key: str, rules: Rules) -> None:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    llm = OpenAILike(model="kb:规章", api_base=f"{server.url}/v1", api_key=api_key, is_chat_model=True, max_retries=0)
    asked = [ChatMessage(role="user", content=QUESTION)]
    said = llm.chat(asked)
    assert "3.2" in (said.message.content or "")
    streamed = list(llm.stream_chat(asked))
    assert streamed[-1].message.content == said.message.content


def test_what_a_reader_may_not_read_is_no_model(client: openai.OpenAI, editor: httpx.Client, read_all: ReadAll) -> None:
    gone = editor.post("/api/v1/knowledge-bases", json={"name": "将被删除"}).json()["id"]
    upload(editor, gone, ("办法.md", RULES))
    read_all(gone)
    assert editor.delete(f"/api/v1/knowledge-bases/{gone}").status_code in (202, 204)
    assert "kb:将被删除" not in [model.id for model in client.models.list()]
    with pytest.raises(openai.NotFoundError):
        ask(client, f"kb:{gone}")
