"""The demo's partner and incident: there to be tried, made once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from demo.chapters.incidents import seed_incident
from demo.chapters.sharing import seed_sharing
from tests.api import Api

COLLECTIONS = ("partners", "sharing_agreements", "consents", "incidents", "affected_customers")


async def test_the_demo_incident_is_scoped_from_the_trail(demo_api: Api) -> None:
    """Five customers whose numbers demo.credit really read; the security officer sees who, with names masked."""
    query = """{ incidents(filter: { suspect: { eq: "demo.credit" } }, sort: { field: CREATED_AT }, first: 1) {
      nodes { id state affected scopes { person field listed } } } }"""
    [incident] = (await demo_api.ask("demo.security", query))["data"]["incidents"]["nodes"]
    assert (incident["state"], incident["affected"]) == ("CONTAINED", 5)
    assert incident["scopes"] == [{"person": "demo.credit", "field": "id_number", "listed": 5}]
    listed = (
        "query($i: RecordIdFilter!) { affectedCustomers(filter: { incident: $i }) { nodes { customer { name } } } }"
    )
    answer = await demo_api.ask("demo.security", listed, {"i": {"eq": incident["id"]}})
    names = [one["customer"]["name"] for one in answer["data"]["affectedCustomers"]["nodes"]]
    assert len(names) == 5
    assert all(name[1:] == "*" * len(name[1:]) for name in names)


async def test_seeding_sharing_and_the_incident_again_makes_nothing_twice(demo_api: Api) -> None:
    """As after an interruption, at another time."""
    services = demo_api.services
    use_cases = services.use_cases
    before = [await services.database[name].count_documents({}) for name in COLLECTIONS]
    assert all(before)
    later = datetime.now(UTC) + timedelta(hours=1)
    await seed_sharing(use_cases.information.sharing, services.engine, services.storage.reader, later)
    await seed_incident(use_cases.incidents.steps, use_cases.recorder, services.engine, services.storage.reader, later)
    assert [await services.database[name].count_documents({}) for name in COLLECTIONS] == before
