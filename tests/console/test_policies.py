"""Changing the rules in the console: the matrix, drafts and what they do, by people who write no code."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.console.accessibility import assert_fits, axe
from tests.console.serving import Console
from tests.console.sessions import log_in
from tests.console.windows import Language, Windows
from tests.patience import until

AUTHOR, SECOND, INSPECTOR = "demo.policy", "demo.policy2", "demo.inspector"
SUPERVISION = "supervision"
EMAIL = "p, complaint_handler, all, individual, email, read_masked, customer_service, allow"
NOTES = "p, archivist, all, individual, notes, read, archive_keeping, allow"
NEVER_BEGIN = "p, policy_administrator, all, rule_draft, *, create, supervision, allow\n"

pytestmark = pytest.mark.usefixtures("rules")


def cell(page: Page, field: str, role: str) -> Locator:
    """The cell of the matrix, by the names that rules use."""
    return page.locator(f"policy-grid td[data-row={field}][data-column={role}]")


async def act(console: Console, username: str, operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """The draft after a mutation through the API."""
    kind = f"{operation[0].upper()}{operation[1:]}Input!"
    text = (
        f"mutation($i: {kind}) {{ {operation}(input: $i) {{ ruleDraft {{ id version }} userErrors {{ message }} }} }}"
    )
    payload = (await console.api.ask(username, text, {"i": given}, purpose=SUPERVISION))["data"][operation]
    assert payload["userErrors"] == []
    return dict(payload["ruleDraft"])


async def rules_in_force(console: Console) -> str:
    answer = await console.api.ask(AUTHOR, "{ ruleSet { csv } }", purpose=SUPERVISION)
    return str(answer["data"]["ruleSet"]["csv"])


async def drafted(console: Console, *lines: str) -> dict[str, Any]:
    """A draft of the first administrator, with these lines added."""
    csv = await rules_in_force(console) + "\n".join(lines) + "\n"
    return await act(console, AUTHOR, "createDraft", {"comment": "Because of a test", "csv": csv})


async def confirm(page: Page, step: str, note: str = "") -> None:
    """Takes a step with the draft on the page, with a note."""
    await page.get_by_role("button", name=step, exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill(note)
    await dialog.get_by_role("button", name=step, exact=True).click()
    await expect(dialog).to_have_count(0)


@pytest.mark.slow
async def test_a_rule_changed_by_keyboard_is_in_force_when_the_other_administrator_has_approved(
    page: Page, windows: Windows, console: Console
) -> None:
    """From the cell to the version, with effect and tests beside; whoever wrote in a draft does not approve it."""
    await log_in(page, AUTHOR, at="/console/policies")
    await page.get_by_role("button", name="New draft").click()
    await page.get_by_role("dialog").get_by_role("textbox").fill("Complaints are answered by e-mail")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing is changed yet")).to_be_visible()
    await cell(page, "telephone", "service_manager").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("heading", name="E-mail · Complaint handler")).to_be_visible()
    await expect(page.get_by_text("No rule allows it.").first).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Masked", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(cell(page, "email", "complaint_handler")).to_have_text("MMasked – changed, in force: Denied")
    await expect(page.locator("policy-cell code").first).to_have_text(EMAIL)
    gain = "Complaint handler gains E-mail (masked instead of denied) – individual customer, for customer service"
    await expect(page.get_by_text(gain)).to_be_visible()
    await expect(page.get_by_text("(demo.complaints)")).to_be_visible()
    await expect(page.get_by_text("tests hold.")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(cell(page, "email", "complaint_handler")).to_be_focused()

    await page.get_by_role("link", name="Submit, approve, activate").click()
    await confirm(page, "Submit", "Please read")
    await expect(page.get_by_text("you wrote in it: another administrator approves")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    second = await windows.open()
    await log_in(second, SECOND, at="/console/policies/drafts")
    await second.get_by_role("link", name="Complaints are answered by e-mail").click()
    await expect(second.get_by_text("Please read")).to_be_visible()
    await confirm(second, "Approve")
    await confirm(second, "Activate")
    await expect(second.get_by_text("It is in force as version")).to_be_visible()
    assert EMAIL in await rules_in_force(console)


@pytest.mark.slow
async def test_a_rule_that_still_decides_is_shown_and_a_change_is_taken_back(page: Page, console: Console) -> None:
    """A denial of every kind of customer outweighs what the cell would allow; as before leaves no line behind."""
    draft = await drafted(console)
    await log_in(page, AUTHOR, at=f"/console/policies?draft={draft['id']}")
    await cell(page, "id_number", "service_agent").click()
    panel = page.locator("policy-cell")
    await panel.get_by_role("button", name="Plain", exact=True).click()
    await expect(panel.get_by_role("alert")).to_contain_text("still “Denied”")
    await expect(panel.locator("code").first).to_have_text(
        "p, service_agent, all, *, individual.id_number, read_masked, *, deny"
    )
    lines = page.get_by_role("region", name="Lines of this draft")
    await expect(lines.locator("li")).to_have_count(1)
    await panel.get_by_role("button", name="As before").click()
    await expect(lines).to_contain_text("Nothing is changed yet")


async def test_what_is_allowed_more_broadly_is_denied_by_a_line_of_its_own(page: Page, console: Console) -> None:
    """A test that this breaks is told first, with its cell; one line undone makes the draft as it was."""
    draft = await drafted(console)
    await log_in(
        page, AUTHOR, at=f"/console/policies?draft={draft['id']}&action=write&purpose=SUPERVISION&kind=RULE_DRAFT"
    )
    await cell(page, "state", "policy_administrator").click()
    await page.locator("policy-cell").get_by_role("button", name="Denied", exact=True).click()
    await expect(cell(page, "state", "policy_administrator")).to_have_text("–Denied – changed, in force: Allowed")
    tests = page.get_by_role("region", name="Policy tests")
    await expect(tests.locator("li").first).to_contain_text("policy_administrator may write rule_draft.state")
    await expect(tests.locator("li").first).to_contain_text("Denies Policy administrator to change: State")
    await page.get_by_role("button", name="Undo: p, policy_administrator").click()
    await expect(cell(page, "state", "policy_administrator")).to_have_text("✓Allowed")
    await expect(tests).to_contain_text("tests hold.")


@pytest.mark.slow
async def test_a_draft_that_another_changed_meanwhile_is_loaded_again(page: Page, console: Console) -> None:
    """Nothing is overwritten: the page says so, and shows what the other did."""
    draft = await drafted(console)
    await log_in(page, AUTHOR, at=f"/console/policies?draft={draft['id']}")
    await cell(page, "email", "complaint_handler").click()
    csv = await rules_in_force(console) + NOTES + "\n"
    await act(console, SECOND, "updateDraft", {**draft, "csv": csv})
    await page.locator("policy-cell").get_by_role("button", name="Masked", exact=True).click()
    await expect(page.get_by_text("Somebody else changed the draft in the meantime")).to_be_visible()
    lines = page.get_by_role("region", name="Lines of this draft")
    await expect(lines.locator("code")).to_have_text([NOTES])


@pytest.mark.slow
async def test_changing_the_draft_of_another_is_asked_about_first(page: Page, console: Console) -> None:
    """Whoever writes in it becomes an author and cannot approve it any more; only then is it changed."""
    draft = await act(console, AUTHOR, "submitDraft", await drafted(console))
    await log_in(page, SECOND, at=f"/console/policies?draft={draft['id']}")
    await cell(page, "email", "complaint_handler").click()
    dialog = page.get_by_role("dialog", name="Change this draft?")
    masked = page.locator("policy-cell").get_by_role("button", name="Masked", exact=True)
    await masked.click()
    await expect(dialog).to_contain_text("becomes one of its authors and cannot approve it")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("Nothing is changed yet")).to_be_visible()
    await masked.click()
    await dialog.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("region", name="Lines of this draft").locator("code")).to_have_text([EMAIL])
    await page.get_by_role("link", name="Submit, approve, activate").click()
    await confirm(page, "Submit")
    await expect(page.get_by_text("you wrote in it: another administrator approves")).to_be_visible()


@pytest.mark.slow
async def test_rules_that_would_lock_everybody_out_are_refused_in_words(page: Page, console: Console) -> None:
    """Although approved: nobody could begin a draft any more."""
    csv = (await rules_in_force(console)).replace(NEVER_BEGIN, "")
    draft = await act(console, AUTHOR, "createDraft", {"comment": "Never again", "csv": csv})
    draft = await act(console, AUTHOR, "submitDraft", draft)
    draft = await act(console, SECOND, "approveDraft", draft)
    await log_in(page, AUTHOR, at=f"/console/policies/drafts/{draft['id']}")
    await confirm(page, "Activate")
    await expect(page.get_by_role("alert")).to_contain_text("Nobody would have the right to change the rules any more.")
    await expect(page.get_by_role("button", name="Discard")).to_be_visible()


@pytest.mark.slow
async def test_an_outdated_draft_is_rebased_before_it_is_activated(page: Page, console: Console) -> None:
    """It says which version it was made from; afterwards it waits for approval again."""
    late = await drafted(console, NOTES)
    draft = await act(console, AUTHOR, "submitDraft", await drafted(console, EMAIL))
    draft = await act(console, SECOND, "approveDraft", draft)
    await act(console, SECOND, "activateDraft", draft)
    await log_in(page, SECOND, at=f"/console/policies/drafts/{late['id']}")
    await confirm(page, "Rebase")
    await expect(page.get_by_text("Rebased on the version in force.")).to_be_visible()
    await expect(page.get_by_role("button", name="Rebase")).to_have_count(0)
    await expect(page.get_by_role("button", name="Submit")).to_be_visible()


WORDS = {
    "en": ("Save", "there is no field `telefone`; the nearest is `telephone`", "Go to line"),
    "zh-CN": ("保存", "字段 `telefone` 不存在；最接近的是 `telephone`", "转到第"),
}


async def test_a_line_that_does_not_hold_is_explained_where_it_stands(
    page: Page, console: Console, language: Language
) -> None:
    """With the nearest name and a way to it; nothing is saved, and what was typed stays."""
    save, message, go_to = WORDS[language]
    draft = await drafted(console)
    await log_in(page, AUTHOR, at=f"/console/policies/drafts/{draft['id']}/text")
    text = page.locator("textarea[name=csv]")
    typed = await text.input_value() + EMAIL.replace("email", "telefone")
    await text.fill(typed)
    await page.get_by_role("button", name=save).click()
    await expect(page.get_by_role("alert")).to_contain_text(message)
    await expect(page.get_by_role("alert").locator("code")).to_have_text(EMAIL.replace("email", "telefone"))
    await page.get_by_role("button", name=go_to).click()
    await expect(text).to_be_focused()
    await expect(text).to_have_value(typed)
    await text.fill(typed.replace("telefone", "telephone"))
    await page.get_by_role("button", name=save).click()
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.slow
async def test_the_matrix_is_a_grid_for_the_keyboard(page: Page) -> None:
    """One cell is in the tab order; arrows, Home, End and pages move; a class of fields folds; a search finds both."""
    await log_in(page, AUTHOR, at="/console/policies")
    focused = page.locator("policy-grid :focus")
    await expect(page.locator("policy-grid [tabindex='0']")).to_have_count(1)
    await cell(page, "name", "everyone").focus()
    for key, row, column in (
        ("End", "name", "system"),
        ("Home", "name", "everyone"),
        ("ArrowRight", "name", "employee"),
        ("Control+End", "employer", "system"),
        ("PageUp", "notes", "system"),
    ):
        await page.keyboard.press(key)
        await expect(cell(page, row, column), key).to_be_focused()
    await page.keyboard.press("Control+Home")
    await expect(focused).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Enter")
    await expect(cell(page, "name", "everyone")).to_have_count(0)
    await page.get_by_label("Find fields and roles").fill("telephone agent")
    await expect(page.locator("policy-grid th[scope=col]")).to_have_text(["Field", "Service agent"])
    await expect(page.locator("policy-grid th[scope=row]")).to_have_text(
        ["Telephone", "Other telephones", "Emergency telephone"]
    )


@pytest.mark.slow
async def test_who_only_supervises_looks_and_changes_nothing(page: Page, console: Console) -> None:
    """The matrix and drafts are there, their buttons are not, and it is said why."""
    draft = await drafted(console, EMAIL)
    await log_in(page, INSPECTOR, at=f"/console/policies?draft={draft['id']}")
    await cell(page, "email", "complaint_handler").click()
    await expect(page.locator("policy-cell code").first).to_have_text(EMAIL)
    await expect(page.get_by_role("button", name="Masked", exact=True)).to_have_count(0)
    await expect(page.get_by_role("button", name="New draft")).to_have_count(0)
    await page.get_by_role("link", name="Submit, approve, activate").click()
    await expect(page.get_by_text("you have no right to it.").first).to_be_visible()
    await expect(page.get_by_role("button", name="Submit")).to_have_count(0)


@pytest.mark.slow
async def test_the_screens_of_policies_can_be_used_by_everybody(
    page: Page, console: Console, language: Language
) -> None:
    """axe-core finds nothing in the matrix with a draft and a cell open, in the list, the draft and its text."""
    del language
    draft = await drafted(console, EMAIL)
    await log_in(page, AUTHOR, at=f"/console/policies?draft={draft['id']}")
    await cell(page, "email", "complaint_handler").click()
    await expect(page.locator("policy-cell code").first).to_have_text(EMAIL)
    await expect(page.locator("policy-effects section").first).to_be_visible()
    await axe(page)
    for path, shown in (
        ("", "tbody"),
        (f"/{draft['id']}", "policy-effects section"),
        (f"/{draft['id']}/text", "textarea"),
    ):
        await page.goto(f"/console/policies/drafts{path}")
        await expect(page.locator(shown).first).to_be_visible()
        await axe(page)


@pytest.mark.slow
async def test_the_screens_of_policies_fit_a_phone(phone: Page, console: Console) -> None:
    """The matrix scrolls in its own box, and an opened cell stays in sight above its panel."""
    draft = await drafted(console, EMAIL)
    await log_in(phone, AUTHOR, at=f"/console/policies?draft={draft['id']}")
    await cell(phone, "gender", "auditor").click()
    panel = phone.locator("policy-cell section")
    await expect(panel.get_by_role("button", name="Plain", exact=True)).to_be_focused()
    await assert_fits(phone)

    async def is_in_sight() -> bool:
        opened, over = await cell(phone, "gender", "auditor").bounding_box(), await panel.bounding_box()
        return opened is not None and over is not None and 0 <= opened["y"] <= over["y"] - opened["height"]

    await until(is_in_sight)
    for path, shown in (
        ("", "tbody"),
        (f"/{draft['id']}", "policy-effects section"),
        (f"/{draft['id']}/text", "textarea"),
    ):
        await phone.goto(f"/console/policies/drafts{path}")
        await expect(phone.locator(shown).first).to_be_visible()
        await assert_fits(phone)
