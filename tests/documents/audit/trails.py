"""Trails for tests: invented entries, and the parts of a trail over the test's own database."""

from __future__ import annotations

import base64
import json
import random
import secrets
from pathlib import Path
from typing import Any

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import strategies as st

from documents.access.plan import Level, Purpose, Reason
from documents.access.trace import AccessTrace, Act, Served, TracedChange
from documents.audit.chain import TrailKey
from documents.audit.entries import Asker, DecidedBy, Entry, Performed, new_entry
from documents.declaring.kind import Kind

KEY = TrailKey(bytes(range(32)))
KEYS: dict[bytes, Ed25519PublicKey] = {KEY.key_id: KEY.public}
RULES: list[DecidedBy] = [{"version": 1, "hash": bytes(range(32))}]
QUERY = Performed("query", "Page", bytes(32))
BASIC = Served(Kind.INDIVIDUAL, ("name", "status"), (("id_number", Level.MASKED, Reason.MASKED_BY_RULE),))
WHOLE = Served(Kind.INDIVIDUAL, ("name", "id_number"), (("email", Level.DENIED, Reason.NO_RULE),))
TICKETS = Served(Kind.TICKET, ("topic",), ())
NOTES = Served(Kind.RULE_DRAFT, ("comment",), ())
FIRM = Served(Kind.ENTERPRISE, ("name",), ())


def read(
    username: str,
    customers: list[ObjectId],
    served: Served = BASIC,
    purpose: Purpose = Purpose.CUSTOMER_SERVICE,
    codes: tuple[str, ...] = (),
) -> Entry:
    """The entry of a read of `customers`."""
    trace = AccessTrace(plans={(1, purpose)})
    if customers:
        trace.add_rows(Act.READ, served, customers)
    asker = Asker(username, frozenset({"service_agent"}), "session")
    return new_entry(asker, QUERY, trace, codes=codes, rules=RULES)


def invented(generator: random.Random) -> Entry:
    """Some entry: a read of a few customers, a change, a refusal."""
    customers = [ObjectId(generator.randbytes(12)) for _ in range(generator.randint(1, 4))]
    username = generator.choice(["agent.zhao", "manager.qian", "officer.sun"])
    match generator.randint(0, 3):
        case 0:
            trace = AccessTrace(plans={(2, Purpose.BUSINESS_OPERATION)})
            trace.add_change(TracedChange(Act.WRITE, Kind.INDIVIDUAL, ("email",), "NOT_FOUND", customers[0]))
            return new_entry(Asker(username, frozenset()), Performed("mutation"), trace, rules=RULES)
        case 1:
            return read(username, [], codes=("FILTER_DENIED",))
        case _:
            return read(username, customers, generator.choice([BASIC, WHOLE, FIRM]))


def ids() -> st.SearchStrategy[ObjectId]:
    """Of few customers and records, so that they come again."""
    return st.integers(1, 40).map(lambda number: ObjectId(f"{number:024x}"))


@st.composite
def traces(draw: st.DrawFn) -> AccessTrace:
    """What any request did: rows of customers, records of these and of the company, changes, rows sought in vain."""
    trace = AccessTrace(plans={(1, draw(st.sampled_from(Purpose)))})
    for served in draw(st.lists(st.sampled_from([BASIC, WHOLE, FIRM]), max_size=3)):
        trace.add_rows(draw(st.sampled_from([Act.READ, Act.EXPORT])), served, draw(st.lists(ids(), max_size=20)))
    for served in draw(st.sets(st.sampled_from([TICKETS, NOTES]))):
        records = draw(st.lists(ids(), min_size=1, max_size=5))
        owners = [draw(ids()) if served is TICKETS else None for _ in records]
        trace.add_rows(Act.READ, served, owners, records)
    for _ in range(draw(st.integers(0, 2))):
        owner, record = draw(st.none() | ids()), draw(st.none() | ids())
        trace.add_change(TracedChange(Act.WRITE, Kind.TICKET, ("topic",), "STALE", owner, record))
    if draw(st.booleans()):
        trace.add_not_found(Kind.TICKET, draw(ids()), of_customer=draw(st.booleans()))
    return trace


def made_of(trace: AccessTrace) -> Entry:
    """The entry of a trace."""
    return new_entry(Asker("agent.zhao", frozenset({"clerk", "agent"}), "session"), QUERY, trace, rules=RULES)


def entries() -> st.SearchStrategy[Entry]:
    """Any entry."""
    return traces().map(made_of)


def of_format_1() -> tuple[list[bytes], list[str]]:
    """Two chains of blocks of format 1 as the database kept them, signed with `KEY`, and the lines of their heads."""
    kept = json.loads((Path(__file__).parent / "format1.json").read_text(encoding="ascii"))
    return [base64.b64decode(block) for block in kept["blocks"]], [json.dumps(head) for head in kept["heads"]]


def some_id() -> Any:
    return ObjectId(secrets.token_bytes(12))
