"""Which models a caller may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform.access.subjects import subjects_of
from kb_platform.accounts import Principal
from kb_platform.database.people_tables import ModelEndpointLimit
from kb_platform.database.tables import ModelEndpoint, Role
from kb_platform.domain.access import Subject, SubjectKind

Limits = Mapping[str, Sequence[frozenset[Subject]]]
"""By a model's name: of each of its endpoints that is limited, to whom."""


def endpoint_limits(session: Session) -> Limits:
    """Return the limits of all enabled endpoints."""
    rows = session.execute(
        select(ModelEndpoint.name, ModelEndpoint.id, ModelEndpointLimit.subject_kind, ModelEndpointLimit.subject_id)
        .join(ModelEndpointLimit, ModelEndpointLimit.model_endpoint_id == ModelEndpoint.id)
        .where(ModelEndpoint.is_enabled)
    )
    by_endpoint: dict[tuple[str, str], set[Subject]] = {}
    for name, endpoint_id, kind, subject_id in rows:
        by_endpoint.setdefault((name, endpoint_id), set()).add(Subject(SubjectKind(kind), subject_id))
    limits: dict[str, list[frozenset[Subject]]] = {}
    for (name, _), subjects in by_endpoint.items():
        limits.setdefault(name, []).append(frozenset(subjects))
    return limits


def usable_models(session: Session, principal: Principal, names: Sequence[str], limits: Limits) -> list[str]:
    """Return those of the models that the caller may ask, in their order. Endpoints of one name stand in for each
    other, so each of them must admit the caller."""
    if not limits or principal.role is Role.ADMINISTRATOR:
        return list(names)
    mine = subjects_of(session, principal)
    return [name for name in names if all(mine & admitted for admitted in limits.get(name, ()))]
