"""What calls of models took."""

from __future__ import annotations

from pydantic import Field

from web.api.schemas.common import Sent


class UsageSum(Sent):
    """Fields by which was not grouped are empty."""

    day: str = Field(description="UTC.")
    user: str = Field(description="E-mail address.")
    api_key: str = Field(description="The key's name; empty: asked in the browser.")
    department: str = Field(description="The user's when it was used.")
    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int = Field(description="Of the prompt's, those from the model server's prefix cache.")
    reasoning_tokens: int
    answer_tokens: int
    counted_here: int = Field(description="Calls whose endpoint told no numbers: counted with our own tokenizer.")
    cost: float


class UsageReport(Sent):
    sums: list[UsageSum]
    currency: str
