"""Every screen of the console, in both languages: for people who see, hear or move differently, and on a phone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

import web.console
from tests.console.accessibility import assert_fits, axe
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.windows import DESKTOP, PHONE, Language

GO: Final = """path => {
    document.querySelector("main > *").dataset.former = "";
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
}"""

Find = Callable[[Console], Awaitable[str]]


def first_of(username: str, purpose: str, listed: str) -> Find:
    """Finds the id of the first record that `username` sees in a list, such as `tickets(first: 1)`."""

    async def find(console: Console) -> str:
        answer = await console.api.ask(username, f"{{ list: {listed} {{ nodes {{ id }} }} }}", purpose=purpose)
        return str(answer["data"]["list"]["nodes"][0]["id"])

    return find


async def an_account(_console: Console) -> str:
    return "demo.agent"


async def some_draft(console: Console) -> str:
    rules = await console.api.ask("demo.policy", "{ ruleSet { csv } }", purpose="supervision")
    text = "mutation($i: CreateDraftInput!) { createDraft(input: $i) { ruleDraft { id } } }"
    given = {"comment": "To be looked at", "csv": rules["data"]["ruleSet"]["csv"]}
    answer = await console.api.ask("demo.policy", text, {"i": given}, purpose="supervision")
    return str(answer["data"]["createDraft"]["ruleDraft"]["id"])


OWN = 'customers(first: 1, filter: { accountManager: { eq: "demo.manager" } })'
own_customer = first_of("demo.manager", "business_operation", OWN)

# Whose screens are looked at: {login: {pattern of the route: what finds its last part}}.
SCREENS: Final[dict[str, dict[str, Find | None]]] = {
    "demo.manager": {
        "customers": None,
        "customers/new": None,
        "customers/:id": own_customer,
        "customers/:id/edit": own_customer,
    },
    "demo.lead": {
        "work": None,
        "work/tickets": None,
        "work/tickets/:id": first_of("demo.lead", "customer_service", "tickets(first: 1)"),
        "work/figures": None,
    },
    "demo.complaints": {
        "work/complaints": None,
        "work/complaints/:id": first_of("demo.complaints", "customer_service", "complaints(first: 1)"),
    },
    "demo.collector": {"work/collection": None},
    "demo.policy": {
        "policies": None,
        "policies/drafts": None,
        "policies/drafts/:id": some_draft,
        "policies/drafts/:id/text": some_draft,
        "policies/view-as": None,
        "policies/replay": None,
        "policies/history": None,
        "policies/accounts": None,
        "policies/accounts/:username": an_account,
    },
    "demo.security": {
        "supervision": None,
        "supervision/chains": None,
        "supervision/incidents": None,
        "supervision/incidents/:id": first_of("demo.security", "supervision", "incidents(first: 1)"),
        "jobs/keys": None,
    },
    "demo.admin": {"jobs": None},
}


def test_every_screen_is_looked_at() -> None:
    """Those of the routes that the areas declare: a new one is named in `SCREENS`."""
    folder = Path(web.console.__file__).parent
    declared = [
        pattern
        for index in folder.glob("*/index.js")
        for pattern in re.findall(r"pattern: '([^']+)'", index.read_text(encoding="utf-8"))
    ]
    looked_at = [pattern for screens in SCREENS.values() for pattern in screens]
    assert sorted(looked_at) == sorted(declared)


@pytest.mark.parametrize("username", SCREENS)
async def test_a_screen_can_be_used_by_everybody(
    page: Page, console: Console, language: Language, username: str
) -> None:
    """axe-core finds nothing, the screen has one heading of its own, and fits a phone of 390 pixels."""
    await log_in(page, username)
    for pattern, find in SCREENS[username].items():
        await go(page, re.sub(r":\w+", await find(console), pattern) if find else pattern)
        await settled(page)
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await axe(page)
        await page.set_viewport_size(PHONE)
        await assert_fits(page)
        await page.set_viewport_size(DESKTOP)


async def go(page: Page, path: str) -> None:
    """Goes to another screen as a link does, which is much faster than to load the page anew."""
    await expect(page.locator("main > *")).to_have_count(1)
    await page.evaluate(GO, f"/console/{path}")
    await expect(page.locator("main > [data-former]")).to_have_count(0)


async def settled(page: Page) -> None:
    """Waits until the screen shows what it has to show; fails when a part could not be loaded."""
    main = page.get_by_role("main")
    await expect(main.get_by_role("heading", level=1)).to_have_count(1)
    await expect(main.locator(".loading, [aria-busy=true]")).to_have_count(0)
    await expect(main.locator(".notice.bad")).to_have_count(0)
