"""Work in the console: what waits for each person is found, told apart from what is not theirs, and carried on."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from playwright.async_api import Locator, Page, expect

from resolvers.chapters.credit.overdue_letters import LetterSender
from tests.chapters.credit.credit import done, invoiced, new_customer, rated, signed
from tests.chapters.credit.test_overdue import RECORD, STEPS, plan_steps
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.windows import Windows

AGENT, LEAD, HANDLER, MANAGER, COLLECTOR = (
    "demo.agent",
    "demo.lead",
    "demo.complaints",
    "demo.manager",
    "demo.collector",
)
SERVICE, BUSINESS = "customer_service", "business_operation"
OPEN = "mutation($i: OpenTicketInput!) { openTicket(input: $i) { ticket { id version } userErrors { message } } }"
REPLY = "mutation($i: ReplyToTicketInput!) { replyToTicket(input: $i) { ticket { version } userErrors { message } } }"
FILE = "mutation($i: FileComplaintInput!) { fileComplaint(input: $i) { complaint { id } userErrors { message } } }"
SENDER = LetterSender("徐州彭城设备有限公司", "徐州市泉山区淮海西路1号", "0516-80000000", "4700000000000000")


async def by_agent(console: Console, text: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the agent's mutation made."""
    [payload] = (await console.api.ask(AGENT, text, {"i": given}, purpose=SERVICE))["data"].values()
    assert payload["userErrors"] == []
    return dict(next(value for name, value in payload.items() if name != "userErrors"))


async def ticket(console: Console, **more: str) -> tuple[str, str]:
    """(id, subject) of an open ticket of a customer that is made for it."""
    subject = f"发票问题{secrets.token_hex(3)}"
    given = {"customer": await new_customer(console.api), "subject": subject, "assignee": AGENT, **more}
    return (await by_agent(console, OPEN, given))["id"], subject


async def complaint(console: Console) -> tuple[str, str]:
    """(id, subject) of a complaint that is filed and no more."""
    subject = f"重复扣款{secrets.token_hex(3)}"
    given = {"customer": await new_customer(console.api), "subject": subject, "description": "同一账单扣款两次"}
    return (await by_agent(console, FILE, given))["id"], subject


async def letter_step(console: Console) -> None:
    """A planned letter of a new customer, whom somebody has telephoned."""
    customer = await new_customer(console.api)
    await rated(console.api, customer)
    contract = (await signed(console.api, customer, number=f"HT-{secrets.token_hex(3)}"))["id"]
    made = await invoiced(console.api, contract, f"FP-{secrets.token_hex(3)}", "500.50", "2026-02-01")
    await plan_steps(console.api, "2026-02-04")
    answer = await console.api.ask(MANAGER, STEPS, {"c": made["id"]}, purpose=BUSINESS)
    [step] = answer["data"]["collectionSteps"]["nodes"]
    given = {"id": step["id"], "version": step["version"], "doneOn": "2026-02-04", "result": "无人接听"}
    await done(console.api, MANAGER, RECORD, **given)
    await plan_steps(console.api, "2026-02-16")


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"work-desk [data-panel={name}]")


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"work-figures [data-figure={name}]")


def fact(page: Page, label: str) -> Locator:
    entry = page.locator("main dl > div").filter(has=page.locator("dt", has_text=re.compile(f"^{label}$")))
    return entry.locator("dd")


async def numbers(card: Locator) -> list[list[str]]:
    """The rows of the table under a picture."""
    await card.get_by_text("The numbers").click()
    await expect(card.locator("tbody tr").first).to_be_visible()
    rows = await card.locator("tbody tr").all()
    return [[text.strip() for text in await row.locator("th, td").all_inner_texts()] for row in rows]


class TestTickets:
    async def test_an_agent_sees_a_ticket_near_its_standard_and_leads_it_through_its_states(
        self, page: Page, console: Console
    ) -> None:
        """From the desk to the ticket; each state offers what comes next and nothing else."""
        made, subject = await ticket(console)
        row = {"_id": ObjectId(made.removeprefix("ticket_"))}
        soon = datetime.now(UTC) + timedelta(minutes=10)
        await console.api.services.database["tickets"].update_one(
            row, {"$set": {"standing": "near", "resolve_by": soon}}
        )
        await log_in(page, AGENT, at="/console/work")
        line = panel(page, "tickets").get_by_role("listitem").filter(has_text=subject)
        await expect(line).to_contain_text("Near the limit")
        await expect(panel(page, "tickets")).to_contain_text("near the standard")
        await line.get_by_role("link", name=subject).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(subject)
        actions = page.locator("section").filter(has=page.get_by_role("heading", name="What can be done"))
        for action, state, offered in (
            ("Start", "In progress", ["Resolve", "Wait for the customer", "Reply"]),
            ("Wait for the customer", "Waiting for the customer", ["Continue", "Resolve", "Reply"]),
            ("Continue", "In progress", ["Resolve", "Wait for the customer", "Reply"]),
            ("Resolve", "Resolved", ["Close", "Reopen"]),
            ("Close", "Closed", ["Reopen"]),
        ):
            await actions.get_by_role("button", name=action).click()
            await expect(fact(page, "State")).to_have_text(state)
            await expect(actions.get_by_role("button")).to_have_text(offered)
        await expect(page.locator(".timeline")).to_contain_text("The customer is waited for")

    @pytest.mark.slow
    async def test_who_comes_too_late_is_told_and_may_confirm_again(self, page: Page, console: Console) -> None:
        """What was typed stays; the second confirmation is meant for what the page then shows."""
        made, subject = await ticket(console)
        await log_in(page, AGENT, at=f"/console/work/tickets/{made}")
        await page.get_by_role("button", name="Reply").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("What the customer was told").fill("Second answer")
        await by_agent(console, REPLY, {"id": made, "version": 1, "summary": "First answer"})
        await dialog.get_by_role("button", name="Reply").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Someone else changed the record")
        await expect(dialog.get_by_label("What the customer was told")).to_have_value("Second answer")
        await expect(page.locator(".timeline > li")).to_have_count(2)
        await dialog.get_by_role("button", name="Reply").click()
        await expect(page.locator(".timeline > li")).to_have_count(3)
        await expect(page.get_by_role("heading", level=1)).to_have_text(subject)

    @pytest.mark.slow
    async def test_a_ticket_that_comes_is_there_without_a_reload(self, page: Page, console: Console) -> None:
        """On the desk of whom it is given to."""
        async with console.newly_followed("tickets"):
            await log_in(page, AGENT, at="/console/work")
        await expect(panel(page, "tickets").get_by_role("listitem").first).to_be_visible()
        _, subject = await ticket(console, priority="URGENT", category="CONTRACT_SIGNING")
        await expect(panel(page, "tickets")).to_contain_text(subject)

    @pytest.mark.slow
    async def test_a_lead_finds_by_person_and_assigns(self, page: Page, console: Console) -> None:
        """The choice stays in the address; the agent is not offered to assign."""
        made, _ = await ticket(console)
        await log_in(page, LEAD, at="/console/work/tickets")
        await page.get_by_label("Assignee").select_option(AGENT)
        await expect(page).to_have_url(re.compile(f"assignee={AGENT}"))
        await expect(page.locator("tbody td:nth-child(6)").first).to_have_text("林晓燕")
        await page.goto(f"/console/work/tickets/{made}")
        await page.get_by_role("button", name="Assign").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Assignee").select_option(LEAD)
        await dialog.get_by_role("button", name="Assign").click()
        await expect(fact(page, "Assignee")).to_have_text("陆婉清")


class TestComplaints:
    async def test_a_handler_takes_the_next_step_and_cannot_skip_one(self, page: Page, console: Console) -> None:
        """One button at a time, at the step that is due; each step then says by whom and when."""
        made, subject = await complaint(console)
        await log_in(page, HANDLER, at="/console/work")
        await expect(panel(page, "complaints")).to_contain_text("filed")
        await page.goto(f"/console/work/complaints/{made}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(subject)
        way = page.locator(".way")
        for name in ("Acceptance", "Investigation", "Resolution", "Answer"):
            await expect(way.get_by_role("button")).to_have_text([f"{name} …"])
            await expect(way.locator("[aria-current=step]")).to_contain_text(name)
            await way.get_by_role("button").click()
            dialog = page.get_by_role("dialog")
            await dialog.locator("textarea[name=note]").fill(f"Note of {name}")
            if name == "Answer":
                await dialog.locator("textarea[name=answer]").fill("The sum was paid back.")
            await dialog.get_by_role("button", name=name).click()
            await expect(way).to_contain_text(f"Note of {name}")
        await expect(way.get_by_role("button")).to_have_count(0)
        await expect(way.locator("li.done")).to_have_count(5)

    @pytest.mark.slow
    async def test_what_was_said_is_not_shown_as_empty_to_who_may_not_read_it(
        self, page: Page, console: Console
    ) -> None:
        """An agent follows the steps of another department's complaint, without its words and without a button."""
        made, _ = await complaint(console)
        await log_in(page, AGENT, at=f"/console/work/complaints/{made}")
        await expect(page.locator(".way [aria-current=step]")).to_contain_text("You may look, and change nothing here.")
        await expect(fact(page, "Call back on")).to_have_text("Not permitted")
        await expect(page.locator("complaint-page button")).to_have_count(0)


class TestCollection:
    @pytest.mark.slow
    async def test_a_letter_is_prepared_and_had_by_who_may_open_the_customers_files(
        self, windows: Windows, console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A collector prepares it and is told that the file is not theirs to open; the manager downloads it; the step
        is recorded and waits no longer."""
        monkeypatch.setattr(console.api.services.use_cases.credit.letters, "_sender", SENDER)
        await letter_step(console)
        page = await windows.open()
        await log_in(page, COLLECTOR, at="/console/work/collection?stage=LETTER")
        steps = page.locator("collection-list section").first.locator("tbody tr")
        await page.get_by_role("button", name="Prepare letter").first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Prepare letter").click()
        await expect(steps.first).to_contain_text("its file is not open to you")
        manager = await windows.open()
        await log_in(manager, MANAGER, at="/console/work/collection?stage=LETTER")
        async with manager.expect_download() as download:
            await manager.get_by_role("button", name="Download letter").first.click()
        file = await download.value
        assert re.fullmatch(r"collection-letter-[\d-]+\.pdf", file.suggested_filename)
        await file.save_as(tmp_path / "letter.pdf")
        assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF-")
        await page.get_by_role("button", name="Record step").first.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Result").fill("Promises to pay")
        await dialog.get_by_role("button", name="Record step").click()
        await expect(steps).to_have_count(0)
        await page.get_by_label("State").select_option("DONE")
        await expect(steps.first).to_contain_text("Promises to pay")


class TestFigures:
    @pytest.mark.slow
    async def test_figures_are_the_numbers_of_the_api(self, page: Page, console: Console) -> None:
        """Ageing as a collector may sum it up; and what is not open to a collector is named."""
        await log_in(page, COLLECTOR, at="/console/work/figures")
        shown = await numbers(figure(page, "ageing"))
        answer = await console.api.ask(COLLECTOR, "{ ageing { currency count amount } }", purpose=BUSINESS)
        expected = {(row["currency"], row["count"], Decimal(row["amount"])) for row in answer["data"]["ageing"]}
        found = {(row[1], int(row[2]), Decimal(re.sub(r"[^\d.]", "", row[3]))) for row in shown}
        assert {row for row in found if row[1]} == expected
        assert expected
        await expect(page.get_by_text("Not open to you for this purpose")).to_contain_text("Credit grades in force")

    @pytest.mark.slow
    async def test_people_satisfaction_and_channels_are_those_of_the_period(self, page: Page, console: Console) -> None:
        """For the head of the service department, by the days in the address."""
        today = datetime.now(UTC).date()
        since, to = today - timedelta(days=330), today + timedelta(days=1)
        await log_in(page, LEAD, at=f"/console/work/figures?from={since}&to={to}")
        days = f'(%s, from: "{since}", to: "{to}")'
        people_of, by_month, of_tickets = (days % of for of in ('department: "service"', "by: MONTH", "of: TICKET"))
        query = f"""{{ people: departmentPerformance{people_of} {{ person {{ displayName }} tickets }}
            rated: satisfactionFigures{by_month} {{ key answered average }}
            came: channelCounts{of_tickets} {{ month count }} }}"""
        data = (await console.api.ask(LEAD, query, purpose=SERVICE))["data"]
        people = await numbers(figure(page, "performance"))
        assert {(row[0], int(row[1])) for row in people} == {
            (one["person"]["displayName"], one["tickets"]) for one in data["people"]
        }
        rated = await numbers(figure(page, "satisfaction"))
        assert [tuple(row[:3]) for row in rated] == [
            (one["key"], str(one["answered"]), one["average"]) for one in data["rated"]
        ]
        came = await numbers(figure(page, "channels"))
        sums = {month: sum(one["count"] for one in data["came"] if one["month"] == month) for month, *_ in came}
        assert {row[0]: int(row[-1]) for row in came} == sums
        assert sum(sums.values()) == sum(one["count"] for one in data["came"])
