"""What stands around every screen: areas, purpose, language, colours, and where the keyboard is."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.console.accessibility import assert_fits, axe
from tests.console.sessions import log_in, submit_login
from tests.console.windows import Windows


async def test_the_keyboard_reaches_the_content_and_follows_to_the_next_screen(page: Page) -> None:
    """There is a link past the menu; a new screen has the focus and the title of the page; back goes back."""
    await log_in(page, "demo.agent", at="/console/customers")
    await page.reload()
    await expect(page.get_by_role("heading", name="Customers", level=1)).to_be_visible()
    await page.keyboard.press("Tab")
    await page.get_by_role("link", name="Skip to content").press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    await page.get_by_role("navigation", name="Areas").get_by_role("link", name="Work").press("Enter")
    await expect(page).to_have_title("Work · Dossier")
    await expect(page.get_by_role("main")).to_be_focused()
    await expect(page.get_by_role("link", name="Work", exact=True)).to_have_attribute("aria-current", "page")
    await page.go_back()
    await expect(page).to_have_title("Customers · Dossier")
    await expect(page.get_by_role("heading", name="Customers", level=1)).to_be_visible()


async def test_the_menu_of_a_phone_opens_and_closes(phone: Page) -> None:
    """By its button, by Escape, and when a screen has been chosen; it covers nothing while it is closed."""
    await log_in(phone, "demo.agent", at="/console/customers")
    menu, work = phone.get_by_role("button", name="Menu"), phone.get_by_role("link", name="Work", exact=True)
    await expect(phone.get_by_role("heading", name="Customers", level=1)).to_be_visible()
    await expect(work).to_be_hidden()
    await menu.click()
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await axe(phone)
    await assert_fits(phone)
    await phone.keyboard.press("Escape")
    await expect(work).to_be_hidden()
    await menu.click()
    await work.click()
    await expect(phone).to_have_title("Work · Dossier")
    await expect(work).to_be_hidden()


async def test_colours_follow_the_system_or_the_choice(page: Page) -> None:
    """And the choice outlives a reload; what was chosen has enough contrast as well."""
    await log_in(page, "demo.agent", at="/console/customers")
    background = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = await page.evaluate(background)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(background)
    assert light != dark
    await page.get_by_label("Colours").select_option("light")
    assert await page.evaluate(background) == light
    await page.emulate_media(color_scheme="light")
    await page.get_by_label("Colours").select_option("dark")
    await page.reload()
    await expect(page.get_by_role("heading", name="Customers", level=1)).to_be_visible()
    assert await page.evaluate(background) == dark
    await axe(page)


async def test_another_purpose_shows_what_that_purpose_allows(page: Page) -> None:
    """At once, and for the next visit: customers are brought in for business, and not for service."""
    await log_in(page, "demo.manager", at="/console/customers")
    new = page.get_by_role("link", name="New customer").or_(page.get_by_role("button", name="New customer"))
    await expect(new).to_be_visible()
    await page.get_by_label("Purpose").select_option(label="Customer service")
    await expect(new).to_have_count(0)
    await page.reload()
    await expect(page.get_by_label("Purpose")).to_have_value("CUSTOMER_SERVICE")
    await expect(page.get_by_role("main").get_by_role("row").nth(1)).to_be_visible()
    await expect(new).to_have_count(0)


async def test_a_server_out_of_reach_is_told_in_words(page: Page, windows: Windows) -> None:
    """At the login and in an open screen, which goes on as soon as it can."""
    windows.expect_problem("ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket")
    await page.goto("/console/")
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    await page.context.set_offline(True)
    await submit_login(page, "demo.agent", "any password at all")
    await expect(page.get_by_role("alert")).to_have_text("The server cannot be reached.")
    await page.context.set_offline(False)
    await log_in(page, "demo.agent", at="/console/customers")
    await expect(page.get_by_role("heading", name="Customers", level=1)).to_be_visible()
    await page.context.set_offline(True)
    await page.get_by_role("searchbox").fill("a")
    await expect(page.get_by_role("main")).to_contain_text("The server cannot be reached.")
    await page.context.set_offline(False)
    await page.get_by_role("searchbox").fill("")
    await expect(page.get_by_role("main").get_by_role("row").nth(1)).to_be_visible()
