"""Which records there are: the `KINDS` of every chapter, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from documents.chapters.accounts import kinds as accounts
from documents.chapters.accounts import role_grants
from documents.chapters.accounts.account_sets import ACCOUNTS
from documents.chapters.accounts.account_sets import KIND as ACCOUNT
from documents.chapters.attachments import kinds as attachments
from documents.chapters.audit.agreement import CUSTOMER_ROWS, AuditedRows
from documents.chapters.audit.kinds import AuditEntry
from documents.chapters.credit import kinds as credit
from documents.chapters.customers import kinds as customers
from documents.chapters.encryption.kinds import VaultKey
from documents.chapters.handling import kinds as handling
from documents.chapters.identification import kinds as identification
from documents.chapters.incidents import kinds as incidents
from documents.chapters.information import kinds as information
from documents.chapters.jobs import kinds as jobs
from documents.chapters.jobs.kinds import Job
from documents.chapters.policies import kinds as policies
from documents.chapters.policies.kinds import RuleSetVersion
from documents.chapters.policies.rule_sets import RULE_SET, RULES_IN_FORCE
from documents.chapters.policies.stored import RuleSetDocument, RuleSetState
from documents.chapters.reminders import kinds as reminders
from documents.chapters.service import kinds as service
from documents.chapters.service import ticket_kinds as tickets
from documents.chapters.service import training_kinds as training
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.declaring.record import StoredRecord

RECORD_CLASSES: tuple[type[StoredRecord], ...] = (
    *information.KINDS,
    *incidents.KINDS,
    *reminders.KINDS,
    *attachments.KINDS,
    *identification.KINDS,
    *tickets.KINDS,
    *jobs.KINDS,
    *service.KINDS,
    *training.KINDS,
    *credit.KINDS,
    *handling.KINDS,
    *policies.KINDS,
    *role_grants.KINDS,
    *accounts.KINDS,
)
"""Those of every chapter, in the order in which the API lists them."""

CATALOGUE = Catalogue(customers.KINDS)
"""The customers."""


RECORD_CATALOGUES: Mapping[Kind, Catalogue] = MappingProxyType({cls.kind: Catalogue((cls,)) for cls in RECORD_CLASSES})
"""The other records, each kind by itself."""


AUDITED: tuple[AuditedRows, ...] = (
    CUSTOMER_ROWS,
    AuditedRows(ACCOUNTS, frozenset({ACCOUNT}), "_seal.version"),
    AuditedRows(RuleSetDocument.Settings.name, frozenset({RULE_SET}), "_id"),
    AuditedRows(RuleSetState.Settings.name, frozenset({RULES_IN_FORCE})),
    *(AuditedRows(cls.collection, frozenset({cls.kind.value})) for cls in RECORD_CLASSES if cls is not Job),
)
"""What the audit trail is compared with. A job changes with every lease, of which nobody is told."""

FULL_CATALOGUE = Catalogue((*CATALOGUE.classes.values(), *RECORD_CLASSES, RuleSetVersion, AuditEntry, VaultKey))
"""Everything that rules can speak of."""
