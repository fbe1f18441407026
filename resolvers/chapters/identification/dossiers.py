"""The dossier of a customer (C5): the customer, and whether the dossier is complete or what it lacks.

INVARIANT: it is judged by what the caller may see alone. Of a field or a record that the caller may not read it says
neither that it is there nor that it is missing, whatever is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Generic

from documents.chapters.identification.dossier import (
    REQUIREMENTS,
    DossierSection,
    Evidence,
    MissingPart,
    SeenDossier,
    dossier_state,
)
from documents.chapters.identification.kinds import VerificationResult, VerificationState
from documents.declaring.kind import Kind
from documents.declaring.labels import Label
from documents.errors import RecordNotFoundError
from documents.plain_records import Record, Records
from documents.reading.customers import CustomerReader
from documents.reading.list_query import Selection
from documents.reading.typed_rows import Known, Row, row_fields
from documents.reading.visible_rows import grants_in_customer, grants_in_records
from documents.reading.where import Where
from documents.reckoning.working_time import SHANGHAI
from documents.registry import FULL_CATALOGUE
from documents.storing.layout import CustomerReference
from resolvers.caller import Caller
from resolvers.chapters.customers.use_cases import Customers
from resolvers.operations import RecordOperations

LICENCE: Final = "licence_expires_on"
LABELS: Final[Mapping[tuple[DossierSection, str], Label]] = MappingProxyType(
    {
        (DossierSection.INFORMATION, "contact"): Label("A way to reach the customer", "联系方式"),
        (DossierSection.INFORMATION, "licence_expired"): Label("A valid business licence", "有效的营业执照"),
        (DossierSection.VERIFICATION, "missing"): Label("A confirmed verification", "经复核的身份核验"),
        (DossierSection.VERIFICATION, "expired"): Label("A verification that has not expired", "有效期内的身份核验"),
        (DossierSection.ASSESSMENT, "missing"): Label("A risk assessment", "风险评估"),
        (DossierSection.ASSESSMENT, "expired"): Label("A risk assessment that has not expired", "有效期内的风险评估"),
    }
)
"""The parts that are no single field of the customer."""


class _Verified(Known):
    state: str
    result: str
    expires_on: str | None


class _Assessed(Known):
    valid_until: str


@dataclass(frozen=True, slots=True)
class _Proof(Generic[Row]):
    """Records that a dossier needs: those that meet `wanted` and hold until `expires`."""

    kind: Kind
    row: type[Row]
    wanted: Mapping[str, str]
    expires: Callable[[Row], str | None]


VERIFICATION: Final = _Proof(
    Kind.VERIFICATION,
    _Verified,
    MappingProxyType({"state": VerificationState.CONFIRMED.value, "result": VerificationResult.MATCHED.value}),
    lambda verification: verification["expires_on"],
)
ASSESSMENT: Final = _Proof(
    Kind.RISK_ASSESSMENT, _Assessed, MappingProxyType({}), lambda assessment: assessment["valid_until"]
)


class Dossiers:
    """Dossiers under policy."""

    def __init__(self, operations: RecordOperations, customers: Customers, reader: CustomerReader) -> None:
        self._operations = operations
        self._customers = customers
        self._reader = reader

    async def find(self, caller: Caller, customer_id: str, selection: Selection, *, judged: bool) -> Record | None:
        """The dossier with its customer and, if `judged`, its state and what is missing; its sections are lists of
        their own. None where the customer does not exist for the caller, and for partners, who share no dossiers."""
        if caller.principal is not None and caller.principal.partner is not None:
            return None
        customer = await self._customers.find(caller, customer_id, selection)
        if customer is None:
            return None
        found = Record(customer=customer, customer_id=customer_id)
        if not judged:
            return found
        try:
            return Record(found, **await self._judgement(caller, customer_id))
        except RecordNotFoundError:  # it went, or went out of sight, meanwhile
            return None

    async def _judgement(self, caller: Caller, customer_id: str) -> Record:
        plan = await self._operations.customers_plan(caller)
        customer = await self._operations.writer.customer(plan, customer_id)
        grants, kind = grants_in_customer(plan, customer), customer.kind
        names = {name for requirement in REQUIREMENTS[kind] for name in requirement.fields}
        names |= {LICENCE} & FULL_CATALOGUE.fields(kind).keys()
        seen = names & (grants.plain | grants.masked)
        asked = Selection({kind: frozenset(seen)})
        record = await self._reader.find(plan, kind, customer.row_id, asked, caller.report)
        if record is None:
            raise RecordNotFoundError
        licence = record.get(LICENCE)
        dossier = SeenDossier(
            kind,
            [name for name in seen if record.get(name) not in (None, [])],
            await self._evidence(caller, customer, VERIFICATION),
            await self._evidence(caller, customer, ASSESSMENT),
            _day(licence),
            hidden=names - seen,
        )
        state = dossier_state(dossier, datetime.now(SHANGHAI).date())
        return Record(
            state=state.status.value, missing=_parts(kind, state.missing), unknown=_parts(kind, state.unknown)
        )

    async def _evidence(self, caller: Caller, customer: CustomerReference, proof: _Proof[Row]) -> list[Evidence] | None:
        """What proves it; None where the caller may not see whether anything does."""
        plan = await self._operations.plan(caller, proof.kind)
        if (
            not row_fields(FULL_CATALOGUE, proof.kind, proof.row).names - {"id"}
            <= grants_in_records(plan, proof.kind, customer).plain
        ):
            return None
        reader, where = self._operations.writer.reader(proof.kind), Where(customer=customer, **proof.wanted)
        found = await reader.rows(plan, where, proof.row, caller.report)
        return [Evidence(_day(proof.expires(record))) for record in found]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def _parts(kind: Kind, parts: Iterable[MissingPart]) -> Records:
    return Records(_part(kind, part) for part in parts)


def _part(kind: Kind, part: MissingPart) -> Record:
    spec = FULL_CATALOGUE.fields(kind).get(part.code)
    label = LABELS.get((part.section, part.code)) or (spec.label if spec is not None else Label(part.code, part.code))
    code = spec.public_name if spec is not None else part.code
    return Record(section=part.section.value, code=code, label_en=label.en, label_zh=label.zh)
