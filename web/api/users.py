"""The signed-in user."""

from __future__ import annotations

from fastapi import APIRouter

from kb_platform import access, accounts
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.accounts import PasswordChange, User

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/me", operation_id="get_current_user")
def get_current_user(caller: Caller) -> User:
    """Who is signed in."""
    return User(
        id=caller.user_id,
        email=caller.email,
        display_name=caller.display_name,
        role=caller.role,
        department_id=caller.department_id,
    )


@router.put("/me/password", status_code=204, operation_id="change_password")
def change_password(body: PasswordChange, caller: Caller, services: ServicesDep) -> None:
    """Change the password. All other sessions of this user end."""
    access.require_session(caller)
    accounts.change_password(services.database, caller, body.current_password, body.new_password)
