"""A link makes one account, once, with the role and department that its inviter fixed."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from kb_platform.database.people_tables import Invitation
from kb_platform.database.tables import now
from tests.integration.api.conftest import Running
from tests.integration.api.test_people import House, add_department, add_person, house, made, signed_in

__all__ = ["house"]

INVITATIONS = "/api/v1/invitations"
PASSWORD = "chosen by myself"


def invite(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
    return made(client.post(INVITATIONS, json=wanted))


def accept(client: httpx.Client, token: str, **given: Any) -> httpx.Response:
    body = {"token": token, "email": f"{uuid.uuid4()}@example.edu", "password": PASSWORD, **given}
    return client.post(f"{INVITATIONS}/accept", json=body)


def test_a_link_makes_an_account_as_the_inviter_said_and_signs_in(admin: httpx.Client, anonymous: httpx.Client) -> None:
    department = add_department(admin)
    invitation = invite(admin, role="editor", department_id=department)
    look = anonymous.post(f"{INVITATIONS}/look", json={"token": invitation["token"]}).json()
    assert (look["role"], look["email"], look["department"][:2]) == ("editor", "", "院系")
    answer = accept(anonymous, invitation["token"], display_name="新来的")
    assert answer.status_code == 201
    me = anonymous.get("/api/v1/users/me").json()
    assert (me["role"], me["department_id"], me["display_name"]) == ("editor", department, "新来的")


def test_a_link_works_once_also_for_two_at_the_same_moment(server: Running, admin: httpx.Client) -> None:
    token = invite(admin)["token"]
    statuses: list[int] = []

    def come() -> None:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
            statuses.append(accept(client, token).status_code)

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 404, 404, 404]


def test_an_invitation_by_name_is_for_that_address(admin: httpx.Client, anonymous: httpx.Client) -> None:
    address = f"{uuid.uuid4()}@example.edu"
    token = invite(admin, email=address)["token"]
    assert accept(anonymous, token).json()["user"]["email"] == address
    assert admin.post(INVITATIONS, json={"email": address}).json()["error"]["code"] == "address_taken"


def test_what_goes_wrong_leaves_the_link_open(admin: httpx.Client, anonymous: httpx.Client) -> None:
    token = invite(admin)["token"]
    taken = accept(anonymous, token, email="editor@example.edu")
    assert taken.json()["error"]["code"] == "address_taken"
    assert accept(anonymous, token, password="short").json()["error"]["code"] == "password_too_short"
    assert accept(anonymous, token).status_code == 201


@pytest.mark.parametrize("how", ["expired", "withdrawn", "unknown"])
def test_links_that_open_nothing_look_the_same(
    server: Running, admin: httpx.Client, anonymous: httpx.Client, how: str
) -> None:
    invitation = invite(admin)
    if how == "expired":
        with server.services.database.writing() as session:
            past = now() - timedelta(seconds=1)
            session.execute(update(Invitation).where(Invitation.id == invitation["id"]).values(expires_at=past))
    if how == "withdrawn":
        assert admin.delete(f"{INVITATIONS}/{invitation['id']}").status_code == 204
    token = "kbi_unknown" if how == "unknown" else invitation["token"]
    answers = [accept(anonymous, token), anonymous.post(f"{INVITATIONS}/look", json={"token": token})]
    messages = {(answer.status_code, answer.json()["error"]["message"]) for answer in answers}
    assert messages == {(404, "This invitation is unknown, was used or withdrawn, or has expired. Ask for a new one.")}


def test_a_manager_invites_into_what_they_manage_and_no_higher(admin: httpx.Client, house: House) -> None:
    assert invite(house.manager, role="manager", department_id=house.institute)["role"] == "manager"
    refused = [
        house.manager.post(INVITATIONS, json={"role": "administrator", "department_id": house.institute}),
        house.manager.post(INVITATIONS, json={"role": "reader"}),
        house.manager.post(INVITATIONS, json={"role": "reader", "department_id": house.hospital}),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 404]
    foreign = invite(admin, department_id=house.hospital)
    assert house.manager.delete(f"{INVITATIONS}/{foreign['id']}").status_code == 404
    listed = {one["department_id"] for one in house.manager.get(INVITATIONS).json()["invitations"]}
    assert listed == {house.institute}


def test_what_was_taken_from_an_inviter_their_links_do_not_give(
    server: Running, admin: httpx.Client, anonymous: httpx.Client
) -> None:
    department = add_department(admin)
    person = add_person(admin, "manager", department)
    with signed_in(server, person) as manager:
        token = invite(manager, role="editor", department_id=department)["token"]
    admin.patch(f"/api/v1/users/{person['id']}", json={"role": "reader"}).raise_for_status()
    assert accept(anonymous, token).status_code == 404
    admin.patch(f"/api/v1/users/{person['id']}", json={"role": "manager", "is_active": False}).raise_for_status()
    assert accept(anonymous, token).status_code == 404
    admin.patch(f"/api/v1/users/{person['id']}", json={"is_active": True}).raise_for_status()
    assert accept(anonymous, token).status_code == 201


def test_readers_and_keys_invite_nobody(reader: httpx.Client, admin: httpx.Client) -> None:
    assert reader.post(INVITATIONS, json={}).status_code == 403
    assert reader.get(INVITATIONS).status_code == 403
    key = admin.post("/api/v1/api-keys", json={"name": "script"}).json()["key"]
    answer = admin.post(INVITATIONS, json={}, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403


def test_the_secret_is_shown_once_and_stands_in_neither_database_nor_audit(
    server: Running, admin: httpx.Client, anonymous: httpx.Client
) -> None:
    token = invite(admin)["token"]
    assert accept(anonymous, token).status_code == 201
    assert token not in admin.get(INVITATIONS).text
    events = admin.get("/api/v1/audit-events").json()["events"]
    assert {"accept_invitation", "create_invitation"} <= {event["action"] for event in events}
    assert token not in str(events)
    folder = server.services.settings.data_dir
    assert not [path for path in folder.glob("kb.sqlite3*") if token.encode() in path.read_bytes()]
