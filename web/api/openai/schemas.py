"""What OpenAI's clients send and read. Fields that are not known here are ignored, as OpenAI does."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from web.api.schemas.common import Sent
from web.api.schemas.conversations import Citation, Flag, Notice, Source


class Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ContentPart(Lenient):
    type: str
    text: str = ""


class ChatMessage(Lenient):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class StreamOptions(Lenient):
    include_usage: bool = False


class Thinking(Lenient):
    """DeepSeek's form."""

    type: Literal["enabled", "disabled", "auto"] = "enabled"


class ChatRequest(Lenient):
    model: str = Field(max_length=512, description="`kb:` and a knowledge base's name or id, or a model's name.")
    messages: list[ChatMessage] = Field(min_length=1, max_length=10_000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    stop: str | list[str] | None = None
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    seed: int | None = None
    n: int | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    functions: list[Any] | None = None
    reasoning_effort: str | None = Field(None, description="`none`: without deep thinking.")
    thinking: bool | Thinking | None = Field(None, description="Extension: deep thinking on (the default) or off.")
    chat_template_kwargs: dict[str, Any] | None = Field(
        None, description="vLLM's form of the same: `thinking` or `enable_thinking`."
    )
    web_search: bool = Field(False, description="Extension: ask the web as well, where an administrator allows it.")
    knowledge_base_ids: list[str] | None = Field(
        None, max_length=1000, description="Extension: what is searched, with a model of your choice to answer."
    )


class PromptTokensDetails(Sent):
    cached_tokens: int


class CompletionTokensDetails(Sent):
    reasoning_tokens: int


class TokenUsage(Sent):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails
    completion_tokens_details: CompletionTokensDetails


class AssistantMessage(Sent):
    role: Literal["assistant"] = "assistant"
    content: str
    reasoning_content: str | None = None


class Choice(Sent):
    index: int = 0
    message: AssistantMessage
    finish_reason: str
    logprobs: None = None


class ChatCompletion(Sent):
    """`sources`, `citations`, `flags`, `abstained`, `answerer` and `notices` are this platform's own: the passages the
    answer was made from, of each marker `[n]` the sentence, the words that carry it, and whether they do, and what the
    answer names that stands in no source."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage
    sources: list[Source] = Field(default_factory=list)
    citations: list[Citation] = Field(default_factory=list)
    flags: list[Flag] = Field(default_factory=list)
    abstained: bool = False
    answerer: str = "model"
    notices: list[Notice] = Field(default_factory=list)


class Delta(Sent):
    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning_content: str | None = None


class ChunkChoice(Sent):
    index: int = 0
    delta: Delta
    finish_reason: str | None = None
    logprobs: None = None


class ChatCompletionChunk(Sent):
    """One `data:` line of a stream. The first has the `sources`, the one with the finish_reason the `citations`
    and `flags`."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: TokenUsage | None = None
    sources: list[Source] | None = None
    citations: list[Citation] | None = None
    flags: list[Flag] | None = None
    abstained: bool | None = None
    answerer: str | None = None
    notices: list[Notice] | None = None


class ModelCard(Sent):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = Field(description="`knowledge-base` or `model`.")
    name: str


class ModelList(Sent):
    object: Literal["list"] = "list"
    data: list[ModelCard]


class EmbeddingRequest(Lenient):
    model: str = Field(max_length=512)
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    input_type: Literal["document", "passage", "query"] = Field(
        "document", description="Extension: some models embed questions differently from passages."
    )


class Embedding(Sent):
    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str = Field(description="Base64: little-endian float32.")


class EmbeddingUsage(Sent):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(Sent):
    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class OpenAIErrorDetail(Sent):
    message: str
    type: str
    param: str | None
    code: str


class OpenAIError(Sent):
    """Every error of the OpenAI-compatible paths has this shape."""

    error: OpenAIErrorDetail
