"""Logging in and out, as people do it."""

from __future__ import annotations

import re
from typing import Final

from playwright.async_api import Page, expect

from tests.api import PASSWORD

USERNAME: Final = re.compile(r"^\s*(User name|用户名)\s*$")
PASSWORD_LABEL: Final = re.compile(r"^\s*(Password|密码)\s*$")
SUBMIT: Final = re.compile("^(Log in|登录)$")


async def log_in(page: Page, username: str, *, at: str = "/console/", password: str = PASSWORD) -> None:
    """Logs a demo user in at the address `at`, and waits until the screen there has taken the place of the form."""
    await page.goto(at)
    await submit_login(page, username, password)
    await expect(page.get_by_label(PASSWORD_LABEL)).to_have_count(0)


async def submit_login(page: Page, username: str, password: str) -> None:
    """Fills in the form and sends it."""
    await page.get_by_label(USERNAME).fill(username)
    await page.get_by_label(PASSWORD_LABEL).fill(password)
    await page.get_by_role("button", name=SUBMIT).click()


async def log_out(page: Page) -> None:
    """Logs out, and waits for the form."""
    await page.get_by_role("button", name=re.compile("^(Log out|退出)$")).click()
    await expect(page.get_by_label(PASSWORD_LABEL)).to_be_visible()
