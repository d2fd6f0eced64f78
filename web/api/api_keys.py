"""API keys of the signed-in user."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from kb_platform import access, api_keys
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.accounts import ApiKey, ApiKeyList, ApiKeyRequest, NewApiKey

router = APIRouter(prefix="/api-keys", tags=["api keys"])


@router.get("", operation_id="list_api_keys")
def list_api_keys(caller: Caller, services: ServicesDep) -> ApiKeyList:
    """The caller's keys that are not revoked, newest first."""
    access.require_everything(caller)
    rows = api_keys.api_keys(services.database, caller.user_id)
    return ApiKeyList(api_keys=[ApiKey.model_validate(row) for row in rows])


@router.post("", status_code=201, operation_id="create_api_key")
def create_api_key(body: ApiKeyRequest, caller: Caller, services: ServicesDep) -> NewApiKey:
    """Make a key with the caller's rights or some of them. The key is in this answer and nowhere else."""
    access.require_session(caller)
    wanted = None if body.knowledge_base_ids is None else [str(id_) for id_ in body.knowledge_base_ids]
    if wanted is not None:
        with services.database.reading() as session:
            access.scope_of(session, caller, wanted)
    made = api_keys.add_api_key(
        services.database, caller.user_id, body.name, body.expires_at, frozenset(body.rights), wanted
    )
    return NewApiKey(**ApiKey.model_validate(made.row).model_dump(), key=made.key)


@router.delete("/{api_key_id}", status_code=204, operation_id="revoke_api_key")
def revoke_api_key(api_key_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Revoke a key; it stops working at once."""
    access.require_everything(caller)
    api_keys.revoke_api_key(services.database, caller.user_id, str(api_key_id))
