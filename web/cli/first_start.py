"""Accounts at the start of an instance: the first administrator, and the key of this machine's `kb` command."""

from __future__ import annotations

import secrets

from pydantic import SecretStr
from sqlalchemy import select

from kb_platform.accounts import FirstAdministrator, authenticate, ensure_administrator
from kb_platform.api_keys import add_api_key
from kb_platform.database.engine import Database
from kb_platform.database.tables import Role, User
from kb_platform.domain.errors import NotAuthenticated
from kb_platform.settings import SecuritySettings
from web.cli.instance import Folder, write_private

KEY_NAME = "kb command on this machine"


def make_administrator(database: Database, folder: Folder, security: SecuritySettings) -> FirstAdministrator | None:
    """Make the administrator where there is no user yet; returns whom to show, None when that was done before.

    A password made here waits in `folder.password_file` until the caller has shown it and removes the file: a start
    that fails half-way must not lose it.
    """
    if security.admin_password is not None:
        return ensure_administrator(database, security)
    waiting = folder.password_file
    was_waiting = waiting.exists()
    if not was_waiting:
        write_private(waiting, secrets.token_urlsafe(12))
    password = waiting.read_text()
    made = ensure_administrator(database, security.model_copy(update={"admin_password": SecretStr(password)}))
    if made is None and not was_waiting:
        waiting.unlink()
        return None
    return FirstAdministrator(security.admin_email, password)


def keep_a_key(database: Database, folder: Folder) -> None:
    """Leave an API key for the `kb` command of this machine's user, who can read the database anyhow."""
    try:
        authenticate(database, folder.key_file.read_text())
    except (OSError, NotAuthenticated):
        administrators = select(User.id).where(User.role == Role.ADMINISTRATOR, User.is_active)
        with database.reading() as session:
            user_id = session.scalar(administrators.order_by(User.created_at).limit(1))
        if user_id:
            write_private(folder.key_file, add_api_key(database, user_id, KEY_NAME).key)
