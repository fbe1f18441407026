"""What a request carries through its execution: the caller, the language, and the use cases that it may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from documents.catalogue import Catalogue
from policies.principal import Principal
from resolvers.attachments import Attachments
from resolvers.audit import Audit
from resolvers.caller import Caller
from resolvers.confidentiality import Confidentiality
from resolvers.credit import Credit
from resolvers.current_access import CurrentAccess
from resolvers.customer_history import History
from resolvers.customers import Customers
from resolvers.identification import Identification
from resolvers.incident_reports import IncidentReports
from resolvers.incidents import Incidents
from resolvers.keys import Keys
from resolvers.policies import Policies
from resolvers.recording import Recorder
from resolvers.records import RecordReads
from resolvers.reminders import Reminders
from resolvers.reveals import Reveals
from resolvers.reviews import Reviews
from resolvers.service import Service
from resolvers.sessions import Sessions
from resolvers.sharing import Sharing
from resolvers.step_up import StepUp
from resolvers.subscriptions import Subscriptions
from resolvers.viewer import Viewer

Language = Literal["en", "zh-CN"]


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
    language: Language
    client_address: str

    @property
    def sessions(self) -> Sessions:
        return self.use_cases.sessions

    @property
    def principal(self) -> Principal | None:
        return self.caller.principal
