"""Logging in, staying in, and out again: whom the console lets see which of its areas."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from demo.accounts import DEMO_ACCOUNTS
from tests.api import PASSWORD
from tests.console.accessibility import assert_fits, axe
from tests.console.serving import Console
from tests.console.sessions import PASSWORD_LABEL, log_in, log_out, submit_login
from tests.console.windows import PHONE, Language, Windows

AREAS = {
    "demo.agent": ["Customers", "Work"],
    "demo.lead": ["Customers", "Work"],
    "demo.complaints": ["Customers", "Work"],
    "demo.trainer": ["Work"],
    "demo.manager": ["Customers", "Work"],
    "demo.credit": ["Customers", "Work"],
    "demo.creditmanager": ["Customers", "Work"],
    "demo.collector": ["Customers", "Work"],
    "demo.archivist": ["Customers", "Work"],
    "demo.inspector": ["Customers", "Policies", "Work", "Supervision"],
    "demo.auditor": ["Customers", "Policies", "Work", "Supervision"],
    "demo.security": ["Customers", "Work", "Supervision", "Jobs and keys"],
    "demo.policy": ["Policies", "Work", "Supervision"],
    "demo.policy2": ["Policies", "Work", "Supervision"],
    "demo.admin": ["Customers", "Work", "Jobs and keys"],
    "demo.customer": ["Customers", "Work"],
    "demo.partner": ["Customers"],
}
PATHS = {
    "Customers": "customers",
    "Work": "work",
    "Policies": "policies",
    "Supervision": "supervision",
    "Jobs and keys": "jobs",
}
REFUSED = {"en": "The username or the password is wrong.", "zh-CN": "用户名或密码错误"}


async def test_everybody_sees_the_areas_of_their_role_and_no_other(page: Page) -> None:
    """One after the other in one window, where nothing of the former may be left."""
    assert AREAS.keys() == {account.username for account in DEMO_ACCOUNTS}
    await page.goto("/console/")
    for account in DEMO_ACCOUNTS:
        await submit_login(page, account.username, PASSWORD)
        await expect(page.get_by_role("banner")).to_contain_text(account.display_name)
        areas = page.get_by_role("navigation", name="Areas").get_by_role("link")
        await expect(areas, account.username).to_have_text(AREAS[account.username])
        await log_out(page)


@pytest.mark.parametrize("username", ["demo.partner", "demo.policy"])
async def test_the_address_of_another_area_shows_nothing_of_it(page: Page, username: str) -> None:
    """As if there were no such page."""
    await log_in(page, username)
    for area, path in PATHS.items():
        if area not in AREAS[username]:
            await page.goto(f"/console/{path}")
            await expect(page.get_by_role("main")).to_have_text(
                re.compile(r"^\s*There is no such page\.\s*To the start\s*$")
            )


async def test_a_refused_login_says_so(page: Page, language: Language) -> None:
    """In the language of the page, the same for a wrong password and for nobody's name; the form stays."""
    await page.goto("/console/")
    for username, password in (("demo.agent", "not the password of the demo"), ("no.such.person", PASSWORD)):
        await submit_login(page, username, password)
        await expect(page.get_by_role("alert")).to_contain_text(REFUSED[language])
    await expect(page.get_by_label(PASSWORD_LABEL)).to_be_editable()


async def test_the_login_is_accessible_and_fits_a_phone(page: Page, language: Language) -> None:
    """Before anybody is in."""
    await page.goto("/console/")
    await expect(page.get_by_label(PASSWORD_LABEL)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await axe(page)
    await page.set_viewport_size(PHONE)
    await assert_fits(page)


async def test_a_login_outlives_a_reload_and_serves_another_tab(page: Page) -> None:
    """Without the password; and the password is kept nowhere."""
    await log_in(page, "demo.agent")
    await page.reload()
    await expect(page.get_by_role("banner")).to_contain_text("林晓燕")
    another = await page.context.new_page()
    await another.goto("/console/customers")
    await expect(another.get_by_role("banner")).to_contain_text("林晓燕")
    kept = await page.evaluate("() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert PASSWORD not in kept
    assert "eyJ" not in kept  # an access token, which would be good for whoever finds it


async def test_a_logout_ends_the_session_in_every_tab(page: Page, console: Console) -> None:
    """On the server too: what the browser had kept opens nothing any more."""
    await log_in(page, "demo.agent")
    another = await page.context.new_page()
    await another.goto("/console/customers")
    await expect(another.get_by_role("banner")).to_contain_text("林晓燕")
    kept = await page.evaluate("() => localStorage.getItem('dossier.session')")
    async with page.expect_response(lambda answer: "logout" in (answer.request.post_data or "")):
        await log_out(page)
    await expect(another.get_by_label(PASSWORD_LABEL)).to_be_visible()
    assert await page.evaluate("() => localStorage.getItem('dossier.session')") is None
    text = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken userErrors { code } } }"
    answer = await console.api.ask(None, text, {"i": {"refreshToken": kept}})
    assert answer["data"]["refreshSession"]["accessToken"] is None


async def test_nothing_is_left_to_see_after_a_logout(page: Page) -> None:
    """Neither in the page nor one step back."""
    await log_in(page, "demo.agent", at="/console/customers")
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text("Customers")
    await page.goto("/console/work")
    await log_out(page)
    await page.go_back()
    await expect(page.get_by_label(PASSWORD_LABEL)).to_be_visible()
    assert "林晓燕" not in await page.locator("body").inner_text()


async def test_the_language_is_chosen_in_the_page(page: Page) -> None:
    """At once, everywhere, and for the next visit; whatever the browser prefers."""
    await page.goto("/console/")
    await page.get_by_label("Language").select_option("zh-CN")
    await expect(page.get_by_role("button", name="登录")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await submit_login(page, "demo.agent", PASSWORD)
    await expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["客户", "工作台"])
    await page.reload()
    await expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["客户", "工作台"])


async def test_a_disabled_account_is_shown_out_of_an_open_page(windows: Windows, console: Console) -> None:
    """By itself, with a word of why; whoever is shown out sees no record any more."""
    page = await windows.open()
    await log_in(page, "demo.archivist", at="/console/customers")
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text("Customers")
    await console.api.services.accounts.disable("demo.archivist")
    try:
        await expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
        await expect(page.get_by_label(PASSWORD_LABEL)).to_be_visible()
    finally:
        await console.api.services.accounts.enable("demo.archivist")
