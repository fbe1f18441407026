"""What the use cases of every chapter are built of: one open database, the rules in force, what is the same for all.

Knows no chapter, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from documents.opening import OpenDatabase
from policies.authorize import PolicyEngine
from policies.in_force import PolicyStore
from resolvers.operations import RecordOperations
from resolvers.reads import RecordReads
from resolvers.recording import Recorder


@dataclass(frozen=True, slots=True)
class Kernel:
    """The kernel over one database."""

    storage: OpenDatabase
    store: PolicyStore
    engine: PolicyEngine
    operations: RecordOperations
    reads: RecordReads
    recorder: Recorder

    @classmethod
    def build(cls, storage: OpenDatabase, store: PolicyStore) -> Kernel:
        """The kernel over an open database, under the rules of `store`."""
        engine = PolicyEngine(store)
        return cls(
            storage=storage,
            store=store,
            engine=engine,
            operations=RecordOperations(engine, storage.record_writer, store),
            reads=RecordReads(engine, storage),
            recorder=Recorder(storage.trail.writer if storage.is_recorded else None, store),
        )
