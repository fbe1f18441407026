"""The use cases of service (S1 to S6, G3), put together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from documents.chapters.service.clock import Clocks, service_clocks
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


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What an installation decides for itself: the three roles to which late tickets and late complaints are escalated,
    level by level."""

    tickets: tuple[str, ...]
    complaints: tuple[str, ...]

    @property
    def clocks(self) -> Clocks:
        """The clocks of both kinds of work."""
        return service_clocks(self.tickets, self.complaints)

    def unknown_roles(self, known: Collection[str]) -> list[str]:
        """Those of them that no rule declares."""
        return sorted({*self.tickets, *self.complaints} - set(known))


class Service:
    """What the chapter can do, by the clock `now`."""

    def __init__(self, kernel: Kernel, settings: ServiceSettings, now: Now = present) -> None:
        self._kernel, self._settings = kernel, settings
        operations, accounts = kernel.operations, kernel.storage.accounts
        clocks, figures = settings.clocks, ServiceFigures(kernel.storage.readers)
        cases = ServiceCases(operations, clocks, now)
        self.tickets = Tickets(cases)
        self.contacts = Contacts(cases, accounts)
        self.complaints = Complaints(cases)
        self.standards = Standards(cases)
        self.training = Training(cases, figures, accounts)
        self.figures = Figures(cases, figures, accounts)
        self.upkeep = ServiceUpkeep(operations, figures, clocks)

    def by_clock(self, now: Now) -> Service:
        """The same by another clock: the demo tells what happened earlier."""
        return Service(self._kernel, self._settings, now)
