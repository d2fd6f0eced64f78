from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from web.api.errors import install_error_mapping
from web.pages import pages


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<title>app</title>")
    (built / "assets" / "index-1a2b.js").write_text("start()")
    (tmp_path / "secret").write_text("secret")
    app = FastAPI()
    install_error_mapping(app)
    app.include_router(pages(built))
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", "/knowledge-bases/1", "/conversations/2?x=1"])
def test_every_page_of_the_app_is_the_app(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, "<title>app</title>")
    assert answer.headers["cache-control"] == "no-cache"


def test_assets_are_kept_by_the_browser_since_their_name_is_their_content(client: TestClient) -> None:
    answer = client.get("/assets/index-1a2b.js")
    assert answer.text == "start()"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/assets/gone.js", "/api/v2/x", "/api"])
def test_what_is_no_page_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/../secret", "/..%2fsecret", "/assets/..%2f..%2fsecret"])
def test_nothing_outside_the_built_app_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).text != "secret"


def test_an_app_that_was_not_built_says_how(tmp_path: Path) -> None:
    app = FastAPI()
    app.include_router(pages(tmp_path))
    answer = TestClient(app).get("/")
    assert answer.status_code == 404
    assert "npm run build" in answer.text
