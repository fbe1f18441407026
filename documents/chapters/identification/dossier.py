"""The state of a dossier: what of C2 to C4 it has, what it lacks, and what has run out (C5, A2).

Owns what a complete dossier is. It judges by names of fields and by dates, never by values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled


class DossierSection(Labelled):
    INFORMATION = "information", "Information", "基本资料"
    VERIFICATION = "verification", "Verification", "身份核验"
    ASSESSMENT = "assessment", "Risk assessment", "风险评估"


class DossierStatus(Labelled):
    """EXPIRED: everything was there, and some of it has run out. UNKNOWN: nothing is missing of what may be seen."""

    INCOMPLETE = "incomplete", "Incomplete", "不完整"
    UNKNOWN = "unknown", "Unknown", "无法判断"
    EXPIRED = "expired", "Expired", "已过期"
    COMPLETE = "complete", "Complete", "完整"


@dataclass(frozen=True, slots=True)
class Requirement:
    """`code` is met by any of `fields` (declared names) with a value."""

    code: str
    fields: tuple[str, ...]


def _each(*names: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(name, (name,)) for name in names)


_ORGANISATION: Final = _each("name", "unified_social_credit_code", "tax_registration_number")

REQUIREMENTS: Final[Mapping[Kind, tuple[Requirement, ...]]] = MappingProxyType(
    {
        Kind.INDIVIDUAL: (
            *_each("name", "id_number", "gender", "birth_date"),
            Requirement("contact", ("telephone", "email", "address")),
        ),
        Kind.ENTERPRISE: (
            *_ORGANISATION,
            *_each("legal_form", "size", "industry", "business_scope", "legal_representative"),
            Requirement("contact", ("contact_telephone", "telephone", "email")),
        ),
        Kind.INSTITUTION: (
            *_ORGANISATION,
            *_each("institution_type", "person_in_charge"),
            Requirement("contact", ("contact_telephone", "telephone", "email", "person_in_charge_telephone")),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The best verification or assessment that there is: it holds up to and on `valid_until`, for ever if None."""

    valid_until: date | None = None

    def is_valid(self, on: date) -> bool:
        return self.valid_until is None or on <= self.valid_until


@dataclass(frozen=True, slots=True)
class MissingPart:
    """`code` is a requirement's, or `missing` or `expired` for a section that has no fields."""

    section: DossierSection
    code: str


@dataclass(frozen=True, slots=True)
class DossierState:
    status: DossierStatus
    missing: tuple[MissingPart, ...]
    unknown: tuple[MissingPart, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenDossier:
    """What may be seen of a dossier: `present` are the declared names of the fields that have a value, `verifications`
    those with a positive result. `hidden` are fields of which it may not be seen whether they have one; verifications
    or assessments of which nothing may be seen are None.
    """

    kind: Kind
    present: Collection[str]
    verifications: Collection[Evidence] | None
    assessments: Collection[Evidence] | None
    licence_expires_on: date | None = None
    hidden: Collection[str] = ()


def dossier_state(seen: SeenDossier, on: date) -> DossierState:
    """Where it stands on the day. The parts that are missing come in the order of sections and requirements."""
    names, hidden = frozenset(seen.present), frozenset(seen.hidden)
    missing: list[MissingPart] = []
    unknown: list[MissingPart] = []
    expired: list[MissingPart] = []
    for requirement in REQUIREMENTS[seen.kind]:
        if names.isdisjoint(requirement.fields):
            of = missing if hidden.isdisjoint(requirement.fields) else unknown
            of.append(MissingPart(DossierSection.INFORMATION, requirement.code))
    if "licence_expires_on" in hidden:
        unknown.append(MissingPart(DossierSection.INFORMATION, "licence_expired"))
    elif seen.licence_expires_on is not None and seen.licence_expires_on < on:
        expired.append(MissingPart(DossierSection.INFORMATION, "licence_expired"))
    for section, found in (
        (DossierSection.VERIFICATION, seen.verifications),
        (DossierSection.ASSESSMENT, seen.assessments),
    ):
        if found is None:
            unknown.append(MissingPart(section, "missing"))
        elif not found:
            missing.append(MissingPart(section, "missing"))
        elif not any(evidence.is_valid(on) for evidence in found):
            expired.append(MissingPart(section, "expired"))
    order = list(DossierSection)
    lacking = tuple(sorted([*missing, *expired], key=lambda part: order.index(part.section)))
    return DossierState(_status(missing, unknown, expired), lacking, tuple(unknown))


def _status(
    missing: Collection[MissingPart], unknown: Collection[MissingPart], expired: Collection[MissingPart]
) -> DossierStatus:
    if missing:
        return DossierStatus.INCOMPLETE
    if unknown:
        return DossierStatus.UNKNOWN
    return DossierStatus.EXPIRED if expired else DossierStatus.COMPLETE
