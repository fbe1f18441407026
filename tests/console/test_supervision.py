"""Supervision in the console: the trail, its chains, incidents; and jobs and keys, which the same people look at."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.console.accessibility import axe
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.windows import Windows


class TestTrail:
    async def test_a_search_finds_who_saw_what(self, page: Page, console: Console) -> None:
        """The filters are the trail's own; the address keeps them, so that a search can be sent to a colleague."""
        await console.api.ask("demo.credit", "{ customers(first: 1) { nodes { id name } } }", purpose="risk_assessment")
        await log_in(page, "demo.inspector", at="/console/supervision")
        search = page.get_by_role("search")
        await search.get_by_role("textbox", name="Account").fill("demo.credit")
        await search.get_by_label("Purpose").select_option(label="Risk assessment")
        await search.get_by_role("button", name="Search").click()
        rows = page.get_by_role("table", name="Audit trail").locator("tbody tr")
        await expect(rows.first).to_contain_text("demo.credit")
        await expect(rows.filter(has_not_text="demo.credit")).to_have_count(0)
        await expect(page).to_have_url(re.compile("person=demo.credit"))
        await rows.first.get_by_role("button", name="Details").click()
        details = page.get_by_role("dialog")
        await expect(details).to_contain_text("Seen plain")
        await expect(details).to_contain_text("credit_officer")
        await axe(page)

    @pytest.mark.slow
    async def test_a_field_is_chosen_by_its_label(self, page: Page, console: Console) -> None:
        """Nobody has to know what it is called inside, and it cannot be misspelt."""
        await console.api.ask(
            "demo.credit", "{ customers(first: 1, kinds: [INDIVIDUAL]) { nodes { ... on Individual { idNumber } } } }",
            purpose="risk_assessment",
        )  # fmt: skip
        await log_in(page, "demo.inspector", at="/console/supervision")
        search = page.get_by_role("search")
        await search.locator("[name=field]").select_option(label="Identity number")
        await search.get_by_role("button", name="Search").click()
        await expect(page).to_have_url(re.compile("field=id_number"))
        await expect(page.get_by_role("table", name="Audit trail").locator("tbody tr").first).to_contain_text(
            "Id number"
        )

    async def test_chains_stand_where_the_server_says(self, page: Page, console: Console) -> None:
        """With the number of their entries and their newest hash."""
        await log_in(page, "demo.auditor", at="/console/supervision/chains")
        rows = page.get_by_role("table", name="Chains").locator("tbody tr")
        await expect(rows.first).to_be_visible()
        answer = await console.api.ask("demo.auditor", "{ auditChains { chain } }", purpose="supervision")
        assert await rows.count() == len(answer["data"]["auditChains"])


class TestIncidents:
    @pytest.mark.slow
    async def test_one_goes_from_its_recording_to_its_measures(self, page: Page) -> None:
        """What hinders its end is said, and the end not offered before."""
        await log_in(page, "demo.security", at="/console/supervision/incidents")
        await page.get_by_role("button", name="Record an incident").click()
        form = page.get_by_role("dialog")
        await form.get_by_label("Title").fill("A list left on a train")
        await form.get_by_label("What happened").fill("Twelve names on paper.")
        await form.get_by_label("Severity").select_option(index=1)
        await form.get_by_label("Discovered").fill("2026-01-05T08:30")
        await form.get_by_role("button", name="Confirm").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("A list left on a train")
        await page.get_by_role("button", name="Add a measure").click()
        await page.get_by_role("dialog").get_by_label("Measures").fill("Lists are no longer printed")
        await page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
        await page.get_by_role("button", name="Done: Lists are no longer printed").click()
        await expect(page.get_by_role("main")).to_contain_text("by demo.security")
        await expect(page.get_by_role("button", name="Close the incident")).to_be_disabled()
        await axe(page)

    @pytest.mark.slow
    async def test_a_wrong_value_is_told_at_its_field(self, page: Page) -> None:
        """The dialog stays open with what was typed."""
        await log_in(page, "demo.security", at="/console/supervision/incidents")
        await page.get_by_role("button", name="Record an incident").click()
        form = page.get_by_role("dialog")
        await form.get_by_label("Title").fill("From the future")
        await form.get_by_label("What happened").fill("Nothing yet.")
        await form.get_by_label("Severity").select_option(index=1)
        await form.get_by_label("Discovered").fill("2199-01-05T08:30")
        await form.get_by_role("button", name="Confirm").click()
        await expect(form.locator("[aria-invalid=true]")).to_have_attribute("name", "discoveredAt")
        await expect(form.get_by_label("Title")).to_have_value("From the future")


class TestJobsAndKeys:
    @pytest.mark.slow
    async def test_a_new_vault_key_takes_over_before_ones_eyes(self, page: Page) -> None:
        """It is asked first; then the old one is being replaced and the job that does it is in the list."""
        await log_in(page, "demo.security", at="/console/jobs/keys")
        await page.get_by_role("button", name="Replace the vault key").click()
        await page.get_by_role("dialog").get_by_role("button", name="Replace the vault key").click()
        keys = page.get_by_role("table", name="Vault keys")
        await expect(keys.get_by_role("row", name="Being replaced")).to_be_visible()
        await expect(keys.get_by_role("row", name="Active")).to_be_visible()
        await axe(page)
        await page.get_by_role("link", name="Jobs", exact=True).click()
        await expect(page.get_by_role("row", name="Rewrapping of keys").first).to_be_visible()

    @pytest.mark.slow
    async def test_jobs_move_as_they_are_done(self, windows: Windows, console: Console) -> None:
        """Somebody who looks on sees a bar grow, and a failure come, without asking again."""
        page = await windows.open()
        async with console.newly_followed("jobs"):
            await log_in(page, "demo.admin", at="/console/jobs")
        await expect(page.get_by_text("Nothing is under way.")).to_be_visible()
        jobs = console.api.services.database["jobs"]
        job = await jobs.find_one({})
        assert job is not None
        try:
            await jobs.update_one(
                {"_id": job["_id"]}, {"$set": {"state": "running", "done": 30, "total": 120}, "$inc": {"version": 1}}
            )
            await expect(page.get_by_role("progressbar")).to_have_attribute("value", "30")
            await jobs.update_one(
                {"_id": job["_id"]}, {"$set": {"state": "dead", "error_code": "INTERNAL_ERROR"}, "$inc": {"version": 1}}
            )
            await expect(page.locator("section", has_text="Failures").get_by_text("INTERNAL_ERROR")).to_be_visible()
            await axe(page)
        finally:
            await jobs.replace_one({"_id": job["_id"]}, job)

    @pytest.mark.slow
    async def test_whoever_may_not_see_the_keys_is_told(self, page: Page) -> None:
        """And is offered no rotation."""
        await log_in(page, "demo.admin", at="/console/jobs/keys")
        await expect(page.get_by_role("main")).to_contain_text("Not permitted")
        await expect(page.get_by_role("button", name="Replace the vault key")).to_have_count(0)
