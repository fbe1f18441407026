"""Reading the audit trail under policy: entries field by field, and the chains that hold them.

The trail is a kind of record like others: a field that no rule grants is null and said to be denied, a condition needs
the right to filter by its field, and reading the trail is itself an entry of it.
"""

from __future__ import annotations

from typing import Final, Literal

from documents.access.plan import AccessPlan, Action, FieldGrants, Level, Reason, Scope
from documents.access.trace import Served
from documents.audit.blocks import Chains
from documents.audit.entries import Entry, Operation, Touch, rule_set_hashes, rule_set_versions
from documents.chapters.audit.queries import AuditQueries, TrailEntry, TrailQuery
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record, Records
from policies.authorize import READ, PolicyEngine
from resolvers.caller import Caller

_CONDITIONS: Final = (
    ("username", "username"),
    ("customer", "customers"),
    ("field", "fields"),
    ("kind", "fields"),
    ("purpose", "purpose"),
    ("outcome", "outcome"),
    ("since", "time"),
    ("until", "time"),
)
"""What may be asked (`TrailQuery`), and the field that each condition looks at."""

_CUSTOMERS = frozenset(kind.value for kind in CUSTOMER_KINDS)
_How = Literal["plain", "masked", "denied", "written", "derived", "refused"]
_KINDS: Final = frozenset(kind.value for kind in Kind)
_LEVELS: Final[tuple[_How, ...]] = (
    "plain",
    "masked",
    "denied",
    "written",
    "derived",
    "refused",
)


class Audit:
    """The trail, for inspectors."""

    def __init__(self, engine: PolicyEngine, queries: AuditQueries, chains: Chains) -> None:
        self._engine = engine
        self._queries = queries
        self._chains = chains

    async def find_page(
        self, caller: Caller, query: TrailQuery, *, limit: int, after: str | None, selected: frozenset[str]
    ) -> Record:
        """A page as a connection record, newest first. `selected` are the declared fields that are asked for.

        Raises FieldAccessError (a condition on a field that the caller may not filter by) and InvalidCursorError."""
        grants = await self._grants(caller)
        conditions = sorted({field for name, field in _CONDITIONS if getattr(query, name) is not None})
        caller.report.trace.add_conditions(filtered=conditions)
        if not grants.is_visible:
            return _connection([], has_more=False)
        if refused := set(conditions) - grants.filterable:
            raise FieldAccessError(Action.FILTER, refused)
        found = await self._queries.find(query, limit=limit + 1, after=after)
        if found:
            caller.report.add_row(_served(grants, selected), None)
        return _connection([_record(entry, grants) for entry in found[:limit]], has_more=len(found) > limit)

    async def chains(self, caller: Caller) -> Records:
        """The chains and where they stand; none where the caller may not know the times of entries."""
        grants = await self._grants(caller)
        if "time" not in grants.plain:
            return Records()
        caller.report.add_row(_served(grants, frozenset({"time"})), None)
        return Records(
            Record(
                chain=head.chain.hex(),
                begun_at=begun_at,
                entries=head.last,
                blocks=head.number + 1,
                last_at=head.at,
                last_hash=head.hash.hex(),
                key=head.key.hex(),
                signature=head.signature.hex(),
            )
            for begun_at, head in await self._chains.heads()
        )

    async def _grants(self, caller: Caller) -> FieldGrants:
        plan: AccessPlan = await self._engine.authorize(caller.principal, caller.purpose, READ, Kind.AUDIT_ENTRY.value)
        caller.report.trace.add_plan(plan)
        return plan.grants(Kind.AUDIT_ENTRY, frozenset({Scope.ALL}))  # an entry is nobody's own


def _served(grants: FieldGrants, selected: frozenset[str]) -> Served:
    below = tuple(
        (name, Level.DENIED, grants.reason(name) or Reason.NO_RULE) for name in sorted(selected - grants.plain)
    )
    return Served(Kind.AUDIT_ENTRY, tuple(sorted(selected & grants.plain)), below)


def _connection(found: list[tuple[Record, str]], *, has_more: bool) -> Record:
    return Record(
        edges=Records(Record(node=record, cursor=cursor) for record, cursor in found),
        nodes=Records(record for record, _ in found),
        page_info=Record(
            has_next_page=has_more,
            has_previous_page=False,
            start_cursor=found[0][1] if found else None,
            end_cursor=found[-1][1] if found else None,
        ),
    )


def _record(found: TrailEntry, grants: FieldGrants) -> tuple[Record, str]:
    """The entry as the caller may see it, and its cursor."""
    entry = found.entry
    whole = Record(
        time=found.at,
        username=entry["username"],
        roles=entry["roles"],
        session=entry.get("session"),
        purpose=entry.get("purpose"),
        operation=_operation(entry["operation"]),
        outcome=entry["outcome"],
        rule_set_versions=rule_set_versions(entry),
        customers=_customers(entry),
        fields=_fields(entry),
    )
    shown = Record({name: value for name, value in whole.items() if name in grants.plain})
    if "username" in grants.plain:
        shown["viewed_as"] = entry.get("viewed_as", [])
    if "outcome" in grants.plain:
        shown["codes"] = entry.get("codes", [])
    if "rule_set_versions" in grants.plain:
        shown["rule_set_hashes"] = [found.hex() for found in rule_set_hashes(entry)]
    if {"customers", "fields"} & grants.plain:
        shown["touches"] = Records(_touch(touch, grants) for touch in entry.get("touches", ()))
    return Record(shown, chain=found.chain.hex(), sequence=found.sequence), found.cursor


def _operation(operation: Operation) -> Record:
    document = operation.get("document")
    return Record(
        type=operation["type"],
        name=operation.get("name"),
        document_hash=document.hex() if document is not None else None,
    )


def _customers(entry: Entry) -> list[str]:
    ids = (customer for touch in entry.get("touches", ()) for customer in touch.get("customers", ()))
    return [str(customer) for customer in dict.fromkeys(ids)]


def _fields(entry: Entry) -> list[str]:
    """`kind.field` of everything that was asked for, served or not, written or refused; conditions as `field`."""
    touched = [
        f"{touch['kind']}.{name}"
        for touch in entry.get("touches", ())
        for level in _LEVELS
        for name in touch.get(level, ())
    ]
    looked_for = (*entry.get("filtered", ()), *entry.get("sorted", ()), *entry.get("searched", ()))
    return sorted({*touched, *looked_for})


def _touch(touch: Touch, grants: FieldGrants) -> Record:
    subject = touch["kind"]
    kind = subject if subject in _KINDS else None
    record = Record(act=touch["act"], kind=kind, subject=subject, code=touch.get("code"))
    if "username" in grants.plain:
        record["names"] = touch.get("names", [])
    if "customers" in grants.plain:
        is_customer = touch["kind"] in _CUSTOMERS
        prefix = f"{touch['kind']}_" if is_customer else ""
        record["customers"] = [f"{prefix}{customer}" for customer in touch.get("customers", ())]
        record["records"] = [f"{touch['kind']}_{row}" for row in touch.get("records", ())]
    if "fields" in grants.plain:
        for level in _LEVELS:
            record[level] = list(touch.get(level, ()))
    return record
