"""The use cases of identification (C3 to C5), put together: one object per noun."""

from __future__ import annotations

from documents.chapters.attachments.staging import AttachmentRepository
from documents.reading.customers import CustomerReader
from resolvers.chapters.customers.use_cases import Customers
from resolvers.chapters.identification.dossiers import Dossiers
from resolvers.chapters.identification.risk import RiskAssessments
from resolvers.chapters.identification.risk_tables import risk_tables
from resolvers.chapters.identification.verifications import Verifications
from resolvers.operations import RecordOperations
from resolvers.reads import RecordReads


class Identification:
    """What the chapter can do. `four_eyes`: a verification counts only when a second person confirmed it."""

    def __init__(
        self,
        operations: RecordOperations,
        records: RecordReads,
        customers: Customers,
        reader: CustomerReader,
        files: AttachmentRepository,
        *,
        four_eyes: bool,
    ) -> None:
        self.tables = risk_tables(operations)
        self.verifications = Verifications(operations, files, four_eyes=four_eyes)
        self.risk = RiskAssessments(operations, records, self.tables, files)
        self.dossiers = Dossiers(operations, customers, reader)
