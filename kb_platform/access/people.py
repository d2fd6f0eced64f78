"""Which people, departments and groups a caller manages."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb_platform import invitations, people
from kb_platform.access.administration import require_administrator, require_manager
from kb_platform.access.subjects import managed_departments
from kb_platform.accounts import Principal, principal_of
from kb_platform.database.people_tables import Department, Group, Invitation
from kb_platform.database.tables import Role, User
from kb_platform.domain.errors import Conflict, NotAllowed, NotFound


def manageable_user(session: Session, principal: Principal, user_id: str) -> User:
    """Return a person for a change. Raises NotAllowed, or NotFound for somebody of a department that the caller does
    not manage."""
    require_manager(principal)
    row = session.get(User, user_id)
    if row is None or not _is_managed(session, principal, row.department_id):
        raise people.unknown("user")
    if row.id == principal.user_id:
        raise NotAllowed("Somebody else has to change your own role, department or suspension.")
    if row.role == Role.ADMINISTRATOR:
        require_administrator(principal)
    return row


def manageable_department(session: Session, principal: Principal, department_id: str) -> Department:
    """Return a department for a change. Raises NotAllowed, or NotFound for one that the caller does not manage."""
    require_manager(principal)
    row = session.get(Department, department_id)
    if row is None or not _is_managed(session, principal, row.id):
        raise people.unknown("department")
    return row


def manageable_group(session: Session, principal: Principal, group_id: str) -> Group:
    """Return a group for a change. Raises NotAllowed, or NotFound for one that the caller does not manage."""
    require_manager(principal)
    row = session.get(Group, group_id)
    if row is None or not _is_managed(session, principal, row.department_id):
        raise people.unknown("group")
    return row


def manageable_members(session: Session, principal: Principal, user_ids: Iterable[str]) -> list[str]:
    """Return the ids of people that the caller may put into a group. Raises NotFound for anybody else."""
    require_manager(principal)
    wanted = list(user_ids)
    if managed_departments(session, principal) is not None:
        for user_id in wanted:
            row = session.get(User, user_id)
            if row is None or not _is_managed(session, principal, row.department_id):
                raise people.unknown("user")
    return wanted


def require_place(session: Session, principal: Principal, department_id: str | None) -> None:
    """Raises NotAllowed for a manager where something would come to belong to no department, NotFound where it would
    come to one that the caller does not manage."""
    require_manager(principal)
    if department_id is None:
        if managed_departments(session, principal) is not None:
            raise NotAllowed("Only an administrator may do this outside of departments. Name one that you manage.")
        return
    manageable_department(session, principal, department_id)


def require_to_give(principal: Principal, role: Role) -> None:
    """Raises NotAllowed unless the caller may give somebody this role."""
    require_manager(principal)
    if role is Role.ADMINISTRATOR:
        require_administrator(principal)


def manageable_invitation(session: Session, principal: Principal, invitation_id: str) -> Invitation:
    """Return an invitation, to withdraw it. Raises NotAllowed, or NotFound for one into a department that the caller
    does not manage."""
    require_manager(principal)
    row = session.get(Invitation, invitation_id)
    if row is None or row.used_at is not None or not _is_managed(session, principal, row.department_id):
        raise people.unknown("invitation")
    return row


def require_standing(session: Session, row: Invitation) -> None:
    """Raises NotFound where the inviter could not invite so any more: what was taken from them, their links do not
    give."""
    inviter = session.get_one(User, row.created_by)
    principal = principal_of(inviter)
    try:
        if not inviter.is_active:
            raise invitations.gone()
        require_to_give(principal, Role(row.role))
        require_place(session, principal, row.department_id)
    except (NotAllowed, NotFound) as error:
        raise invitations.gone() from error


def require_administrator_left(session: Session) -> None:
    """Raises Conflict when the transaction leaves nobody who can administer."""
    session.flush()
    administrators = select(func.count()).where(User.role == Role.ADMINISTRATOR, User.is_active)
    if not session.scalar(administrators):
        raise Conflict("Somebody has to stay administrator.")


def _is_managed(session: Session, principal: Principal, department_id: str | None) -> bool:
    managed = managed_departments(session, principal)
    return managed is None or department_id in managed
