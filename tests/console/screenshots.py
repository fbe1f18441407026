"""Takes the pictures of the console that the README shows, into docs/screenshots: `make screenshots`.

Owns which screens, in which language and colours. The people in them are the demo's, all invented; the numbers that
make them are fixed, so that the pictures change only with the console.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from documents.database.embedded import EmbeddedMongoDB
from tests.console.chromium import MISSING, chromium, find_chromium
from tests.console.serving import Console, demo_console
from tests.console.sessions import log_in
from tests.console.windows import PHONE, Language, Scheme, Windows

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
CUSTOMERS: Final = 400
COLOURS: Final = 200  # as many as a page has, but for the edges of its letters

SIZE: Final[ViewportSize] = {"width": 1360, "height": 1000}
PEOPLE: Final = """{ customers(first: 100, kinds: [INDIVIDUAL], filter: { status: { eq: ACTIVE } }) {
    nodes { id recentTickets { id } recentContracts { id } } } }"""

Prepare = Callable[[Page, Console], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """`name` of the file, who is logged in, where, and what is done there before."""

    name: str
    username: str
    path: str
    prepare: Prepare
    language: Language = "en"
    scheme: Scheme = "light"
    is_phone: bool = False


async def show_customers(page: Page, _console: Console) -> None:
    await expect(page.locator("main tbody tr").nth(10)).to_be_visible()


async def show_dossier(page: Page, console: Console) -> None:
    """A person of whom there is something to tell: the one with the most tickets and contracts."""
    answer = await console.api.ask("demo.manager", PEOPLE, purpose="business_operation")
    people = answer["data"]["customers"]["nodes"]
    busiest = max(people, key=lambda one: len(one["recentTickets"]) + len(one["recentContracts"]))
    await page.goto(f"/console/customers/{busiest['id']}")
    await expect(page.locator(".completeness")).to_be_visible()
    await expect(page.get_by_role("tab").nth(2)).to_contain_text("(")


async def show_matrix(page: Page, _console: Console) -> None:
    """A draft that takes a field from agents, with its effect beside the matrix."""
    await page.get_by_role("button", name="New draft").click()
    await page.get_by_role("dialog").get_by_role("textbox").fill("Agents need no region")
    await page.get_by_role("dialog").get_by_role("button").last.click()
    await page.locator("policy-grid td[data-row=region][data-column=service_agent]").click()
    await page.locator("policy-cell").get_by_role("button", name="Denied", exact=True).click()
    await expect(page.locator("policy-effects section").first).to_be_visible()


async def show(page: Page, _console: Console) -> None:
    """The screen as it opens."""
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
    await expect(page.locator("main .loading, main [aria-busy=true]")).to_have_count(0)


PICTURES: Final = (
    Picture("policies", "demo.policy", "policies", show_matrix),
    Picture("customers", "demo.manager", "customers", show_customers),
    Picture("dossier", "demo.agent", "customers", show_dossier),
    Picture("work", "demo.lead", "work", show),
    Picture("supervision", "demo.inspector", "supervision", show),
    Picture("dossier-chinese-dark", "demo.manager", "customers", show_dossier, language="zh-CN", scheme="dark"),
    Picture("dossier-phone", "demo.agent", "customers", show_dossier, is_phone=True),
)


async def take(windows: Windows, console: Console, picture: Picture) -> None:
    """Writes one file."""
    viewport = PHONE if picture.is_phone else SIZE
    page = await windows.open(language=picture.language, scheme=picture.scheme, viewport=viewport)
    await log_in(page, picture.username, at=f"/console/{picture.path}")
    await picture.prepare(page, console)
    await page.mouse.move(0, 0)
    await page.evaluate("() => document.activeElement?.blur()")
    shot = Image.open(BytesIO(await page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{picture.name}.png", optimize=True)
    await page.context.close()


async def take_all() -> None:
    """On a demo of its own, gone afterwards."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dossier-screenshots-") as folder, EmbeddedMongoDB(Path(folder)) as uri:
        async with demo_console(uri, "dossier", Path(folder), CUSTOMERS) as console, chromium() as browser:
            windows = Windows(browser, console.url)
            for picture in PICTURES:
                await take(windows, console, picture)
                print(f"docs/screenshots/{picture.name}.png")
            if windows.problems:
                sys.exit("\n".join(windows.problems))


if __name__ == "__main__":
    if find_chromium() is None:
        sys.exit(MISSING)
    asyncio.run(take_all())
