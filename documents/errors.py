"""The errors of the storage layer. They carry codes and field names, never values, ciphertexts or key ids.

DocumentsError
├── EncryptionError
│   ├── DecryptionError          one opaque error for every reason why a ciphertext does not open
│   ├── KeyErasedError           the customer's data key was erased: its fields are gone for good
│   └── RootKeyError             the root key is missing, unreadable, or not the one that wrapped the vault keys
├── EmbeddedMongoDBError         the embedded database cannot be started; the message says what to do
├── ExternalMongoDBError         the operator's own database cannot be used; the message says what to do
├── LayoutError                  the database has another layout than this program; the message says what to do
├── MigrationLostError           another process goes on with the migration; nothing was written
├── RecordNotFoundError          no such row, or none within the caller's row scope: never say which
├── StaleVersionError            the update saw an older version than the stored one
├── InvalidValueError            one or more field values break a rule
├── DuplicateValueError          a unique value is taken, and the caller may know it
├── RuleBrokenError              the operation is against a rule of the regulation; the code says which
├── RulesBrokenError             it is against several of them at once
├── InvalidCursorError           a page cursor was not made for this caller and this list
├── TrailUnavailableError        the audit trail could not be written: nothing may be served
├── EventsLostError              changes may have been missed: whoever follows them has to read anew
├── EventsOverflowError          changes came faster than their follower took them
├── LeaseLostError               another worker has the job meanwhile; nothing was written
├── AttachmentRefusedError       a file is too large, empty, of no type that is taken, or not what it is said to be
└── IdempotencyConflictError     an idempotency key was used before for another request, or is in use now
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class DocumentsError(Exception):
    """Base of every error that the storage layer raises on purpose."""


class EncryptionError(DocumentsError):
    """Base of the encrypted-field layer's errors."""


class DecryptionError(EncryptionError):
    """A ciphertext did not open; deliberately without a reason."""

    def __init__(self) -> None:
        super().__init__("the value cannot be decrypted")


class KeyErasedError(EncryptionError):
    """The customer's data key was erased."""

    def __init__(self) -> None:
        super().__init__("the data key was erased")


class RootKeyError(EncryptionError):
    """The root key is missing, unreadable or another one; the message is one plain sentence for an operator."""


class EmbeddedMongoDBError(DocumentsError):
    """The database cannot be started; the message is one plain sentence for an operator."""


class ExternalMongoDBError(DocumentsError):
    """The database at the configured URI cannot be used; the message is one plain sentence for an operator."""


class LayoutError(DocumentsError):
    """The database has another layout than this program reads; the message is one plain sentence for an operator."""


class MigrationLostError(DocumentsError):
    """The run was away for longer than its lease: another process goes on with the migration."""

    def __init__(self) -> None:
        super().__init__("another process goes on with the migration")


class FieldAccessError(DocumentsError):
    """The plan does not allow `action` on `fields` (declared names, sorted); nothing was read or written."""

    def __init__(self, action: str, fields: Iterable[str]) -> None:
        super().__init__(f"not allowed to {action}")
        self.action = action
        self.fields = tuple(sorted(fields))


class RecordNotFoundError(DocumentsError):
    """The row does not exist or is out of the caller's scope."""

    def __init__(self) -> None:
        super().__init__("no such record")


class StaleVersionError(DocumentsError):
    """The record changed since the caller read it."""

    def __init__(self) -> None:
        super().__init__("the record was changed by someone else")


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One broken rule: `field` is the declared name, `rule` a published rule code, `parameters` fill its text."""

    field: str
    rule: str
    parameters: tuple[tuple[str, str], ...] = ()


class InvalidValueError(DocumentsError):
    """The input breaks the rules listed in `fields`; nothing was written."""

    def __init__(self, fields: tuple[InvalidField, ...]) -> None:
        super().__init__("invalid values")
        self.fields = fields


class DuplicateValueError(DocumentsError):
    """The value of unique `field` belongs to a record that the caller may find by it."""

    def __init__(self, field: str) -> None:
        super().__init__("the value is taken")
        self.field = field


class RuleBrokenError(DocumentsError):
    """The operation is against a rule of the regulation: `rule` is its published code, `field` the declared name of
    the field that it is about, if it is one; nothing was written."""

    def __init__(self, rule: str, field: str | None = None, **parameters: str) -> None:
        super().__init__("against a rule of the regulation")
        self.rule = rule
        self.field = field
        self.parameters = tuple(parameters.items())


class RulesBrokenError(DocumentsError):
    """The operation is against each of the rules `broken`; nothing was written."""

    def __init__(self, broken: Iterable[RuleBrokenError]) -> None:
        super().__init__("against rules of the regulation")
        self.broken = tuple(broken)


class InvalidCursorError(DocumentsError):
    """The cursor is damaged, or belongs to another caller or another list."""

    def __init__(self) -> None:
        super().__init__("invalid cursor")


class AttachmentFault(StrEnum):
    """Why a file is refused; the values are published codes."""

    TOO_LARGE = "ATTACHMENT_TOO_LARGE"
    EMPTY = "ATTACHMENT_EMPTY"
    TYPE_REFUSED = "ATTACHMENT_TYPE_REFUSED"
    TYPE_MISMATCH = "ATTACHMENT_TYPE_MISMATCH"
    NAME_INVALID = "ATTACHMENT_NAME_INVALID"
    CATEGORY_UNKNOWN = "ATTACHMENT_CATEGORY_UNKNOWN"


class AttachmentRefusedError(DocumentsError):
    """The file is not taken; nothing of it was kept."""

    def __init__(self, fault: AttachmentFault) -> None:
        super().__init__("the file is refused")
        self.fault = fault


class EventsLostError(DocumentsError):
    """Changes may have been missed, because the database no longer has them."""

    def __init__(self) -> None:
        super().__init__("changes may have been missed")


class EventsOverflowError(DocumentsError):
    """Changes came faster than they were taken; the rest was thrown away."""

    def __init__(self) -> None:
        super().__init__("changes came faster than they were taken")


class TrailUnavailableError(DocumentsError):
    """The audit trail could not be written: what it would have recorded must not be served."""

    code = "TRAIL_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("the audit trail cannot be written")


class IdempotencyConflictError(DocumentsError):
    """The idempotency key belongs to another request (`in_progress` False) or to one still running (True)."""

    def __init__(self, *, in_progress: bool) -> None:
        super().__init__("idempotency key conflict")
        self.in_progress = in_progress


class LeaseLostError(DocumentsError):
    """The worker was away for longer than its lease: the job is another's now."""

    def __init__(self) -> None:
        super().__init__("the lease of the job was lost")


class StepError(RuleBrokenError):
    """The step is skipped, repeated, out of order, or not possible in the present state."""


class CurrencyError(RuleBrokenError):
    """Two currencies without a rate between them."""


class InputError(RuleBrokenError):
    """`input_name`, a factor or an indicator, is unknown to the table, or of a type that it cannot judge."""

    def __init__(self, rule: str, input_name: str) -> None:
        super().__init__(rule, input=input_name)
        self.input_name = input_name
