"""What rows are reached, sealed and found with: everything of one database, and of that the rows of some kinds.

Values, made once per process and handed to whoever reads or writes. They decide nothing: which rows and fields are a
caller's is for the `AccessPlan` that every read and write takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.catalogue import Catalogue
from documents.declaring.record import StoredRecord
from documents.encryption.blind_index import BlindIndex
from documents.encryption.cursors import CursorSealer
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import RowBindings
from documents.encryption.seals import Seals
from documents.storing.believed_rows import BelievedRows, NewestKnown
from documents.storing.codec import RowCodec
from documents.storing.layout import CUSTOMER_LAYOUT, RowLayout, record_layout

ENTRY: Final = "_entry"
"""In every row: the id of its last change entry."""


@dataclass(frozen=True, slots=True)
class Storage:
    """One database, open. `blind_index` and `bindings` are of customers; records have their own within them."""

    database: AsyncDatabase[dict[str, Any]]
    keyring: Keyring
    blind_index: BlindIndex
    bindings: RowBindings
    cursors: CursorSealer
    seals: Seals
    newest: NewestKnown


@dataclass(frozen=True, slots=True)
class RowStore:
    """The rows of the kinds of `catalogue`, which lie in one collection."""

    storage: Storage
    catalogue: Catalogue
    layout: RowLayout
    blind_index: BlindIndex
    bindings: RowBindings
    codec: RowCodec
    believed: BelievedRows | None = None
    """What judges them, where access is decided by them."""

    @property
    def collection(self) -> AsyncCollection[dict[str, Any]]:
        """Where the rows are written, and read with zoned instants."""
        return self.storage.database[self.layout.collection]


def customer_rows(storage: Storage, catalogue: Catalogue) -> RowStore:
    """The rows of customers, of every kind in the catalogue."""
    codec = RowCodec(catalogue.by_kind, storage.blind_index)
    return RowStore(storage, catalogue, CUSTOMER_LAYOUT, storage.blind_index, storage.bindings, codec)


def record_rows(storage: Storage, record: type[StoredRecord]) -> RowStore:
    """The rows of the records of one class."""
    catalogue, layout = Catalogue((record,)), record_layout(record)
    blind_index = storage.blind_index.within(layout.collection)
    codec = RowCodec(catalogue.by_kind, blind_index, layout=layout)
    rows = storage.database[layout.collection]
    believed = BelievedRows(rows, storage.seals, storage.newest) if record.believed else None
    bindings = storage.bindings.within(layout.collection)
    return RowStore(storage, catalogue, layout, blind_index, bindings, codec, believed)
