"""Customers in the console: found, read, opened, changed and compared as far as the rules let each person."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import FilePayload, Page, expect

from documents.registry import FULL_CATALOGUE
from policies.default import rules_text
from policies.rules.rule_set import parse_csv
from tests.api import PASSWORD
from tests.console.accessibility import assert_fits, axe
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.windows import Language, Windows

AGENT, MANAGER, ADMIN, CREDIT = "demo.agent", "demo.manager", "demo.admin", "demo.credit"
BUSINESS = "business_operation"
MARKUP = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Made:
    """A customer of the manager's, made for one test."""

    id: str
    name: str
    telephone: str

    @property
    def last_four(self) -> str:
        return self.telephone[-4:]


@pytest.fixture
async def made(console: Console) -> Made:
    """A company whose telephone, e-mail and website the manager knows, and nothing of its licence."""
    return await make(console, f"徐州鼎测{secrets.token_hex(3)}商行")


async def make(console: Console, name: str) -> Made:
    telephone = f"+86138{secrets.randbelow(10**8):08}"
    given = {"name": name, "telephone": telephone, "email": "shop@example.com", "website": "https://example.com/"}
    text = "mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } userErrors { message } } }"
    given |= {"sourceChannel": "CONTRACT"}
    payload = (await console.api.ask(MANAGER, text, {"i": {"enterprise": given}}, purpose=BUSINESS))["data"]
    assert payload["createCustomer"]["userErrors"] == []
    return Made(payload["createCustomer"]["customer"]["id"], name, telephone)


async def stored(console: Console, made: Made) -> dict[str, Any]:
    """What the manager sees of it through the API."""
    text = "query($id: ID!) { customer(id: $id) { version telephone region ... on Enterprise { website industry } } }"
    answer = await console.api.ask(MANAGER, text, {"id": made.id}, purpose=BUSINESS)
    return dict(answer["data"]["customer"])


async def change(console: Console, made: Made, **values: str) -> None:
    """A change by the manager through the API, as if from another desk."""
    text = "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { userErrors { message } } }"
    given = {"id": made.id, "version": (await stored(console, made))["version"], "sourceChannel": "FEEDBACK", **values}
    answer = await console.api.ask(MANAGER, text, {"i": {"enterprise": given}}, purpose=BUSINESS)
    assert answer["data"]["updateCustomer"]["userErrors"] == []


def fact(page: Page, label: str) -> Any:
    """What stands under a label in the particulars."""
    entry = page.locator("customer-particulars dl > div").filter(
        has=page.locator("dt", has_text=re.compile(f"^{label}$"))
    )
    return entry.locator("dd")


class TestFinding:
    async def test_customers_are_found_by_pinyin_and_last_four_and_enter_opens_the_first(
        self, page: Page, made: Made
    ) -> None:
        """The slash takes the keyboard to the box; what is typed stays out of the address."""
        await log_in(page, AGENT, at="/console/customers")
        await expect(page.locator("customer-list tbody tr").first).to_be_visible()
        await page.keyboard.press("/")
        await page.keyboard.type("xuzhoudingce")
        await expect(page.get_by_role("link", name=made.name)).to_be_visible()
        await page.get_by_role("searchbox").fill(made.last_four)
        await expect(page.get_by_role("row").filter(has_text=made.last_four)).to_be_visible()
        assert urlsplit(page.url).query == ""
        await page.get_by_role("searchbox").fill(made.name)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(made.name)

    @pytest.mark.slow
    async def test_filters_stay_in_the_address_and_only_those_are_offered_by_which_one_may_filter(
        self, windows: Windows, console: Console
    ) -> None:
        """The kind is chosen once, and is chosen still when the page comes anew."""
        page = await windows.open()
        await log_in(page, MANAGER, at="/console/customers")
        await page.get_by_label("Kind").select_option("INSTITUTION")
        await expect(page).to_have_url(re.compile(r"\?kind=INSTITUTION$"))
        await page.reload()
        kinds = page.locator("customer-list tbody td:nth-child(2)")
        await expect(kinds.first).to_have_text("Institutional customer")
        assert set(await kinds.all_inner_texts()) == {"Institutional customer"}
        await expect(page.get_by_label("Region")).to_be_visible()
        security = await windows.open()
        await log_in(security, "demo.security", at="/console/customers")
        await expect(security.get_by_label("Kind")).to_be_visible()
        await expect(security.get_by_label("Region")).to_have_count(0)

    @pytest.mark.slow
    async def test_a_name_with_markup_is_shown_as_text(self, page: Page, console: Console) -> None:
        """In the list, in the dossier and in the form."""
        made = await make(console, f"{MARKUP}{secrets.token_hex(3)}")
        await log_in(page, MANAGER, at=f"/console/customers/{made.id}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(made.name)
        await page.get_by_role("link", name="Edit").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(made.name)
        await page.goto("/console/customers")
        await page.get_by_role("searchbox").fill(made.name)
        await expect(page.get_by_role("link", name=made.name)).to_be_visible()
        assert await page.locator("main img").count() == 0


class TestReading:
    async def test_masked_denied_and_empty_are_told_apart(self, page: Page, made: Made) -> None:
        """An agent of another department, of three fields of one customer."""
        await log_in(page, AGENT, at=f"/console/customers/{made.id}")
        await expect(fact(page, "Telephone")).to_contain_text(f"{made.telephone[3:6]}****{made.last_four}")
        await expect(fact(page, "Telephone")).to_contain_text("Masked")
        await expect(fact(page, "Unified social credit code")).to_have_text("Not permitted")
        await expect(fact(page, "Other telephones")).to_have_text("Empty")

    @pytest.mark.slow
    async def test_a_masked_field_is_revealed_for_a_reason_and_a_password_and_hidden_again(
        self, page: Page, made: Made
    ) -> None:
        """A wrong password opens nothing; the reason stays typed; nothing is left when it is hidden."""
        await log_in(page, AGENT, at=f"/console/customers/{made.id}")
        await fact(page, "Telephone").get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill("The caller asks for a call back")
        reveal = dialog.get_by_role("button", name="Reveal")
        await reveal.click()
        await dialog.get_by_label("Password").fill("not this one")
        await reveal.click()
        await expect(dialog.get_by_role("alert")).to_be_visible()
        await axe(page)
        await dialog.get_by_label("Password").fill(PASSWORD)
        await reveal.click()
        await expect(fact(page, "Telephone")).to_contain_text(made.telephone)
        await fact(page, "Telephone").get_by_role("button", name="Hide").click()
        await expect(fact(page, "Telephone")).to_contain_text("Masked")
        assert made.telephone not in await page.content()

    @pytest.mark.slow
    async def test_an_opened_value_is_hidden_after_half_a_minute(self, page: Page, made: Made) -> None:
        await page.clock.install()
        await log_in(page, AGENT, at=f"/console/customers/{made.id}")
        await fact(page, "Telephone").get_by_role("button").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill("The caller asks for a call back")
        await dialog.get_by_role("button", name="Reveal").click()
        await dialog.get_by_label("Password").fill(PASSWORD)
        await dialog.get_by_role("button", name="Reveal").click()
        await expect(fact(page, "Telephone")).to_contain_text(made.telephone)
        await page.clock.fast_forward(31_000)
        await expect(fact(page, "Telephone")).to_contain_text("Masked")
        assert made.telephone not in await page.content()

    @pytest.mark.slow
    async def test_the_page_follows_what_another_person_changes(self, page: Page, console: Console, made: Made) -> None:
        """Told once, and shown without anybody asking."""
        async with console.newly_followed("customers"):
            await log_in(page, MANAGER, at=f"/console/customers/{made.id}")
        await expect(fact(page, "Region")).to_have_text("Empty")
        await expect(page.get_by_role("tab", name="Ticket")).to_be_visible()
        await change(console, made, region="云龙区")
        await expect(fact(page, "Region")).to_contain_text("云龙区")
        await expect(page.get_by_text("Somebody has just changed this customer.")).to_be_visible()

    @pytest.mark.slow
    async def test_history_says_what_changed_under_the_policy_of_the_field(
        self, windows: Windows, console: Console, made: Made
    ) -> None:
        """The manager reads the website as it was and is; the agent, who may not, finds no line of it."""
        await change(console, made, website="https://new.example.com/", telephone="+8613900001234")
        page = await windows.open()
        await log_in(page, MANAGER, at=f"/console/customers/{made.id}?tab=history")
        entry = page.locator("customer-history .timeline > li")
        await expect(entry).to_have_count(1)
        await expect(entry).to_contain_text("赵明轩")
        await expect(entry).to_contain_text(
            re.compile(r"https://example.com/\s+→.*https://new.example.com/", re.DOTALL)
        )
        agent = await windows.open()
        await log_in(agent, AGENT, at=f"/console/customers/{made.id}?tab=history")
        await expect(agent.locator("customer-history .timeline > li")).to_contain_text("139****1234")
        assert "example.com" not in await agent.locator("customer-history .timeline").inner_text()

    @pytest.mark.slow
    async def test_a_ticket_is_opened_from_the_dossier(self, page: Page, made: Made) -> None:
        """By a form that is drawn from the operation's input; the ticket stands in its section at once."""
        await log_in(page, AGENT, at=f"/console/customers/{made.id}?tab=tickets")
        await page.get_by_role("button", name="Open a ticket").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Subject").fill("The parcel is late")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.locator("dossier-section tbody")).to_contain_text("The parcel is late")
        await expect(page.get_by_role("tab", name="Ticket (1)")).to_be_visible()

    @pytest.mark.slow
    async def test_a_file_is_added_to_the_dossier_and_had_again(self, page: Page, made: Made) -> None:
        """What is fetched is what was given, by its own name."""
        content = "合同，一式两份。".encode()
        await log_in(page, MANAGER, at=f"/console/customers/{made.id}?tab=attachments")
        await page.get_by_role("button", name="Add a file").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Category").select_option("CONTRACT")
        given: FilePayload = {"name": "合同.txt", "mimeType": "text/plain", "buffer": content}
        await dialog.get_by_label("File").set_input_files(given)
        await dialog.get_by_role("button", name="Add a file").click()
        await page.locator("dossier-section tbody button").click()
        async with page.expect_download() as download:
            await dialog.get_by_role("button", name="Download the file").click()
        file = await download.value
        assert file.suggested_filename == "合同.txt"
        assert (await file.path()).read_bytes() == content


class TestWriting:
    async def test_only_what_was_changed_is_written_and_a_masked_telephone_stays(
        self, page: Page, console: Console, made: Made, rules: None
    ) -> None:
        """The agent may write the telephone without seeing it, and the region; and only the region was typed."""
        more = "".join(
            f"p, service_agent, all, *, {name}, write, customer_service, allow\n" for name in ("telephone", "region")
        )
        changed = parse_csv(rules_text() + more, FULL_CATALOGUE)
        await console.api.services.store.activate(changed, "tests")
        await log_in(page, AGENT, at=f"/console/customers/{made.id}/edit")
        await expect(page.get_by_label("Telephone", exact=True)).to_have_value("")
        await expect(page.get_by_label("Telephone", exact=True)).to_have_attribute("placeholder", re.compile(r"\*{4}"))
        await page.get_by_text("What you may not change").click()
        code = page.locator("dl > div").filter(has_text="Unified social credit code")
        await expect(code).to_contain_text("Not permitted")
        await page.get_by_label("Region").fill("泉山区")
        await page.get_by_label("How it came to be known").select_option("FEEDBACK")
        await page.get_by_role("button", name="Save").click()
        await expect(fact(page, "Region")).to_contain_text("泉山区")
        now = await stored(console, made)
        assert (now["region"], now["telephone"]) == ("泉山区", made.telephone)

    @pytest.mark.slow
    async def test_what_the_server_refuses_stands_at_its_field(self, page: Page, console: Console, made: Made) -> None:
        """In the page's language, with the focus on the first; what is not stated is asked for before."""
        await log_in(page, MANAGER, at=f"/console/customers/{made.id}/edit")
        await page.get_by_label("E-mail").fill("nonsense")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_label("How it came to be known")).to_be_focused()
        await page.get_by_label("How it came to be known").select_option("FEEDBACK")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_label("E-mail")).to_be_focused()
        await expect(page.get_by_text("E-mail is not a valid e-mail address.")).to_be_visible()
        assert (await stored(console, made))["version"] == 1

    async def test_who_was_slower_chooses_field_by_field(self, page: Page, console: Console, made: Made) -> None:
        """Theirs is shown beside mine and what was there; what was chosen is saved, what they did besides is kept."""
        async with console.newly_followed("customers"):
            await log_in(page, MANAGER, at=f"/console/customers/{made.id}/edit")
        await page.get_by_label("Website").fill("https://mine.example.com/")
        await page.get_by_label("Notes").fill("Rang twice")
        await change(console, made, website="https://theirs.example.com/", industry="印刷业")
        await expect(page.get_by_role("heading", level=2, name="Somebody was faster")).to_be_focused()
        row = page.get_by_role("row").filter(has_text="Website")
        await expect(row).to_contain_text("https://example.com/")
        await expect(row).to_contain_text("Both changed")
        await axe(page)
        await row.get_by_label("https://mine.example.com/").check()
        await page.get_by_label("How it came to be known").select_option("FEEDBACK")
        await page.get_by_role("button", name="Save the choice").click()
        await expect(fact(page, "Website")).to_contain_text("https://mine.example.com/")
        now = await stored(console, made)
        assert (now["website"], now["industry"]) == ("https://mine.example.com/", "印刷业")

    @pytest.mark.slow
    async def test_a_version_that_is_stale_when_it_is_saved_is_compared_with_the_present_one(
        self, page: Page, console: Console, made: Made
    ) -> None:
        """Nothing told the page of the change; the answer did. Theirs is chosen, and nothing is left to save."""
        await page.route_web_socket(re.compile("/graphql"), lambda _socket: None)
        await log_in(page, MANAGER, at=f"/console/customers/{made.id}/edit")
        await page.get_by_label("Website").fill("https://mine.example.com/")
        await page.get_by_label("How it came to be known").select_option("FEEDBACK")
        await change(console, made, website="https://theirs.example.com/")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", level=2, name="Somebody was faster")).to_be_visible()
        await page.get_by_label("https://theirs.example.com/").check()
        await page.get_by_role("button", name="Save the choice").click()
        await expect(fact(page, "Website")).to_contain_text("https://theirs.example.com/")
        assert (await stored(console, made))["version"] == 2

    @pytest.mark.slow
    async def test_what_others_change_elsewhere_comes_into_the_form_and_what_is_typed_stays(
        self, page: Page, console: Console, made: Made
    ) -> None:
        async with console.newly_followed("customers"):
            await log_in(page, MANAGER, at=f"/console/customers/{made.id}/edit")
        await page.get_by_label("Website").fill("https://mine.example.com/")
        await change(console, made, industry="印刷业")
        await expect(page.get_by_label("Industry")).to_have_value("印刷业")
        await expect(page.get_by_label("Website")).to_have_value("https://mine.example.com/")

    @pytest.mark.slow
    async def test_leaving_with_something_typed_asks(self, page: Page, made: Made) -> None:
        """By a link, and by the browser's own way back."""
        await log_in(page, MANAGER, at=f"/console/customers/{made.id}")
        await page.get_by_role("link", name="Edit").click()
        await page.get_by_label("Website").fill("https://mine.example.com/")
        await page.get_by_role("link", name="Cancel").click()
        dialog = page.get_by_role("dialog", name="Leave without saving?")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_label("Website")).to_have_value("https://mine.example.com/")
        await page.evaluate("history.back()")
        await dialog.get_by_role("button", name="Leave").click()
        await expect(fact(page, "Website")).to_contain_text("https://example.com/")

    @pytest.mark.slow
    async def test_a_customer_is_made_and_deleted(self, page: Page) -> None:
        """The administrator chooses the kind, sees what is needed, and finds the one who may delete it: himself."""
        name = f"测试{secrets.token_hex(3)}"
        await log_in(page, ADMIN, at="/console/customers")
        await page.get_by_role("link", name="New customer").click()
        await page.get_by_role("button", name="Individual customer").click()
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("How it came to be known").select_option("CONTRACT")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(name)
        await page.get_by_role("link", name="Edit").click()
        await page.get_by_role("button", name="Delete").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text(name)
        await dialog.get_by_role("button", name="Delete").click()
        await expect(page).to_have_url(re.compile("/console/customers$"))
        await page.get_by_role("searchbox").fill(name)
        await expect(page.get_by_text("No customer is found.")).to_be_visible()


@pytest.mark.slow
async def test_the_sections_of_a_dossier_are_accessible_and_fit_a_phone(
    phone: Page, console: Console, language: Language
) -> None:
    """History, a table of records, and one record in full; the screens themselves are in test_screens."""
    text = "{ receivables(first: 1) { nodes { customer { id } } } }"
    found = await console.api.ask(MANAGER, text, purpose=BUSINESS)
    customer = found["data"]["receivables"]["nodes"][0]["customer"]["id"]
    await log_in(phone, MANAGER, at=f"/console/customers/{customer}?tab=history")
    await expect(phone.locator("customer-history select")).to_be_visible()
    await axe(phone)
    await phone.goto(f"/console/customers/{customer}?tab=receivables")
    await phone.locator("dossier-section tbody button").first.click()
    await expect(phone.get_by_role("dialog")).to_be_visible()
    await axe(phone)
    await assert_fits(phone)
