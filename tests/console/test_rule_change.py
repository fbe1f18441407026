"""A change of rules, as three people live through it: who makes it, who approves it, and who is at work meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from documents.registry import FULL_CATALOGUE
from policies.default import rules_text
from policies.rules.rule_set import parse_csv
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.windows import Windows
from tests.policies.rule_sets import default_rules

INDIVIDUALS = """{ customers(first: 100, kinds: [INDIVIDUAL]) {
    nodes { id region department { code } } } }"""

REGION_DENIED = """
p, service_agent, all, individual, region, read, *, deny
p, service_agent, all, individual, region, read_masked, *, deny
"""


async def step(page: Page, name: str) -> None:
    """Takes a step with the draft on the page."""
    await page.get_by_role("button", name=name, exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def somebody_of_a_region(console: Console) -> dict[str, Any]:
    """An individual customer whose region the agent sees."""
    answer = await console.api.ask("demo.agent", INDIVIDUALS, purpose="customer_service")
    people: list[dict[str, Any]] = answer["data"]["customers"]["nodes"]
    return next(one for one in people if one["region"])


def fact(page: Page, label: str) -> Locator:
    """What a dossier shows beside a label."""
    return page.locator("dl > div", has=page.get_by_role("term").get_by_text(label, exact=True)).get_by_role(
        "definition"
    )


@pytest.mark.usefixtures("rules")
async def test_an_open_page_loses_a_field_as_soon_as_the_second_administrator_activates_the_change(
    windows: Windows, console: Console
) -> None:
    """In the dossier and in the list, without a reload; and gets it back with the former rules."""
    customer = await somebody_of_a_region(console)
    dossier = await windows.open()
    await log_in(dossier, "demo.agent", at=f"/console/customers/{customer['id']}")
    await expect(fact(dossier, "Region")).to_contain_text(customer["region"])
    customers = await dossier.context.new_page()
    await customers.goto("/console/customers")
    somebody = customers.get_by_role("row", name="Individual customer").first.locator("td[data-label=Region]")
    await expect(somebody).not_to_have_text("Not permitted")

    author = await windows.open()
    await log_in(author, "demo.policy", at="/console/policies")
    await author.get_by_role("button", name="New draft").click()
    await author.get_by_role("dialog").get_by_role("textbox").fill("Agents need no region")
    await author.get_by_role("dialog").get_by_role("button").last.click()
    await author.locator("policy-grid td[data-row=region][data-column=service_agent]").click()
    await author.locator("policy-cell").get_by_role("button", name="Denied", exact=True).click()
    await expect(author.locator("policy-effects")).to_contain_text("Service agent")
    await author.get_by_role("link", name="Submit, approve, activate").click()
    await step(author, "Submit")

    second = await windows.open()
    await log_in(second, "demo.policy2", at="/console/policies/drafts")
    await second.get_by_role("link", name="Agents need no region").click()
    await step(second, "Approve")
    await expect(second.get_by_role("button", name="Activate", exact=True)).to_be_visible()
    await expect(fact(dossier, "Region")).to_contain_text(customer["region"])  # nothing has changed yet
    await step(second, "Activate")
    await expect(second.get_by_text("It is in force as version")).to_be_visible()

    await expect(fact(dossier, "Region")).to_contain_text("Not permitted")
    await expect(somebody).to_have_text("Not permitted")

    await console.api.services.store.activate(default_rules(), "tests")
    await expect(fact(dossier, "Region")).to_contain_text(customer["region"])


@pytest.mark.usefixtures("rules")
async def test_a_change_while_a_page_is_loaded_is_not_lost_on_it(page: Page, console: Console) -> None:
    """The page has drawn what the rules of a moment ago allowed, and follows changes only from now on."""
    connected = asyncio.Event()

    async def late(socket: WebSocketRoute) -> None:
        await connected.wait()
        socket.connect_to_server()

    await page.route_web_socket("**/graphql", late)
    customer = await somebody_of_a_region(console)
    await log_in(page, "demo.agent", at=f"/console/customers/{customer['id']}")
    await expect(fact(page, "Region")).to_contain_text(customer["region"])
    text = rules_text() + REGION_DENIED
    await console.api.services.store.activate(parse_csv(text, FULL_CATALOGUE), "tests")
    connected.set()
    await expect(fact(page, "Region")).to_contain_text("Not permitted")
