"""What a request carries through its execution: the caller, the words to answer in, the use cases that it may call."""

from __future__ import annotations

from dataclasses import dataclass

from documents.declaring.catalogue import Catalogue
from policies.principal import Principal
from resolvers.caller import Caller
from resolvers.chapters.accounts.sessions import Sessions
from resolvers.chapters.accounts.step_up import StepUp
from resolvers.chapters.attachments import Attachments
from resolvers.chapters.audit import Audit
from resolvers.chapters.credit.use_cases import Credit
from resolvers.chapters.customers.history import History
from resolvers.chapters.customers.use_cases import Customers
from resolvers.chapters.encryption import Keys
from resolvers.chapters.identification.use_cases import Identification
from resolvers.chapters.incidents.reports import IncidentReports
from resolvers.chapters.incidents.steps import Incidents
from resolvers.chapters.information.reveals import Reveals
from resolvers.chapters.information.reviews import Reviews
from resolvers.chapters.information.sharing import Sharing
from resolvers.chapters.information.undertakings import Confidentiality
from resolvers.chapters.policies.current_access import CurrentAccess
from resolvers.chapters.policies.use_cases import Policies
from resolvers.chapters.reminders import Reminders
from resolvers.chapters.service.use_cases import Service
from resolvers.reads import RecordReads
from resolvers.recording import Recorder
from resolvers.subscriptions import Subscriptions
from resolvers.viewer import Viewer
from schema.language import Language, Words


@dataclass(frozen=True, slots=True)
class UseCases:
    """The resolvers of one process, built by the composition root."""

    customers: Customers
    history: History
    records: RecordReads
    service: Service
    confidentiality: Confidentiality
    sharing: Sharing
    reviews: Reviews
    reminders: Reminders
    incidents: Incidents
    incident_reports: IncidentReports
    attachments: Attachments
    credit: Credit
    policies: Policies
    identification: Identification
    viewer: Viewer
    access: CurrentAccess
    sessions: Sessions
    step_up: StepUp
    reveals: Reveals
    catalogue: Catalogue
    recorder: Recorder
    audit: Audit
    keys: Keys
    subscriptions: Subscriptions


@dataclass(slots=True)
class RequestContext:
    """One request. `client_address` is of the connection, never from the body."""

    use_cases: UseCases
    caller: Caller
    words: Words
    client_address: str

    @property
    def language(self) -> Language:
        return self.words.language

    @property
    def sessions(self) -> Sessions:
        return self.use_cases.sessions

    @property
    def principal(self) -> Principal | None:
        return self.caller.principal
