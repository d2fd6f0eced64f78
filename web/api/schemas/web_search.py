"""Asking the web."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from web.api.schemas.common import Received, Sent


class WebSearch(Sent):
    provider: str = Field(description="The search engine of the settings; empty: none, so nobody can ask the web.")
    everyone: bool = Field(description="All users may ask the web.")
    department_ids: list[str] = Field(
        description="Departments whose people, and those of all departments below, may ask the web."
    )


class WebSearchChange(Received):
    """Who may from now on; whoever is not named may not any more."""

    everyone: bool = Field(description="Let all users ask the web.")
    department_ids: list[UUID] = Field(
        default_factory=list, max_length=1000, description="Let the people of these and of all departments below."
    )
