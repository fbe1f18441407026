"""Which records there are: every class that is declared, chapter by chapter. To add a record, add its class here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from documents.chapters.accounts.kinds import AccountChange
from documents.chapters.accounts.role_grants import RoleGrant
from documents.chapters.attachments.kinds import Attachment
from documents.chapters.audit.kinds import AuditEntry
from documents.chapters.credit.kinds import (
    CollectionStep,
    Contract,
    CreditAssessment,
    IndicatorTable,
    Payment,
    Receivable,
)
from documents.chapters.customers.kinds import Enterprise, Individual, Institution
from documents.chapters.encryption.kinds import VaultKey
from documents.chapters.handling.kinds import HandlingChange
from documents.chapters.identification.kinds import RiskAssessment, RiskTable, Verification
from documents.chapters.incidents.kinds import AffectedCustomer, Incident
from documents.chapters.information.kinds import Consent, Partner, Revelation, Review, SharingAgreement, Undertaking
from documents.chapters.jobs.kinds import Job
from documents.chapters.policies.kinds import RuleDraft, RuleSetVersion
from documents.chapters.reminders.kinds import Reminder
from documents.chapters.service.kinds import Complaint, Satisfaction, ServiceContact, ServiceStandard, Ticket
from documents.chapters.service.training_kinds import Course, PerformanceReview, TrainingResult, TrainingSession
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.declaring.record import StoredRecord

RECORD_CLASSES: tuple[type[StoredRecord], ...] = (
    Undertaking,
    Review,
    Partner,
    SharingAgreement,
    Consent,
    Revelation,
    Incident,
    AffectedCustomer,
    Reminder,
    Attachment,
    Verification,
    RiskTable,
    RiskAssessment,
    Ticket,
    Job,
    ServiceContact,
    Complaint,
    Satisfaction,
    ServiceStandard,
    Course,
    TrainingSession,
    TrainingResult,
    PerformanceReview,
    IndicatorTable,
    CreditAssessment,
    Contract,
    Receivable,
    Payment,
    CollectionStep,
    HandlingChange,
    RuleDraft,
    RoleGrant,
    AccountChange,
)


CATALOGUE = Catalogue((Individual, Enterprise, Institution))
"""The customers."""


RECORD_CATALOGUES: Mapping[Kind, Catalogue] = MappingProxyType({cls.kind: Catalogue((cls,)) for cls in RECORD_CLASSES})
"""The other records, each kind by itself."""


FULL_CATALOGUE = Catalogue((*CATALOGUE.classes.values(), *RECORD_CLASSES, RuleSetVersion, AuditEntry, VaultKey))
"""Everything that rules can speak of."""
