"""Asking the web."""

from __future__ import annotations

from pydantic import Field

from web.api.schemas.common import Received, Sent


class WebSearch(Sent):
    provider: str = Field(description="The search engine of the settings; empty: none, so nobody can ask the web.")
    everyone: bool = Field(description="All users may ask the web.")


class WebSearchChange(Received):
    everyone: bool = Field(description="Let all users ask the web.")
