"""Fixtures for tests of the console in a real Chromium.

    async def test_the_matrix_is_found_by_its_heading(page: Page) -> None:
        await log_in(page, "demo.policy")                      # from tests.console.sessions
        await page.goto("/console/policies")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Policies")
        await axe(page)                                        # from tests.console.accessibility

`page`         an empty window (1280 × 800, English, light), logged out, in a profile of its own
`phone`        the same at 390 × 844; `assert_fits(phone)` (tests.console.accessibility): nothing scrolls sideways
`language`     parameter: the test runs in "en", and in "zh-CN" in `make test-slow`; `page` and `phone` are then in it
`windows`      `await windows.open(language="zh-CN", scheme="dark", viewport=PHONE)`: more windows of one test, such as
               the two administrators; `windows.expect_problem(r"…")` lets a provoked problem pass
`console`      the demo of the session: `.url`, and `.api.ask(username, query, …)` for the same data without browser.
               150 customers, approval of rules on, jobs are not run. Change no customer but those that you made.
`rules`        for a test that changes rules: the default ones are in force before and after

A test fails, whatever it asserts, when one of its windows logged an error or a warning to the browser's console (a
breach of the Content-Security-Policy is one), threw, asked another host, or was answered with 5xx. A failed test leaves
a picture of each window and says where.

Every screen as it opens is looked at by test_screens.py, in both languages and on a phone; the tests of an area do so
for what has to be opened first.

Wait with `expect(locator)…` alone: it looks until it holds, and gives up after a minute (tests/patience.py), which
nothing takes on the slowest machine. Never sleep, never give a `timeout`: how fast something is, no test says. What is
read once (`count()`, `all_inner_texts()`) must not change any more. A page is told only of changes that come
after it has begun to follow: open it within `async with console.newly_followed("customers")`. Find things as people do:
`get_by_role`, `get_by_label`, `get_by_text`; shadow roots are looked into. The font of a fresh machine may have no
Chinese: never compare pictures or widths.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Browser, Page
from pymongo import AsyncMongoClient

from tests.console.chromium import MISSING, chromium, find_chromium
from tests.console.serving import Console, demo_console
from tests.console.windows import LANGUAGES, PHONE, Language, Windows


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one Chromium of the session."""
    if find_chromium() is None:
        pytest.fail(MISSING, pytrace=False)
    async with chromium() as started:
        yield started


@pytest.fixture(scope="session")
async def console(
    mongodb_uri: str, mongodb_client: AsyncMongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Console]:
    """The one server of the session."""
    name = f"test_{uuid.uuid4().hex}"
    async with demo_console(mongodb_uri, name, tmp_path_factory.mktemp("console")) as served:
        yield served
    await mongodb_client.drop_database(name)


@pytest.fixture
async def windows(
    browser: Browser, console: Console, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Windows]:
    """The windows of this test; none of them may have done what no window may do."""
    opened = Windows(browser, console.url)
    yield opened
    problems = opened.unexpected()
    if request.node.stash.get(_FAILED, False) or problems:
        await _leave_pictures(opened, tmp_path)
    await opened.close()
    if problems:
        pytest.fail("\n".join(["what the windows did:", *problems]), pytrace=False)


@pytest.fixture
async def page(windows: Windows, request: pytest.FixtureRequest) -> Page:
    """One window, in the test's `language` if it has one."""
    return await windows.open(language=_language(request))


@pytest.fixture
async def phone(windows: Windows, request: pytest.FixtureRequest) -> Page:
    """One narrow window."""
    return await windows.open(language=_language(request), viewport=PHONE)


@pytest.fixture(params=[LANGUAGES[0], *(pytest.param(other, marks=pytest.mark.slow) for other in LANGUAGES[1:])])
def language(request: pytest.FixtureRequest) -> Language:
    """Both languages, the second one in `make test-slow`; what `make test` asks in it is in test_login.py."""
    return cast(Language, request.param)


@pytest.fixture
async def rules(console: Console) -> AsyncIterator[None]:
    """The default rules, before the test and after it."""
    await console.put_default_rules_in_force()
    yield
    await console.put_default_rules_in_force()


def _language(request: pytest.FixtureRequest) -> Language:
    return cast(Language, request.getfixturevalue("language")) if "language" in request.fixturenames else "en"


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells the windows of a test, which are closed after it, whether it failed."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


async def _leave_pictures(windows: Windows, folder: Path) -> None:
    pages = [page for context in windows.contexts for page in context.pages]
    for number, opened in enumerate(pages):
        picture = folder / f"window-{number}.png"
        await opened.screenshot(path=picture, full_page=True)
        print(f"{opened.url}: {picture}")  # pytest shows it with the failure
