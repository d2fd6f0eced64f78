"""The ways in, in a browser: the organisation's sign-in page and back, and an invitation's link."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from kb_platform.database.migrate import upgrade
from kb_platform.settings import IndexSettings, QueueSettings, SecuritySettings, Settings, SingleSignOnSettings
from tests.integration.api.conftest import PASSWORD, REPOSITORY, Running, running
from tests.ldap_directory import ldap_directory
from tests.oidc_provider import oidc_provider


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, index_url: str) -> Iterator[Running]:
    """A web process with a provider, on an empty database."""
    if not (REPOSITORY / "web" / "ui" / "dist" / "index.html").is_file():
        pytest.skip("the browser app is not built (cd web/ui && npm run build)")
    data: Path = tmp_path_factory.mktemp("entrance")
    models = REPOSITORY / ".pytest_cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (data / "models").symlink_to(models)
    with oidc_provider({"sub": "li", "email": "li@example.edu", "name": "李四"}) as issuer:
        settings = Settings(
            _env_file=None,
            data_dir=data,
            security=SecuritySettings(secret_key=SecretStr("of this test"), admin_password=SecretStr(PASSWORD)),
            index=IndexSettings(url=index_url, collection_prefix="entrance"),
            queue=QueueSettings(url=SecretStr("redis://127.0.0.1:1/0")),
            single_sign_on=SingleSignOnSettings(
                issuer=issuer, client_id="kb", client_secret=SecretStr("shared with it"), label="校园统一认证"
            ),
        )
        upgrade(settings)
        with running(settings) as made:
            yield made


@pytest.fixture
def page(browser: Browser, house: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=house.url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def test_one_signs_in_at_the_organisation_and_comes_back_to_the_page(page: Page, house: Running) -> None:
    page.goto("/usage")
    page.get_by_test_id("single-sign-on").click()
    page.wait_for_url("**/oauth2/authorize?**")
    page.locator("input[name=sub]").fill("li")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.url}/usage")
    expect(page.get_by_test_id("account-menu")).to_contain_text("李四")


def test_one_signs_in_with_the_name_in_the_directory(
    browser: Browser, house: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ldap_directory(tmp_path_factory.mktemp("ldap")) as there:
        there.add("wangwu", "opens the door", mail="wang@example.edu", displayName="王五")
        settings = house.services.settings.model_copy(update={"directory": there.settings()})
        with running(settings) as made, browser.new_context(base_url=made.url, locale="zh-CN") as context:
            page = context.new_page()
            page.goto("/")
            page.get_by_label("用户名或邮箱").fill("wangwu")
            page.get_by_test_id("login-password").fill("does not")
            page.get_by_test_id("login-submit").click()
            expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
            page.get_by_test_id("login-password").fill("opens the door")
            page.get_by_test_id("login-submit").click()
            expect(page.get_by_test_id("account-menu")).to_contain_text("王五")


def test_a_sign_in_that_failed_says_why_in_our_words(page: Page) -> None:
    page.goto("/sign-in?problem=sign_on_suspended")
    expect(page.get_by_role("alert")).to_contain_text("停用")
    page.goto("/sign-in?problem=%E8%AF%B7%E8%87%B4%E7%94%B5")
    expect(page.get_by_role("alert")).not_to_contain_text("请致电")


def test_an_administrator_invites_and_the_link_makes_an_account(page: Page, browser: Browser, house: Running) -> None:
    page.goto("/")
    page.get_by_test_id("login-email").fill("admin@localhost")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("account-menu").click()
    page.get_by_test_id("invitations").click()
    page.get_by_test_id("make-invitation").click()
    link = page.get_by_test_id("invitation-link").inner_text()
    with browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}) as context:
        phone = context.new_page()
        phone.goto(link)
        phone.get_by_test_id("invited-email").fill("zhang@example.edu")
        phone.get_by_test_id("invited-name").fill("张三")
        phone.get_by_test_id("invited-password").fill("chosen by myself")
        phone.get_by_test_id("accept-invitation").click()
        expect(phone.get_by_test_id("question-input")).to_be_visible()
        phone.goto(link)
        phone.reload()
        expect(phone.get_by_role("alert")).to_be_visible()
