"""axe-core in a page: what would keep people from using it, as a list to read.

Owns the check. It must never leave a rule out for all pages: a page that has a reason says so where it is tested.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page

AXE: Final = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"

_RUN: Final = """options => axe.run(document, { resultTypes: ["violations"], ...options }).then(result =>
    result.violations.map(({ id, impact, help, nodes }) => ({
        id, impact, help, nodes: nodes.map(node => ({ target: node.target.flat().join(" "), why: node.failureSummary }))
    })))"""
_WIDTHS: Final = """() => {
    const root = document.documentElement;
    const beyond = [];
    const look = parent => {
        for (const one of parent.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            const { right } = one.getBoundingClientRect();
            if (right > root.clientWidth + 1) beyond.push(one.localName + "." + one.className);
        }
    };
    look(document);
    return [root.scrollWidth, root.clientWidth, beyond.slice(0, 12)];
}"""
_SHOWN_NODES: Final = 8
_COLOURS: Final = ("color-contrast", "link-in-text-block")


async def axe(page: Page, *, without: Collection[str] = ()) -> None:
    """Fails with a readable list when axe-core finds a violation in the page as it stands.

    Every rule is run in the light scheme, those of colours in the dark one as well; shadow roots are looked into. The
    page is left in the light scheme. `without`: ids of rules that do not hold here, with the reason in the test."""
    await _load(page)
    disabled = {rule: {"enabled": False} for rule in without}
    await page.emulate_media(color_scheme="light")
    found = _lines("light", await page.evaluate(_RUN, {"rules": disabled}))
    await page.emulate_media(color_scheme="dark")
    only = {"type": "rule", "values": [rule for rule in _COLOURS if rule not in without]}
    found += _lines("dark", await page.evaluate(_RUN, {"runOnly": only}))
    await page.emulate_media(color_scheme="light")
    if found:
        pytest.fail("\n".join([f"axe-core finds in {page.url}:", *found]), pytrace=False)


async def _load(page: Page) -> None:
    # Over the debugging protocol, which the page's Content-Security-Policy does not bind.
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())


@lru_cache(maxsize=1)
def _source() -> str:
    if not AXE.is_file():
        pytest.fail("axe-core is not installed in tests/console: run make install (it needs Node.js with npm)")
    return f"() => {{ {AXE.read_text(encoding='utf-8')} }}"


def _lines(scheme: str, violations: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in violations:
        lines.append(f"- {one['id']} ({one['impact']}, {scheme}): {one['help']}")
        for node in one["nodes"][:_SHOWN_NODES]:
            why = " ".join(node["why"].split()).removeprefix("Fix any of the following: ")
            lines.append(f"    {node['target']}: {why}")
        if len(one["nodes"]) > _SHOWN_NODES:
            lines.append(f"    … and {len(one['nodes']) - _SHOWN_NODES} more")
    return lines


async def assert_fits(page: Page) -> None:
    """Fails when the document is wider than the window: then it scrolls sideways."""
    width, room, widest = await page.evaluate(_WIDTHS)
    if width > room:
        pytest.fail(f"{page.url} is {width} px wide in a window of {room}; beyond it: {widest}", pytrace=False)
