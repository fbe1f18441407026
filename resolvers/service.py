"""The use cases of service (S1 to S6, G3), put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from documents.repositories.accounts import AccountRepository
from documents.repositories.service_figures import ServiceFigures
from resolvers.complaints import Complaints
from resolvers.contacts import Contacts
from resolvers.record_operations import RecordOperations
from resolvers.service_cases import Now, ServiceCases, present
from resolvers.service_figures import Figures
from resolvers.service_standards import Standards
from resolvers.tickets import Tickets
from resolvers.training import Training


@dataclass(frozen=True, slots=True)
class Service:
    """What the chapter can do."""

    tickets: Tickets
    contacts: Contacts
    complaints: Complaints
    standards: Standards
    training: Training
    figures: Figures

    @classmethod
    def over(
        cls, operations: RecordOperations, figures: ServiceFigures, accounts: AccountRepository, now: Now = present
    ) -> Self:
        """The use cases, by the clock `now`."""
        cases = ServiceCases(operations, now)
        return cls(
            tickets=Tickets(cases),
            contacts=Contacts(cases, accounts),
            complaints=Complaints(cases),
            standards=Standards(cases),
            training=Training(cases, figures, accounts),
            figures=Figures(cases, figures, accounts),
        )
