"""The use cases of service (S1 to S6, G3), put together."""

from __future__ import annotations

from documents.chapters.service.figures import ServiceFigures
from resolvers.chapters.service.cases import Now, ServiceCases, present
from resolvers.chapters.service.clocks import ServiceUpkeep
from resolvers.chapters.service.complaints import Complaints
from resolvers.chapters.service.contacts import Contacts
from resolvers.chapters.service.figures import Figures
from resolvers.chapters.service.standards import Standards
from resolvers.chapters.service.tickets import Tickets
from resolvers.chapters.service.training import Training
from resolvers.kernel import Kernel


class Service:
    """What the chapter can do, by the clock `now`."""

    def __init__(self, kernel: Kernel, now: Now = present) -> None:
        self._kernel = kernel
        operations, accounts = kernel.operations, kernel.storage.accounts
        figures = ServiceFigures(kernel.storage.database, kernel.storage.readers)
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
        return Service(self._kernel, now)
