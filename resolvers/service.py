"""The use cases of service (S1 to S6, G3), put together."""

from __future__ import annotations

from documents.repositories.accounts import AccountRepository
from documents.repositories.service_figures import ServiceFigures
from resolvers.complaints import Complaints
from resolvers.contacts import Contacts
from resolvers.record_operations import RecordOperations
from resolvers.service_cases import Now, ServiceCases, present
from resolvers.service_figures import Figures
from resolvers.service_standards import Standards
from resolvers.service_upkeep import ServiceUpkeep
from resolvers.tickets import Tickets
from resolvers.training import Training


class Service:
    """What the chapter can do, by the clock `now`."""

    def __init__(
        self, operations: RecordOperations, figures: ServiceFigures, accounts: AccountRepository, now: Now = present
    ) -> None:
        self._ground = (operations, figures, accounts)
        cases = ServiceCases(operations, now)
        self.tickets = Tickets(cases)
        self.contacts = Contacts(cases, accounts)
        self.complaints = Complaints(cases)
        self.standards = Standards(cases)
        self.training = Training(cases, figures, accounts)
        self.figures = Figures(cases, figures, accounts)
        self.upkeep = ServiceUpkeep(operations, figures)

    def by_clock(self, now: Now) -> Service:
        """The same by another clock: the demo tells what happened earlier."""
        return Service(*self._ground, now)
