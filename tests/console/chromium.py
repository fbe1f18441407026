"""Where Chromium is on this machine, and how the tests start it.

Owns the search and the flags. It must never download a browser: `make test` installs Debian's package where it may.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright

MISSING: Final = (
    "No Chromium was found for the tests of the console: install Debian's package chromium (apt-get install chromium),"
    " or name a Chromium or Google Chrome in CHROMIUM_BIN."
)
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS: Final = (  # nothing but the tests' own pages: no GPU, no updates, no other network traffic
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """The path of the browser: what `CHROMIUM_BIN` names, else the first that is on PATH."""
    named = os.environ.get("CHROMIUM_BIN")
    return next((found for name in ([named] if named else _NAMES) if (found := shutil.which(name))), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless browser with a new profile, closed afterwards. Raises `RuntimeError` where there is none."""
    path = find_chromium()
    if path is None:
        raise RuntimeError(MISSING)
    async with async_playwright() as playwright:
        # Chromium's sandbox refuses to run as root.
        browser = await playwright.chromium.launch(
            executable_path=path, args=list(_FLAGS), chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            await browser.close()


if __name__ == "__main__":  # for the Makefile
    sys.exit(None if find_chromium() else MISSING)
