"""`kb directory`: what the LDAP directory says about somebody, for whoever connects it."""

from __future__ import annotations

from typing import Annotated

import typer

from kb_platform.database.engine import open_database
from kb_platform.database.people_tables import Department
from kb_platform.domain.errors import SettingsError
from kb_platform.identities import Person, department_of
from kb_platform.settings import Settings
from web.cli.client import Data
from web.cli.instance import instance_settings


def directory(
    name: Annotated[str, typer.Argument(help="Somebody's name, as typed to sign in.")],
    password: Annotated[bool, typer.Option("--password", help="Ask for their password, and try it.")] = False,
    data: Data = None,
) -> None:
    """Show whom the LDAP directory knows by this name, and which department they would come into. Changes nothing."""
    from kb_platform.directory import check_password, find_person  # ldap3 takes a while

    settings = instance_settings(data)
    if not settings.directory.is_on:
        raise SettingsError("No directory is connected: set KB_DIRECTORY__URL and KB_DIRECTORY__BASE_DN.")
    if password:
        person = check_password(settings.directory, name, typer.prompt("Their password", hide_input=True))
    else:
        person = find_person(settings.directory, name)
    for label, value in (
        (settings.directory.id_attribute, person.subject),
        (settings.directory.email_attribute, person.email or "none: they cannot sign in"),
        (settings.directory.name_attribute, person.name),
        (settings.directory.department_attribute, "; ".join(person.departments)),
        ("department here", _department(settings, person)),
    ):
        if label:
            typer.echo(f"{label}: {value}")


def _department(settings: Settings, person: Person) -> str:
    database = open_database(settings)
    try:
        with database.reading() as session:
            found = department_of(session, person, settings.directory.departments)
            return session.get_one(Department, found).name if found else "as set by hand"
    finally:
        database.close()
