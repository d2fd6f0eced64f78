"""Base classes and the one shape of errors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Sent(BaseModel):
    """What the server sends. Built from rows and domain values by attribute."""

    model_config = ConfigDict(from_attributes=True)


class Received(BaseModel):
    """What a caller sends: an unknown field is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("NUL characters cannot be stored")
        return value


class ErrorDetail(Sent):
    code: str = Field(description="A stable word for programs.")
    message: str = Field(description="A sentence for a person, with what to do.")


class Error(Sent):
    """Every error of the API has this shape."""

    error: ErrorDetail


class Health(Sent):
    status: str = Field(examples=["ok"])
    version: str


class System(Sent):
    version: str
    answerer: str = Field(description="Who answers now.", json_schema_extra={"enum": ["model", "extractive"]})
    model: str = Field(description="The answering model's name; empty when the extractive answerer answers.")
    models: list[str] = Field(description="Models that the caller may choose from, the default first.")
    embedding_model: str
    formats: list[str] = Field(description="Suffixes of the files that can be read, with their dot.")
    web_search: str = Field(
        description="Whether the caller may ask the web, or why not.",
        json_schema_extra={"enum": ["available", "not_configured", "not_allowed"]},
    )
    max_upload_bytes: int = Field(description="Largest file that an upload may hold.")
