"""Which records there are: every class that is declared, chapter by chapter. To add a record, add its class here."""

from __future__ import annotations

from documents.service import Ticket
from documents.stored_record import StoredRecord

RECORD_CLASSES: tuple[type[StoredRecord], ...] = (Ticket,)
