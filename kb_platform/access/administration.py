"""What a caller may do beside reading and changing documents."""

from __future__ import annotations

from kb_platform.accounts import Principal
from kb_platform.database.tables import Role
from kb_platform.domain.access import ALL_RIGHTS, Right
from kb_platform.domain.errors import NotAllowed

MANAGERS = frozenset({Role.ADMINISTRATOR, Role.MANAGER})
MAKERS = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.EDITOR})


def require_right(principal: Principal, right: Right) -> None:
    """Raises NotAllowed when the caller came with a key that has not got this right."""
    if right not in principal.rights:
        raise NotAllowed(f"This API key may not do this: it lacks the right “{right}”. Make another key.")


def require_whole(principal: Principal) -> None:
    """Raises NotAllowed when the caller came with a key for some knowledge bases only: what it asks for is not one of
    them."""
    if principal.knowledge_base_ids is not None:
        raise NotAllowed("This API key is for some knowledge bases only. Make a key for all.")


def require_maker(principal: Principal) -> None:
    """Raises NotAllowed unless the caller may make knowledge bases."""
    require_right(principal, Right.WRITE)
    require_whole(principal)
    if principal.role not in MAKERS:
        raise NotAllowed("You may read here, but not change anything. Ask an administrator for the editor role.")


def require_reviewer(principal: Principal) -> None:
    """Raises NotAllowed unless the caller may read feedback on answers at all."""
    if principal.role not in MAKERS:
        raise NotAllowed("Feedback is read by editors.")


def require_manager(principal: Principal) -> None:
    """Raises NotAllowed unless the caller manages people, with a key for everything if with a key."""
    if principal.role not in MANAGERS:
        raise NotAllowed("Only managers of departments and administrators may do this.")
    require_everything(principal)


def require_administrator(principal: Principal) -> None:
    """Raises NotAllowed unless the caller is an administrator, with a key for everything if with a key."""
    if principal.role is not Role.ADMINISTRATOR:
        raise NotAllowed("Only an administrator may do this.")
    require_everything(principal)


def require_session(principal: Principal) -> None:
    """Raises NotAllowed for an API key: what makes new credentials needs a person who signed in, or a leaked key
    could outlive its revocation."""
    if principal.credential != "session":
        raise NotAllowed("Sign in to do this; an API key may not.")


def require_everything(principal: Principal) -> None:
    """Raises NotAllowed when the caller came with a key that has not all rights in all knowledge bases."""
    require_whole(principal)
    if principal.rights != ALL_RIGHTS:
        raise NotAllowed("This API key may not do this: it has not all rights.")
