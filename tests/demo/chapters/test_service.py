"""The demo's service desk: something of everything, made once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from demo.chapters.service import seed_service
from documents.chapters.service.kinds import Channel, ComplaintState
from documents.chapters.service.ticket_states import TicketState
from tests.api import Api

COLLECTIONS = ("service_contacts", "tickets", "complaints", "satisfactions", "courses", "performance_reviews")


async def test_the_demo_has_tickets_and_complaints_in_every_state(demo_api: Api) -> None:
    """And contacts by every channel."""
    database = demo_api.services.database
    assert set(await database["tickets"].distinct("state")) >= set(TicketState)
    assert set(await database["complaints"].distinct("state")) >= set(ComplaintState)
    assert set(await database["service_contacts"].distinct("channel")) >= set(Channel)


async def test_seeding_service_again_makes_nothing_twice(demo_api: Api) -> None:
    """As after an interruption, at another time."""
    services = demo_api.services
    before = [await services.database[name].count_documents({}) for name in COLLECTIONS]
    later = datetime.now(UTC) + timedelta(hours=1)
    await seed_service(services.use_cases.service, services.engine, services.storage.reader, later)
    assert [await services.database[name].count_documents({}) for name in COLLECTIONS] == before
