"""Who somebody is in the organisation's LDAP directory, and whether the password is theirs (RFC 4511, 4513, 4515)."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from ldap3 import AUTO_BIND_NONE, NONE, SIMPLE, SUBTREE, SYNC, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException, LDAPSASLPrepError
from ldap3.core.results import RESULT_BUSY, RESULT_INVALID_CREDENTIALS, RESULT_UNAVAILABLE
from ldap3.utils.conv import escape_filter_chars
from pyasn1.error import PyAsn1Error

from kb_platform.domain.errors import DirectoryUnavailable, NotAuthenticated, SettingsError
from kb_platform.identities import Person
from kb_platform.settings import DirectorySettings

log = logging.getLogger(__name__)

COMMON_NAME = "cn"
TOO_MANY = 2
NOT_AS_IT_SHOULD = (LDAPException, PyAsn1Error, LookupError, ValueError, TypeError)
"""What ldap3 raises for a server that is away, or speaks something else."""
WRONG = "The name or the password is wrong."
AWAY = "The directory of your organisation does not answer. Try again in a moment."


def check_password(settings: DirectorySettings, name: str, password: str) -> Person:
    """Return whom the directory knows by this name, when the password is theirs.

    Raises NotAuthenticated, with one and the same message whatever was wrong; DirectoryUnavailable when it does not
    answer or does not let the platform look; SettingsError when its certificates cannot be read.
    """
    if not password:  # a bind without a password succeeds, as nobody (RFC 4513, 5.1.2)
        raise NotAuthenticated(WRONG)
    dn, person = _entry_of(settings, name)
    try:
        with _connection(settings, dn, password) as connection:
            if connection.bind():
                return person
            refusal = connection.result
    except LDAPSASLPrepError as error:  # letters that no password may have
        raise NotAuthenticated(WRONG) from error
    except NOT_AS_IT_SHOULD as error:
        raise _away(settings, error) from error
    if refusal["result"] in (RESULT_BUSY, RESULT_UNAVAILABLE):
        raise _away(settings, refusal["description"])
    if refusal["result"] != RESULT_INVALID_CREDENTIALS:  # locked, expired, not allowed to sign in
        log.warning("The directory refused %s: %s %s", dn, refusal["description"], refusal["message"])
    raise NotAuthenticated(WRONG)


def find_person(settings: DirectorySettings, name: str) -> Person:
    """Return what the directory says about whom it knows by this name. Raises as `check_password`."""
    return _entry_of(settings, name)[1]


def _entry_of(settings: DirectorySettings, name: str) -> tuple[str, Person]:
    """Return the person's distinguished name and what is said about them."""
    wanted = [
        settings.id_attribute,
        settings.email_attribute,
        settings.name_attribute,
        COMMON_NAME,
        *filter(None, [settings.department_attribute]),
    ]
    password = settings.bind_password.get_secret_value() if settings.bind_password else None
    try:
        with _connection(settings, settings.bind_dn or None, password) as connection:
            if not connection.bind():
                raise _away(settings, f"it refuses the platform's own account: {connection.result['description']}")
            connection.search(
                settings.base_dn,
                settings.user_filter.replace("{name}", escape_filter_chars(name)),
                SUBTREE,
                attributes=wanted,
                size_limit=TOO_MANY,
            )
            entries = [entry for entry in connection.response or () if entry["type"] == "searchResEntry"]
            result = connection.result
    except NOT_AS_IT_SHOULD as error:
        raise _away(settings, error) from error
    if len(entries) > 1:
        log.warning("The directory has several people of one name; make directory.user_filter more exact.")
        raise NotAuthenticated(WRONG)
    if not entries:
        if result["result"]:
            raise _away(settings, f"the search was refused: {result['description']} {result['message']}")
        raise NotAuthenticated(WRONG)
    return entries[0]["dn"], _person(settings, entries[0])


def _person(settings: DirectorySettings, entry: dict[str, Any]) -> Person:
    found = {name.lower(): values for name, values in entry["raw_attributes"].items()}

    def said(attribute: str) -> list[str]:
        return [_text(value) for value in found.get(attribute.lower(), ())]

    subjects = said(settings.id_attribute)
    if not subjects:
        raise _away(settings, f"its entries have no {settings.id_attribute}: set directory.id_attribute")
    return Person(
        settings.url,
        subjects[0],
        next(iter(said(settings.email_attribute)), ""),
        next(iter([*said(settings.name_attribute), *said(COMMON_NAME)]), ""),
        tuple(said(settings.department_attribute)) if settings.department_attribute else (),
        settings.trust_email,
    )


def _text(value: bytes) -> str:
    """Return an attribute's value; one that is no text (Active Directory's objectGUID) in hexadecimal."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


@contextmanager
def _connection(settings: DirectorySettings, dn: str | None, password: str | None) -> Iterator[Connection]:
    """Yield an encrypted connection that has not shown yet who it is."""
    server = Server(settings.url, tls=_tls(settings), get_info=NONE, connect_timeout=settings.timeout_seconds)
    connection = Connection(
        server,
        dn,
        password,
        authentication=SIMPLE if dn else None,
        client_strategy=SYNC,
        auto_bind=AUTO_BIND_NONE,
        auto_referrals=False,
        receive_timeout=settings.timeout_seconds,
        read_only=True,
    )
    try:
        if settings.url.startswith("ldap://") and settings.start_tls:
            connection.start_tls()
        yield connection
    finally:
        connection.unbind()


def _tls(settings: DirectorySettings) -> Tls:
    try:
        return Tls(
            validate=ssl.CERT_REQUIRED,
            ca_certs_file=str(settings.ca_file) if settings.ca_file else None,
            sni=urlsplit(settings.url).hostname,
        )
    except LDAPException as error:
        raise SettingsError(f"directory.ca_file: {error}") from error


def _away(settings: DirectorySettings, why: object) -> DirectoryUnavailable:
    log.error(
        "The directory at %s cannot be used: %s", settings.url, repr(why) if isinstance(why, LookupError) else why
    )
    return DirectoryUnavailable(AWAY)
