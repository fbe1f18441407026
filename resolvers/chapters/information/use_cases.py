"""The use cases of the care for information (I1 to I4, I6, I7), put together: one object per noun."""

from __future__ import annotations

from documents.chapters.information.shared_customers import SharingRepository
from documents.chapters.reminders.due import ReminderRepository
from documents.declaring.kind import Kind
from resolvers.chapters.accounts.use_cases import Accounts
from resolvers.chapters.information.reveals import Reveals
from resolvers.chapters.information.reviews import Reviews
from resolvers.chapters.information.shared_customers import SharedCustomers
from resolvers.chapters.information.sharing import Sharing
from resolvers.chapters.information.undertakings import Confidentiality
from resolvers.kernel import Kernel


class Information:
    """What the chapter can do. A reveal asks whether the session was stepped up, an undertaking counts at once."""

    def __init__(self, kernel: Kernel, accounts: Accounts) -> None:
        operations, storage = kernel.operations, kernel.storage
        reminders = ReminderRepository(storage.readers, storage.reader)
        sharing = SharingRepository(storage.readers[Kind.CONSENT], storage.readers[Kind.SHARING_AGREEMENT])
        self.undertakings = Confidentiality(operations, storage.accounts, accounts.principals)
        self.sharing = Sharing(operations)
        self.shared_customers = SharedCustomers(kernel.engine, sharing, storage.reader, kernel.reads, storage.cursors)
        self.reviews = Reviews(operations, storage.review_days, reminders)
        self.reveals = Reveals(operations, storage.reveals, accounts.step_up)
