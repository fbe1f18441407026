"""The use cases of credit (K1 to K7), put together: one object per noun, over one policy and one schedule."""

from __future__ import annotations

from dataclasses import dataclass, field

from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.credit.exposure import ExposureOutcome, ExposurePolicy
from documents.chapters.credit.figures import CreditFigures
from documents.chapters.credit.overdue_steps import OverdueSchedule
from documents.declaring.kind import Kind
from resolvers.chapters.credit.assessments import CreditAssessments
from resolvers.chapters.credit.contracts import Contracts
from resolvers.chapters.credit.exposures import Exposures
from resolvers.chapters.credit.indicator_tables import IndicatorTables
from resolvers.chapters.credit.overdue import Collection
from resolvers.chapters.credit.overdue_letters import CollectionLetters, LetterSender
from resolvers.chapters.credit.receivables import Receivables
from resolvers.kernel import Kernel


@dataclass(frozen=True, slots=True)
class CreditSettings:
    """What an installation decides for itself: what follows from a limit that is exceeded, whether an assessment is in
    force only when a second person approved it, and who signs letters (None: no letter can be made)."""

    over_limit: ExposureOutcome = ExposureOutcome.BLOCK
    four_eyes: bool = False
    sender: LetterSender | None = None
    schedule: OverdueSchedule = field(default_factory=OverdueSchedule)


class Credit:
    """The use cases of credit by noun."""

    def __init__(self, kernel: Kernel, files: AttachmentRepository, settings: CreditSettings) -> None:
        operations, reads, storage = kernel.operations, kernel.reads, kernel.storage
        figures = CreditFigures(storage.readers[Kind.RECEIVABLE], storage.reader)
        self.tables = IndicatorTables(operations)
        self.assessments = CreditAssessments(operations, reads, self.tables, files, four_eyes=settings.four_eyes)
        self.exposures = Exposures(operations, figures, ExposurePolicy(over_limit=settings.over_limit))
        self.contracts = Contracts(operations, self.exposures)
        self.collection = Collection(operations, figures, settings.schedule)
        self.letters = CollectionLetters(operations, reads, storage.reader, files, settings.sender)
        self.receivables = Receivables(operations, figures, self.exposures, self.collection)
