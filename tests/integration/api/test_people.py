"""Administrators and managers of departments keep people, departments and groups; each only their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import Running

PEOPLE, DEPARTMENTS, GROUPS = "/api/v1/users", "/api/v1/departments", "/api/v1/groups"


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def add_department(client: httpx.Client, parent_id: str | None = None) -> str:
    return str(made(client.post(DEPARTMENTS, json={"name": f"院系{uuid.uuid4()}", "parent_id": parent_id}))["id"])


def add_person(client: httpx.Client, role: str = "reader", department_id: str | None = None) -> dict[str, Any]:
    body = {"email": f"{uuid.uuid4()}@example.edu", "role": role, "department_id": department_id}
    return made(client.post(PEOPLE, json=body))


@contextmanager
def signed_in(server: Running, person: dict[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        answer = client.post("/api/v1/sessions", json={"email": person["email"], "password": person["password"]})
        answer.raise_for_status()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


@dataclass(frozen=True)
class House:
    """A faculty with an institute below it, and a hospital beside it."""

    faculty: str
    institute: str
    hospital: str
    manager: httpx.Client
    manager_id: str


@pytest.fixture
def house(server: Running, admin: httpx.Client) -> Iterator[House]:
    faculty, hospital = add_department(admin), add_department(admin)
    institute = add_department(admin, faculty)
    person = add_person(admin, "manager", faculty)
    with signed_in(server, person) as manager:
        yield House(faculty, institute, hospital, manager, person["id"])


def test_a_made_password_is_shown_once_and_opens_the_account(server: Running, admin: httpx.Client) -> None:
    person = add_person(admin)
    with signed_in(server, person) as client:
        assert client.get("/api/v1/users/me").json()["email"] == person["email"]
    listed = admin.get(PEOPLE, params={"query": person["email"]}).json()
    assert listed["total"] == 1
    assert person["password"] not in str(listed)


def test_a_manager_sees_and_keeps_their_department_and_those_below_and_no_other(
    admin: httpx.Client, house: House
) -> None:
    own, foreign = add_person(admin, "reader", house.institute), add_person(admin, "reader", house.hospital)
    listed = {one["id"] for one in house.manager.get(PEOPLE).json()["users"]}
    assert listed == {own["id"], house.manager_id}
    departments = {one["id"] for one in house.manager.get(DEPARTMENTS).json()["departments"]}
    assert departments == {house.faculty, house.institute}
    assert house.manager.patch(f"{PEOPLE}/{own['id']}", json={"role": "editor"}).json()["role"] == "editor"
    for missing in (foreign["id"], str(uuid.uuid4())):
        answer = house.manager.patch(f"{PEOPLE}/{missing}", json={"role": "editor"})
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no such user.")
    for department_id in (house.hospital, str(uuid.uuid4())):
        body = {"department_id": department_id}
        assert house.manager.patch(f"{PEOPLE}/{own['id']}", json=body).status_code == 404
        assert house.manager.patch(f"{DEPARTMENTS}/{department_id}", json={"name": "mine"}).status_code == 404
        person = {"email": f"{uuid.uuid4()}@example.edu", "department_id": department_id}
        assert house.manager.post(PEOPLE, json=person).status_code == 404


def test_a_manager_rises_no_higher(admin: httpx.Client, house: House) -> None:
    own, chief = add_person(admin, "reader", house.institute), add_person(admin, "administrator", house.institute)
    refused = [
        house.manager.patch(f"{PEOPLE}/{own['id']}", json={"role": "administrator"}),
        house.manager.patch(f"{PEOPLE}/{own['id']}", json={"department_id": None}),
        house.manager.patch(f"{PEOPLE}/{chief['id']}", json={"is_active": False}),
        house.manager.patch(f"{PEOPLE}/{house.manager_id}", json={"role": "administrator"}),
        house.manager.post(DEPARTMENTS, json={"name": "at the top"}),
        house.manager.post(GROUPS, json={"name": "of nobody"}),
        house.manager.patch(f"{DEPARTMENTS}/{house.institute}", json={"parent_id": None}),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert add_department(house.manager, house.institute)


def test_readers_and_editors_keep_nobody(editor: httpx.Client, reader: httpx.Client) -> None:
    for client in (editor, reader):
        for path in (PEOPLE, DEPARTMENTS, GROUPS):
            assert client.get(path).status_code == 403
            assert client.post(
                path, json={"email": "a@b", "name": "x"} if path == PEOPLE else {"name": "x"}
            ).status_code in (
                403,
                422,
            )
    assert reader.get("/api/v1/subjects", params={"query": "a"}).status_code == 403


def test_suspending_ends_sessions_and_keys_at_once_and_for_as_long(server: Running, admin: httpx.Client) -> None:
    person = add_person(admin)
    with signed_in(server, person) as client:
        key = made(client.post("/api/v1/api-keys", json={"name": "script"}))["key"]
        with_key = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/v1/users/me", headers=with_key).status_code == 200
        admin.patch(f"{PEOPLE}/{person['id']}", json={"is_active": False}).raise_for_status()
        assert client.get("/api/v1/users/me").status_code == 401
        assert client.get("/api/v1/users/me", headers=with_key).status_code == 401
        admin.patch(f"{PEOPLE}/{person['id']}", json={"is_active": True}).raise_for_status()
        assert client.get("/api/v1/users/me").status_code == 401, "the session ended for good"
        assert client.get("/api/v1/users/me", headers=with_key).status_code == 200


def test_somebody_stays_administrator(admin: httpx.Client) -> None:
    me = admin.get("/api/v1/users/me").json()["id"]
    assert admin.patch(f"{PEOPLE}/{me}", json={"role": "reader"}).status_code == 403


def test_a_department_is_deleted_when_nothing_belongs_to_it_and_is_never_below_itself(admin: httpx.Client) -> None:
    above = add_department(admin)
    below = add_department(admin, above)
    assert admin.delete(f"{DEPARTMENTS}/{above}").status_code == 409
    cycle = admin.patch(f"{DEPARTMENTS}/{above}", json={"parent_id": below})
    assert (cycle.status_code, cycle.json()["error"]["code"]) == (422, "department_cycle")
    assert admin.patch(f"{DEPARTMENTS}/{below}", json={"parent_id": None}).json()["parent_id"] is None
    assert [admin.delete(f"{DEPARTMENTS}/{id_}").status_code for id_ in (above, below, below)] == [204, 204, 404]


def test_two_departments_in_one_place_have_two_names(admin: httpx.Client) -> None:
    name = f"教务处{uuid.uuid4()}"
    first = made(admin.post(DEPARTMENTS, json={"name": name}))
    assert admin.post(DEPARTMENTS, json={"name": f" {name} "}).json()["error"]["code"] == "name_taken"
    assert made(admin.post(DEPARTMENTS, json={"name": name, "parent_id": first["id"]}))["name"] == name


def test_a_group_has_the_members_that_its_manager_may_name(admin: httpx.Client, house: House) -> None:
    own, foreign = add_person(admin, "reader", house.institute), add_person(admin, "reader", house.hospital)
    name = f"委员会{uuid.uuid4()}"
    group = made(
        house.manager.post(GROUPS, json={"name": name, "department_id": house.faculty, "member_ids": [own["id"]]})
    )
    assert [member["id"] for member in group["members"]] == [own["id"]]
    path = f"{GROUPS}/{group['id']}"
    assert house.manager.patch(path, json={"member_ids": [own["id"], foreign["id"]]}).status_code == 404
    both = admin.patch(path, json={"member_ids": [own["id"], foreign["id"]]}).json()
    assert {member["id"] for member in both["members"]} == {own["id"], foreign["id"]}
    assert admin.post(GROUPS, json={"name": name}).json()["error"]["code"] == "name_taken"
    others = made(admin.post(GROUPS, json={"name": f"别人的{uuid.uuid4()}", "department_id": house.hospital}))
    assert house.manager.delete(f"{GROUPS}/{others['id']}").status_code == 404
    assert house.manager.delete(path).status_code == 204
