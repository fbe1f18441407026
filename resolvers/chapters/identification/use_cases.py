"""The use cases of identification (C3 to C5), put together: one object per noun."""

from __future__ import annotations

from documents.chapters.attachments.staging import AttachmentRepository
from resolvers.chapters.customers.use_cases import Customers
from resolvers.chapters.identification.dossiers import Dossiers
from resolvers.chapters.identification.risk import RiskAssessments
from resolvers.chapters.identification.risk_tables import risk_tables
from resolvers.chapters.identification.verifications import Verifications
from resolvers.kernel import Kernel


class Identification:
    """What the chapter can do. `four_eyes`: a verification counts only when a second person confirmed it."""

    def __init__(self, kernel: Kernel, customers: Customers, files: AttachmentRepository, *, four_eyes: bool) -> None:
        operations = kernel.operations
        self.tables = risk_tables(operations)
        self.verifications = Verifications(operations, files, four_eyes=four_eyes)
        self.risk = RiskAssessments(operations, kernel.reads, self.tables, files)
        self.dossiers = Dossiers(operations, customers, kernel.storage.reader)
