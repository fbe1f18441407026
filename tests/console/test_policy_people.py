"""People under the rules in the console: viewing as somebody, replaying, going back, roles for a time, accounts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from documents.chapters.accounts.directory import AccountRepository
from policies.default import role_labels
from tests.accounts import change_accounts
from tests.console.accessibility import assert_fits, axe
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.test_policies import AUTHOR, EMAIL, INSPECTOR, SECOND, act, drafted
from tests.console.windows import Language, Windows
from tests.policies.rule_sets import default_rules

TRAINER, LEAVER = "demo.trainer", "demo.archivist"
NO_REGION = "p, service_agent, all, individual, region, read, customer_service, deny"

pytestmark = pytest.mark.usefixtures("rules")


@pytest.fixture
async def accounts(console: Console) -> AsyncIterator[AccountRepository]:
    """The accounts, as they were before the test: nobody disabled, no role for a time, no change of them."""
    services = console.api.services
    yield services.accounts
    await services.database["account_changes"].delete_many({})
    await change_accounts(services.accounts, {}, role_terms=[], disabled=False)
    console.api.tokens.pop(LEAVER, None)  # its session was ended


async def fill_reason(page: Page, text: str, yes: str) -> None:
    """Gives the reason that a dialog asks for, and confirms."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill(text)
    await dialog.get_by_role("button", name=yes, exact=True).click()
    await expect(dialog).to_have_count(0)


@pytest.mark.slow
async def test_roles_are_called_as_their_labels_say(page: Page, language: Language) -> None:
    """Each role that the rules declare, in the language of the page; the labels are those kept beside the rules."""
    await log_in(page, AUTHOR, at="/console/policies/accounts?tab=roles")
    for role in default_rules().roles:
        label = role_labels()[role]
        name = label.zh if language == "zh-CN" else label.en
        row = page.get_by_role("row").filter(has=page.locator("code", has_text=re.compile(f"^{role}$")))
        await expect(row.get_by_text(f"{name} {role}", exact=True)).to_have_count(1)


@pytest.mark.slow
async def test_viewing_as_somebody_tells_levels_and_the_rule_that_decides(page: Page) -> None:
    """In every scope that the rules tell apart, in words and as written; no value is in the page."""
    await log_in(page, AUTHOR, at="/console/policies/view-as")
    await expect(page.get_by_text("The audit trail records as whom you look")).to_be_visible()
    await page.get_by_label("Find a person").fill("demo.manager")
    await page.keyboard.press("Enter")
    table = page.get_by_role("region", name="Fields and what may be done with them")
    await expect(table.get_by_role("columnheader")).to_have_text(["Field", "all customers", "own customers"])
    telephone = table.get_by_role("row").filter(has=page.get_by_role("button", name="Telephone", exact=True))
    await expect(telephone.get_by_role("cell")).to_have_text(["M Masked", "P Plain"])
    await telephone.get_by_role("button").click()
    rules = table.locator(".rules-of")
    await expect(rules.locator("code").first).to_have_text(
        "p, account_manager, own, *, *, read, business_operation, allow"
    )
    await expect(rules).to_contain_text("Allows Account manager to read: every field")
    await page.get_by_role("combobox", name="Purpose", exact=True).select_option("RISK_ASSESSMENT")
    await expect(page.get_by_text("This purpose is not open to this person.")).to_be_visible()
    await expect(table).to_have_count(0)


@pytest.mark.slow
async def test_a_draft_is_compared_with_what_is_in_force(page: Page, console: Console) -> None:
    """What differs is marked in words, and can be shown alone; a customer that is not seen looks like none."""
    draft = await drafted(console, NO_REGION)
    await log_in(page, AUTHOR, at="/console/policies/view-as?person=demo.agent")
    await page.get_by_role("combobox", name="Rules", exact=True).select_option(draft["id"])
    await page.get_by_label("Only what differs (1)").check()
    rows = page.locator("table.viewed tbody tr:not(.class)")
    await expect(rows).to_have_count(1)
    await expect(rows.get_by_role("rowheader")).to_contain_text("Region Differs")
    await page.get_by_label("What they look at").select_option("CUSTOMER")
    await page.get_by_role("searchbox", name="Customer", exact=True).fill(f"individual_{'0' * 24}")
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_text("For this person there is no such customer")).to_be_visible()


async def test_a_role_for_a_time_opens_the_page_of_its_person_until_it_is_ended(
    windows: Windows, accounts: AccountRepository
) -> None:
    """It waits for the second administrator; then an area appears in the open page, and goes with the role."""
    del accounts
    trainer = await windows.open()
    await log_in(trainer, TRAINER)
    customers = trainer.get_by_role("navigation", name="Areas").get_by_role("link", name="Customers")
    await expect(trainer.get_by_role("navigation", name="Areas")).to_be_visible()
    await expect(customers).to_have_count(0)

    author = await windows.open()
    await log_in(author, AUTHOR, at="/console/policies/accounts")
    await author.get_by_label("Search", exact=True).fill(TRAINER)
    await author.get_by_role("link", name="罗秀云").click()
    await author.get_by_role("button", name="Grant a role for a time").click()
    dialog = author.get_by_role("dialog")
    await dialog.get_by_label("Role").select_option("account_manager")
    await dialog.get_by_label("Until").fill("2020-01-01T00:00")
    await dialog.get_by_label("Reason").fill("Stands in for a colleague")
    await dialog.get_by_role("button", name="Grant a role for a time").click()
    await expect(dialog.locator(".error, [role=alert]").first).to_be_visible()
    await dialog.get_by_label("Until").fill("2099-01-01T00:00")
    await dialog.get_by_role("button", name="Grant a role for a time").click()
    await expect(author.get_by_text("You asked for it: another administrator approves.")).to_be_visible()
    await expect(author.get_by_role("button", name="Approve", exact=True)).to_have_count(0)

    second = await windows.open()
    await log_in(second, SECOND, at="/console/policies/accounts?tab=waiting")
    await second.get_by_role("button", name="Approve", exact=True).click()
    await second.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()
    await expect(customers).to_be_visible()

    await second.goto(f"/console/policies/accounts/{TRAINER}")
    await expect(second.locator(".roles-of")).to_contain_text("Account manager · until 1 Jan 2099")
    await second.get_by_role("button", name="End", exact=True).click()
    await second.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
    await expect(customers).to_have_count(0)
    await expect(second.locator(".roles-of")).to_have_text("Trainer")


@pytest.mark.slow
async def test_disabling_an_account_takes_its_open_page_to_the_login(
    windows: Windows, accounts: AccountRepository
) -> None:
    """At once, though enabling waits for another administrator; one's own account offers neither."""
    del accounts
    leaver = await windows.open()
    await log_in(leaver, LEAVER)
    await expect(leaver.get_by_role("navigation", name="Areas")).to_be_visible()

    author = await windows.open()
    await log_in(author, AUTHOR, at=f"/console/policies/accounts/{LEAVER}")
    await author.get_by_role("button", name="Disable", exact=True).click()
    await fill_reason(author, "Left the company", "Disable")
    await expect(leaver.get_by_label("User name")).to_be_visible()
    await expect(author.get_by_text("This account is disabled")).to_be_visible()
    await expect(author.get_by_role("button", name="End sessions")).to_have_count(0)
    await author.get_by_role("button", name="Enable", exact=True).click()
    await fill_reason(author, "Came back", "Enable")
    changes = author.get_by_role("region", name="Changes of accounts").locator("tbody tr")
    await expect(changes.first).to_contain_text("Waits for approval")
    await expect(changes.last).to_contain_text("Left the company")
    await author.goto(f"/console/policies/accounts/{AUTHOR}")
    await expect(author.get_by_role("button", name="End sessions")).to_be_visible()
    await expect(author.get_by_role("button", name="Disable", exact=True)).to_have_count(0)
    await expect(author.get_by_role("button", name="Grant a role for a time")).to_have_count(0)


@pytest.mark.slow
async def test_rights_that_last_are_set_and_wait_where_they_give(page: Page, accounts: AccountRepository) -> None:
    """The form shows what is there; what would change stands in the list as given and taken."""
    del accounts
    await log_in(page, AUTHOR, at=f"/console/policies/accounts/{TRAINER}")
    await page.get_by_role("button", name="Set roles, purposes, department").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("checkbox", name="Trainer")).to_be_checked()
    await dialog.get_by_role("checkbox", name="Archivist").check()
    await dialog.get_by_label("Department").select_option(label="Archives")
    await fill_reason(page, "Moves", "Set roles, purposes, department")
    change = page.get_by_role("region", name="Changes of accounts").locator("tbody tr")
    await expect(change).to_contain_text("+ Archivist")
    await expect(change).to_contain_text("Customer service → Archives")
    await expect(change).to_contain_text("You asked for it: another administrator approves.")


@pytest.mark.slow
async def test_a_version_tells_what_it_did_and_is_gone_back_from(page: Page, console: Console) -> None:
    """By a draft that is submitted, where approval is needed; the rules of a version are there as a file."""
    draft = await act(console, AUTHOR, "submitDraft", await drafted(console, EMAIL))
    draft = await act(console, SECOND, "approveDraft", draft)
    await act(console, SECOND, "activateDraft", draft)
    await log_in(page, AUTHOR, at="/console/policies/history")
    newest, before = page.locator(".versions section").nth(0), page.locator(".versions section").nth(1)
    await expect(newest).to_contain_text("Put in force by 许佳怡 · approved by 许佳怡")
    await newest.get_by_role("button", name="What it did").click()
    await expect(newest).to_contain_text("Complaint handler gains E-mail (masked instead of denied)")
    await newest.locator("summary", has_text="Download").click()
    async with page.expect_download() as download:
        await newest.get_by_role("button", name="Rules (CSV)").click()
    assert EMAIL in (await (await download.value).path()).read_text(encoding="utf-8")
    await expect(newest.get_by_role("button", name="Go back to it")).to_have_count(0)
    await before.get_by_role("button", name="Go back to it").click()
    await fill_reason(page, "It was a mistake", "Go back to it")
    await page.get_by_role("link", name="To the draft").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("It was a mistake")
    await expect(page.locator("policy-effects code").first).to_have_text(EMAIL)


@pytest.mark.slow
async def test_replaying_the_trail_tells_what_would_have_been_answered_differently(
    page: Page, console: Console
) -> None:
    """From the draft's page: the field, the person, how often; and that the whole period was looked at."""
    read = "{ customers(first: 3, kinds: [INDIVIDUAL]) { nodes { region } } }"
    await console.api.ask("demo.agent", read, purpose="customer_service")
    draft = await drafted(console, NO_REGION)
    await log_in(page, AUTHOR, at=f"/console/policies/drafts/{draft['id']}")
    await page.get_by_role("main").get_by_role("link", name="Replay").last.click()
    await page.get_by_label("Period").select_option("hour")
    await page.get_by_role("button", name="Replay", exact=True).click()
    result = page.get_by_role("region", name="What would have been different").first
    await expect(result).to_contain_text("The whole period was looked at")
    row = result.get_by_role("row").filter(has_text="Region").first
    await expect(row).to_contain_text("林晓燕")
    await expect(row).to_contain_text("Loses")


@pytest.mark.slow
async def test_who_only_supervises_sees_people_and_changes_nobody(page: Page, console: Console) -> None:
    """Nor goes back to a version."""
    del console
    await log_in(page, INSPECTOR, at=f"/console/policies/accounts/{TRAINER}")
    await expect(page.get_by_role("link", name="View as").last).to_be_visible()
    await expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    await page.goto("/console/policies/history")
    await expect(page.get_by_role("button", name="What it did").first).to_be_visible()
    await expect(page.get_by_role("button", name="Go back to it")).to_have_count(0)


@pytest.mark.slow
async def test_what_is_unfolded_can_be_used_by_everybody(page: Page, console: Console, language: Language) -> None:
    """axe-core finds nothing in a comparison with its rules open, in the form of rights, and in the tabs; on a phone
    nothing scrolls sideways."""
    del language
    draft = await drafted(console, NO_REGION)
    await log_in(page, AUTHOR, at=f"/console/policies/view-as?person=demo.agent&draft={draft['id']}")
    await page.locator("table.viewed th button").first.click()
    await expect(page.locator(".rules-of")).to_be_visible()
    await axe(page)
    await page.set_viewport_size({"width": 390, "height": 844})
    await assert_fits(page)
    await page.goto(f"/console/policies/accounts/{TRAINER}")
    await page.get_by_role("main").get_by_role("button").nth(1).click()
    await expect(page.get_by_role("dialog").get_by_role("checkbox").first).to_be_visible()
    await axe(page)
    await assert_fits(page)
    for tab in ("waiting", "roles", "departments", "done"):
        await page.goto(f"/console/policies/accounts?tab={tab}")
        await expect(page.get_by_role("tabpanel")).to_be_visible()
        await axe(page)
        await assert_fits(page)
