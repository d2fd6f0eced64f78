"""Invitations by link: made by those who manage people, accepted by whoever has the link."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session as DatabaseSession

from kb_platform import access, accounts, invitations
from kb_platform.database.people_tables import Department
from kb_platform.database.people_tables import Invitation as Row
from kb_platform.passwords import new_hash
from web.api.dependencies import Caller, ServicesDep, Visitor
from web.api.schemas.accounts import Session
from web.api.schemas.invitations import (
    Acceptance,
    Invitation,
    InvitationList,
    InvitationLook,
    InvitationRequest,
    InvitationToken,
    NewInvitation,
)
from web.api.sessions import begun, require_passwords

public = APIRouter(prefix="/invitations", tags=["invitations"])
router = APIRouter(prefix="/invitations", tags=["invitations"])


@router.get("", operation_id="list_invitations")
def list_invitations(caller: Caller, services: ServicesDep) -> InvitationList:
    """Invitations that can still be accepted; for a manager those into their department and those below."""
    access.require_manager(caller)
    with services.database.reading() as session:
        found = invitations.open_invitations(session, access.managed_departments(session, caller))
    return InvitationList(invitations=[_view(row, email) for row, email in found])


@router.post("", status_code=201, operation_id="create_invitation")
def create_invitation(body: InvitationRequest, caller: Caller, services: ServicesDep) -> NewInvitation:
    """Make a link by which one person makes their own account. Its token is in this answer and nowhere else; the link
    is the platform's address with `/invitation#` and the token."""
    access.require_session(caller)
    require_passwords(services)
    access.require_to_give(caller, body.role)
    department_id = str(body.department_id) if body.department_id else None
    with services.database.writing() as session:
        access.require_place(session, caller, department_id)
        made = invitations.add_invitation(session, caller.user_id, body.role, department_id, body.email, body.days)
    return NewInvitation(**_view(made.row, caller.email).model_dump(), token=made.token)


@router.delete("/{invitation_id}", status_code=204, operation_id="withdraw_invitation")
def withdraw_invitation(invitation_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Withdraw an invitation that was not accepted yet; its link opens nothing any more."""
    with services.database.writing() as session:
        session.delete(access.manageable_invitation(session, caller, str(invitation_id)))


@public.post("/look", operation_id="look_at_invitation", openapi_extra={"security": []})
def look_at_invitation(body: InvitationToken, _address: Visitor, services: ServicesDep) -> InvitationLook:
    """What a link offers. The token comes in the body: addresses are logged on their way."""
    with services.database.reading() as session:
        row = _standing(session, body.token)
        department = session.get(Department, row.department_id) if row.department_id else None
        return InvitationLook(
            email=row.email,
            role=row.role,
            department=department.name if department else "",
            expires_at=row.expires_at,
        )


@public.post("/accept", status_code=201, operation_id="accept_invitation", openapi_extra={"security": []})
def accept_invitation(body: Acceptance, _address: Visitor, response: Response, services: ServicesDep) -> Session:
    """Make one's account by a link, and sign in. The link opens nothing after that."""
    require_passwords(services)
    with services.database.reading() as session:
        _standing(session, body.token)
    password_hash = new_hash(body.password)  # before the transaction: it takes long, and others wait for their turn
    with services.database.writing() as session:
        row = _standing(session, body.token)
        user = invitations.accept_invitation(session, row, body.email, body.display_name, password_hash)
        made = accounts.begin_session(session, user, services.settings.server.session_hours)
    return begun(response, services, made)


def _standing(session: DatabaseSession, token: str) -> Row:
    row = invitations.find_invitation(session, token)
    access.require_standing(session, row)
    return row


def _view(row: Row, inviter: str) -> Invitation:
    return Invitation(
        id=row.id,
        email=row.email,
        role=row.role,
        department_id=row.department_id,
        invited_by=inviter,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
