"""Browser windows, and what no window of the console may ever do.

Owns the contexts (language, colour scheme, size) and the watch over them: messages of the browser's console, errors of
scripts, requests to other hosts, answers of a broken server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, ViewportSize, expect

from tests.patience import PATIENCE_SECONDS

Language = Literal["en", "zh-CN"]
Scheme = Literal["light", "dark"]

DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh-CN")

_OWN_SCHEMES: Final = {"data", "blob", "about"}

expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@dataclass
class Windows:
    """The windows of one test, at the server of `url`. Each has a profile of its own: nobody is logged in."""

    browser: Browser
    url: str
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    async def open(
        self, *, language: Language = "en", scheme: Scheme = "light", viewport: ViewportSize = DESKTOP
    ) -> Page:
        """An empty window; `page.goto("/console/policies")` is relative to the server."""
        context = await self.browser.new_context(
            base_url=self.url,
            locale=language,
            color_scheme=scheme,
            viewport=viewport,
            reduced_motion="reduce",
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.contexts.append(context)
        context.on("page", self._watch)
        return await context.new_page()

    def expect_problem(self, pattern: str) -> None:
        """Lets problems pass in which the regular expression is found: for a test that provokes them."""
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        return [one for one in self.problems if not any(re.search(pattern, one) for pattern in self._expected)]

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()

    def _watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))
        page.on("response", self._answered)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _OWN_SCHEMES and parts.netloc != urlsplit(self.url).netloc:
            self.problems.append(f"request to another host: {url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"answer {response.status}: {response.request.method} {response.url}")
