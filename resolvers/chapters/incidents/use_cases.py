"""The use cases of incidents (I5), put together."""

from __future__ import annotations

from documents.chapters.audit.queries import AuditQueries
from documents.chapters.incidents.affected_customers import AffectedCustomers
from documents.declaring.kind import Kind
from resolvers.chapters.incidents.reports import IncidentReports
from resolvers.chapters.incidents.scope_search import TrailScopes
from resolvers.chapters.incidents.steps import IncidentSteps
from resolvers.kernel import Kernel


class Incidents:
    """What the chapter can do: the steps of an incident, and the report of it."""

    def __init__(self, kernel: Kernel) -> None:
        storage, trail = kernel.storage, kernel.storage.trail
        scopes = TrailScopes(kernel.engine, AuditQueries(trail.blocks), trail.chains, storage.accounts)
        affected = AffectedCustomers(storage.readers[Kind.AFFECTED_CUSTOMER])
        self.steps = IncidentSteps(kernel.operations, scopes, affected)
        self.reports = IncidentReports(kernel.reads)
