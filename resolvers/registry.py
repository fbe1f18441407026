"""Every chapter's use cases: a line each, in the order in which one is built of another.

Owns which chapters there are. It must never know what a chapter does.
"""

from __future__ import annotations

from dataclasses import dataclass

from documents.chapters.audit.queries import AuditQueries
from documents.declaring.catalogue import Catalogue
from documents.registry import FULL_CATALOGUE
from resolvers.chapters.accounts.use_cases import Accounts, AccountSettings
from resolvers.chapters.attachments import Attachments
from resolvers.chapters.audit import Audit
from resolvers.chapters.credit.use_cases import Credit, CreditSettings
from resolvers.chapters.customers.use_cases import Customers
from resolvers.chapters.encryption import Keys
from resolvers.chapters.identification.use_cases import Identification
from resolvers.chapters.incidents.use_cases import Incidents
from resolvers.chapters.information.use_cases import Information
from resolvers.chapters.policies.use_cases import Policies, PolicySettings
from resolvers.chapters.reminders import Reminders
from resolvers.chapters.service.use_cases import Service, ServiceSettings
from resolvers.kernel import Kernel
from resolvers.reads import RecordReads
from resolvers.recording import Recorder
from resolvers.subscriptions import Subscriptions
from resolvers.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterSettings:
    """What an installation decides for itself. `verification_four_eyes`: a verification counts only when a second
    person confirmed it."""

    policies: PolicySettings
    accounts: AccountSettings
    credit: CreditSettings
    service: ServiceSettings
    max_attachment_bytes: int
    verification_four_eyes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """The use cases of one process."""

    catalogue: Catalogue
    viewer: Viewer
    records: RecordReads
    recorder: Recorder
    subscriptions: Subscriptions
    policies: Policies
    accounts: Accounts
    attachments: Attachments
    audit: Audit
    credit: Credit
    customers: Customers
    encryption: Keys
    identification: Identification
    incidents: Incidents
    information: Information
    reminders: Reminders
    service: Service


def use_cases(kernel: Kernel, settings: ChapterSettings) -> UseCases:
    """The use cases over `kernel`."""
    policies = Policies(kernel, settings.policies)
    accounts = Accounts(kernel, policies.administration, settings.accounts)
    attachments = Attachments(kernel, accounts.principals, settings.max_attachment_bytes)
    files = attachments.repository
    information = Information(kernel, accounts)
    customers = Customers(kernel, information.shared_customers)
    return UseCases(
        catalogue=FULL_CATALOGUE,
        viewer=Viewer(kernel.engine, FULL_CATALOGUE),
        records=kernel.reads,
        recorder=kernel.recorder,
        subscriptions=Subscriptions(kernel.engine, kernel.storage, kernel.reads),
        policies=policies,
        accounts=accounts,
        attachments=attachments,
        audit=Audit(kernel.engine, AuditQueries(kernel.storage.trail.blocks), kernel.storage.trail.chains),
        credit=Credit(kernel, files, settings.credit),
        customers=customers,
        encryption=Keys(kernel),
        identification=Identification(kernel, customers, files, four_eyes=settings.verification_four_eyes),
        incidents=Incidents(kernel),
        information=information,
        reminders=Reminders(kernel),
        service=Service(kernel, settings.service),
    )


async def install_defaults(cases: UseCases) -> None:
    """Puts in force what chapters come with, where there is nothing yet."""
    await cases.credit.tables.install_defaults()
    await cases.identification.tables.install_defaults()
