"""Reading the trail under rules of another making: it is a record like others, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.trace import Act
from documents.audit.blocks import Chains, block_collection, ensure_block_indexes
from documents.audit.trail import AuditTrail
from documents.chapters.audit.queries import AuditQueries, TrailQuery
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from resolvers.caller import Caller
from resolvers.chapters.audit import Audit
from tests.documents.audit.trails import KEY, of_format_1, read, some_id
from tests.policies.rule_sets import engine_of, principal_of

RULES = """
g, watcher, everyone
g, reader, everyone
g, ruler, everyone
p, reader, all, *, name, read, supervision, allow
p, watcher, all, audit_entry, time, read, supervision, allow
p, watcher, all, audit_entry, outcome, read, supervision, allow
p, watcher, all, audit_entry, fields, read, supervision, allow
p, watcher, all, audit_entry, time, filter, supervision, allow
p, ruler, all, audit_entry, rule_set_versions, read, supervision, allow
p, watcher, own, audit_entry, username, read, supervision, allow
"""
ALL = frozenset({"time", "username", "outcome", "customers", "fields"})


@pytest.fixture
async def audit(database: AsyncDatabase[dict[str, Any]]) -> Audit:
    """A trail of one entry, under `RULES`."""
    await ensure_block_indexes(database)
    blocks = block_collection(database)
    await AuditTrail(blocks, KEY).record(read("agent.zhao", [some_id()]))
    return Audit(engine_of(RULES), AuditQueries(blocks), Chains(blocks))


def watcher(*roles: str) -> Caller:
    return Caller(principal_of(*roles or ("watcher",)), "supervision")


async def test_a_field_without_a_rule_is_absent_and_said_to_be_denied(audit: Audit) -> None:
    """Accounts and customers stay hidden, also within touches; the report says so. No entry is anybody's own."""
    caller = watcher()
    page = await audit.find_page(caller, TrailQuery(), limit=5, after=None, selected=ALL)
    (record,) = page["nodes"]
    assert {"time", "outcome", "fields"} <= record.keys()
    assert not {"username", "customers", "session", "roles"} & record.keys()
    (touch,) = record["touches"]
    assert touch["plain"] == ["name", "status"]
    assert "customers" not in touch
    below = dict(caller.report.below_plain())
    assert {place[1] for place in below if place[0] is Kind.AUDIT_ENTRY} == {"username", "customers"}


async def test_the_rule_sets_that_decided_are_shown_with_their_hashes(
    audit: Audit, database: AsyncDatabase[dict[str, Any]]
) -> None:
    """To whoever may see their versions; entries of format 1 have versions alone."""
    await block_collection(database).insert_many([RawBSONDocument(block) for block in of_format_1()[0]])
    selected = frozenset({"rule_set_versions"})
    page = await audit.find_page(watcher("ruler"), TrailQuery(), limit=50, after=None, selected=selected)
    newest, *older = page["nodes"]
    assert newest["rule_set_versions"] == [1]
    assert newest["rule_set_hashes"] == [bytes(range(32)).hex()]
    assert {tuple(entry["rule_set_versions"]) for entry in older} == {(1,), (2,)}
    assert [entry["rule_set_hashes"] for entry in older] == [[]] * len(older)
    (hidden, *_) = (await audit.find_page(watcher(), TrailQuery(), limit=1, after=None, selected=selected))["nodes"]
    assert "rule_set_hashes" not in hidden


async def test_a_condition_needs_the_right_to_filter_by_its_field(audit: Audit) -> None:
    """Times may be bounded here; persons, customers and fields may not be asked for, and nothing hints at an answer."""
    for query in (
        TrailQuery(username="agent.zhao"),
        TrailQuery(username="nobody"),
        TrailQuery(customer=some_id()),
        TrailQuery(field="name"),
        TrailQuery(kind=Kind.INDIVIDUAL),
    ):
        caller = watcher()
        with pytest.raises(FieldAccessError):
            await audit.find_page(caller, query, limit=5, after=None, selected=ALL)
        assert caller.report.trace.filtered


async def test_reading_leaves_a_trace(audit: Audit) -> None:
    """With what was shown and what was not."""
    caller = watcher()
    await audit.find_page(caller, TrailQuery(), limit=5, after=None, selected=ALL)
    ((act, served),) = caller.report.trace.rows
    assert (act, served.kind) == (Act.READ, Kind.AUDIT_ENTRY)
    assert served.plain == ("fields", "outcome", "time")
    assert {name for name, _, _ in served.below_plain} == {"username", "customers"}


async def test_without_any_rule_there_is_nothing(audit: Audit) -> None:
    """Neither entries nor chains, and the same answer to any condition."""
    for query in (TrailQuery(), TrailQuery(username="agent.zhao")):
        page = await audit.find_page(watcher("reader"), query, limit=5, after=None, selected=ALL)
        assert page["nodes"] == []
    assert await audit.chains(watcher("reader")) == []
