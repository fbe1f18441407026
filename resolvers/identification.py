"""The use cases of identification (C3 to C5), put together: one object per noun."""

from __future__ import annotations

from documents.repositories.attachments import AttachmentRepository
from documents.repositories.customers import CustomerRepository
from resolvers.customers import Customers
from resolvers.dossiers import Dossiers
from resolvers.record_operations import RecordOperations
from resolvers.records import RecordReads
from resolvers.risk import RiskAssessments
from resolvers.risk_tables import risk_tables
from resolvers.verifications import Verifications


class Identification:
    """What the chapter can do. `four_eyes`: a verification counts only when a second person confirmed it."""

    def __init__(
        self,
        operations: RecordOperations,
        records: RecordReads,
        customers: Customers,
        reader: CustomerRepository,
        files: AttachmentRepository,
        *,
        four_eyes: bool,
    ) -> None:
        self.tables = risk_tables(operations)
        self.verifications = Verifications(operations, files, four_eyes=four_eyes)
        self.risk = RiskAssessments(operations, records, self.tables, files)
        self.dossiers = Dossiers(operations, customers, reader)
