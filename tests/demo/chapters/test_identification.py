"""The demo's identification: some dossiers are complete, others say what is missing, and nothing is made twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from demo.chapters.identification import COUNT, seed_identification
from tests.api import Api, demo

MINE = '{ customers(first: 20, filter: { accountManager: { eq: "demo.manager" } }) { nodes { id } } }'
DOSSIER = "query($c: ID!) { dossier(customer: $c) { state missing { code } } }"
BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("demo")) as api:
        yield api


async def test_some_dossiers_are_complete_and_others_are_not(api: Api) -> None:
    """As the manager sees them, who may see all of it."""
    nodes = (await api.ask("demo.manager", MINE, purpose=BUSINESS))["data"]["customers"]["nodes"]
    states: Counter[str] = Counter()
    for node in nodes:
        found = (await api.ask("demo.manager", DOSSIER, {"c": node["id"]}, purpose=BUSINESS))["data"]["dossier"]
        assert bool(found["missing"]) == (found["state"] != "COMPLETE")
        states[found["state"]] += 1
    assert states["COMPLETE"] >= 5
    assert states["INCOMPLETE"] >= 2
    levels = await api.services.database["risk_assessments"].distinct("level")
    assert len(levels) > 1


async def test_seeding_again_makes_nothing_twice(api: Api) -> None:
    """An interrupted start goes on where it was."""
    database, services = api.services.database, api.services
    before = [await database[name].count_documents({}) for name in ("verifications", "risk_assessments")]
    assert all(0 < count <= COUNT for count in before)
    await seed_identification(
        services.use_cases.identification, services.engine, services.storage.reader, datetime.now(UTC)
    )
    assert before == [await database[name].count_documents({}) for name in ("verifications", "risk_assessments")]
