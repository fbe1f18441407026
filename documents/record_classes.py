"""Which records there are: every class that is declared, chapter by chapter. To add a record, add its class here."""

from __future__ import annotations

from documents.account_changes import AccountChange
from documents.attachment import Attachment
from documents.credit import (
    CollectionStep,
    Contract,
    CreditAssessment,
    HandlingChange,
    IndicatorTable,
    Payment,
    Receivable,
)
from documents.identification import RiskAssessment, RiskTable, Verification
from documents.incidents import AffectedCustomer, Incident
from documents.information import Consent, Partner, Revelation, Review, SharingAgreement, Undertaking
from documents.job_records import Job
from documents.reminders import Reminder
from documents.role_grants import RoleGrant
from documents.rule_drafts import RuleDraft
from documents.service import Complaint, Satisfaction, ServiceContact, ServiceStandard, Ticket
from documents.stored_record import StoredRecord
from documents.training import Course, PerformanceReview, TrainingResult, TrainingSession

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
