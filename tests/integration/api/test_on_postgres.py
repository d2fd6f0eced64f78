"""The same path on a real Postgres: nothing in it may lean on SQLite's leniency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import postgres_binaries, postgres_server
from kb_platform.accounts import add_user
from kb_platform.database.migrate import upgrade
from kb_platform.database.tables import Role
from kb_platform.settings import DatabaseSettings, Settings
from tests.integration.api.conftest import PASSWORD, RULES, Running, reading, running, signed_in_client, upload
from tests.integration.api.test_conversations import QUESTION, ask, begin, last_turn
from tests.integration.api.test_events import watching


@pytest.fixture(scope="module")
def on_postgres(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("no Postgres server on this machine (Debian: apt-get install postgresql)")
    data_dir = tmp_path_factory.mktemp("postgres-data")
    (data_dir / "models").symlink_to(Path(settings.data_dir / "models").resolve())
    with postgres_server(binaries) as url:
        own = settings.model_copy(update={"data_dir": data_dir, "database": DatabaseSettings(url=url)})
        upgrade(own)
        with running(own) as made:
            add_user(made.services.database, "editor@example.edu", PASSWORD, Role.EDITOR)
            yield made


def test_from_a_file_to_a_kept_answer(on_postgres: Running) -> None:
    with signed_in_client(on_postgres, "editor@example.edu") as editor:
        base = editor.post("/api/v1/knowledge-bases", json={"name": "教务处"}).json()["id"]
        with watching(editor, base) as events:
            assert events.get(timeout=5)[0] == "snapshot"
            document = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]
            assert events.get(timeout=5) == ("document", document)
        reading(on_postgres.services)(base)
        assert editor.get(f"/api/v1/documents/{document['id']}").json()["state"] == "ready"
        conversation = begin(editor, base)
        done = ask(editor, conversation)[-1]
        assert (done["type"], done["abstained"]) == ("done", False)
        turn = last_turn(editor, conversation)
        assert (turn["question"], turn["answer"], turn["state"]) == (QUESTION, done["answer"], "done")
        assert editor.post("/api/v1/api-keys", json={"name": "k"}).status_code == 201
        assert editor.delete(f"/api/v1/knowledge-bases/{base}").status_code == 204
        (source,) = last_turn(editor, conversation)["sources"]
        assert not source["is_available"]
        assert editor.delete(conversation).status_code == 204
