"""The leak matrix: kind × role × purpose × field × channel, generated from the declarations and the rules in force.

World B differs from world A in values only that the caller may not learn. Every answer of every channel must be the
same in both, byte by byte, and show nothing that is denied. `DOSSIER_FULL_LEAK_MATRIX=1` runs every field of every
channel and every pair of roles; without it fields are drawn under a fixed seed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.leaks.cases import DEFAULT, SYNTHETIC_CSV, cases
from tests.leaks.channels import CHANNELS, Channel
from tests.leaks.matrix import Leak, run
from tests.leaks.worlds import Arena, Case, Phase, arena

MATRIX = [pytest.param(case, channel, id=f"{case}-{channel}") for case in cases() for channel in CHANNELS.values()]


class Arenas:
    """The worlds of each rule set, opened when first asked for."""

    def __init__(self, uri: str, directory: Path, stack: AsyncExitStack) -> None:
        self._uri = uri
        self._directory = directory
        self._stack = stack
        self._opened: dict[str, Arena] = {}

    async def of(self, case: Case) -> Arena:
        name = case.rule_set
        if name not in self._opened:
            rules = None if name == DEFAULT else SYNTHETIC_CSV
            opened = arena(self._uri, self._directory / name, rules)
            self._opened[name] = await self._stack.enter_async_context(opened)
        return self._opened[name]


@pytest.fixture(scope="module")
async def arenas(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arenas]:
    async with AsyncExitStack() as stack:
        yield Arenas(mongodb_uri, tmp_path_factory.mktemp("leaks"), stack)


@pytest.mark.parametrize(("case", "channel"), MATRIX)
async def test_worlds_cannot_be_told_apart(arenas: Arenas, case: Case, channel: Channel) -> None:
    """Whatever the caller asks through this channel, the answers are those of the other world."""
    found = await leak_of(await arenas.of(case), case, channel)
    if found is not None:
        pytest.fail(found[:3000], pytrace=False)


async def leak_of(arena: Arena, case: Case, channel: Channel) -> str | None:
    """What a run finds, in words; None where that is nothing."""
    try:
        await arena.enter(case, Phase.UNKNOWN)
        await run(arena, channel)
        if arena.has_findable and not channel.compares:
            await arena.enter(case, Phase.FINDABLE)
            await run(arena, channel)
    except Leak as leak:
        return str(leak)
    return None
