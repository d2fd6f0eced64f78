"""Departments, groups and people, and with whom something is shared."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kb_platform.database.tables import Role
from kb_platform.domain.access import Level, SubjectKind
from kb_platform.passwords import LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_CHARACTERS
from kb_platform.people import MOST_MEMBERS, MOST_NAME_CHARACTERS
from kb_platform.shares import MOST_SUBJECTS
from web.api.schemas.common import Received, Sent

MOST_QUOTA = 10**12


class Department(Sent):
    id: str
    name: str
    parent_id: str | None
    user_count: int = Field(description="Its own people, without those of departments below.")
    knowledge_base_count: int
    storage_mib: int | None = Field(description="Quota of it and all departments below; none: no limit.")
    documents: int | None
    tokens_per_day: int | None
    bytes_held: int = Field(description="By it and all departments below.")
    documents_held: int
    tokens_today: int = Field(description="Used by their people since midnight (UTC).")


class DepartmentList(Sent):
    departments: list[Department]


class DepartmentRequest(Received):
    name: str = Field(min_length=1, max_length=MOST_NAME_CHARACTERS)
    parent_id: UUID | None = Field(None, description="The department that it belongs to; none: at the top.")


class DepartmentChange(Received):
    """What is given changes."""

    name: str | None = Field(None, min_length=1, max_length=MOST_NAME_CHARACTERS)
    parent_id: UUID | None = Field(None, description="Moves it there; null: to the top.")
    storage_mib: int | None = Field(None, ge=0, le=MOST_QUOTA, description="For administrators; null: no limit.")
    documents: int | None = Field(None, ge=0, le=MOST_QUOTA)
    tokens_per_day: int | None = Field(None, ge=0, le=MOST_QUOTA)


class Person(Sent):
    id: str
    email: str
    display_name: str
    role: Role
    department_id: str | None
    is_active: bool = Field(description="False: suspended; neither sign-in nor keys open anything.")
    created_at: datetime


class NewPerson(Person):
    password: str = Field(description="The password that was made for them. Shown only now; empty if one was given.")


class PersonList(Sent):
    users: list[Person]
    total: int


class PersonRequest(Received):
    email: str = Field(min_length=3, max_length=320)
    display_name: str = Field("", max_length=200)
    role: Role = Role.READER
    department_id: UUID | None = None
    password: str = Field(
        "",
        max_length=MOST_PASSWORD_CHARACTERS,
        description=f"At least {LEAST_PASSWORD_CHARACTERS} characters; one is made if not given.",
    )


class PersonChange(Received):
    """What is given changes."""

    display_name: str | None = Field(None, max_length=200)
    role: Role | None = None
    department_id: UUID | None = Field(None, description="Moves them there; null: to no department.")
    is_active: bool | None = Field(None, description="False: suspend, with all sessions and keys, at once.")


class GroupMember(Sent):
    id: str
    email: str
    display_name: str


class Group(Sent):
    id: str
    name: str
    department_id: str | None = Field(description="Managers of it, and of those above, keep the group.")
    members: list[GroupMember]


class GroupList(Sent):
    groups: list[Group]


class GroupRequest(Received):
    name: str = Field(min_length=1, max_length=MOST_NAME_CHARACTERS)
    department_id: UUID | None = None
    member_ids: list[UUID] = Field(default_factory=list, max_length=MOST_MEMBERS)


class GroupChange(Received):
    """What is given changes."""

    name: str | None = Field(None, min_length=1, max_length=MOST_NAME_CHARACTERS)
    member_ids: list[UUID] | None = Field(None, max_length=MOST_MEMBERS)


class SubjectRequest(Received):
    kind: SubjectKind
    id: UUID | None = Field(None, description="None for everyone.")


class SubjectView(Sent):
    kind: SubjectKind
    id: str = Field(description="Empty for everyone.")
    name: str = Field(description="Empty for everyone, and for what was deleted.")


class SubjectList(Sent):
    subjects: list[SubjectView]


class SubjectsRequest(Received):
    subjects: list[SubjectRequest] = Field(max_length=MOST_SUBJECTS)


class ShareRequest(Received):
    subject: SubjectRequest
    level: Level


class SharesRequest(Received):
    shares: list[ShareRequest] = Field(max_length=MOST_SUBJECTS)


class ShareView(Sent):
    subject: SubjectView
    level: Level


class ShareList(Sent):
    shares: list[ShareView]
