"""What a caller may do with each field, as records to serve: for forms and lists that are drawn before data is read.

Derived from grants alone, so it is the same whatever the fields hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from documents.access.plan import FieldGrants
from documents.declaring.fields import FieldSpec
from documents.plain_records import Record, Records


def access_view(fields: Mapping[str, FieldSpec], grants: FieldGrants) -> Records:
    """One record each: `field`, `level`, `reason`, `writable`, `operable`, `filterable`, `sortable`, `revealable`.
    Shared: not to be changed."""
    return _view(tuple(fields.values()), grants)


@lru_cache(maxsize=512)
def _view(fields: tuple[FieldSpec, ...], grants: FieldGrants) -> Records:
    return Records(field_access(spec, grants) for spec in fields)


def field_access(spec: FieldSpec, grants: FieldGrants) -> Record:
    """The record of one field."""
    plain = spec.name in grants.plain
    filterable = spec.name in grants.filterable and bool(spec.search)
    reason = grants.reason(spec.name)
    return Record(
        kind=spec.kind.value,
        field=spec.public_name,
        level=grants.level(spec.name).name,
        reason=reason.value if reason is not None else None,
        writable=spec.name in grants.writable and not spec.declaration.managed,
        operable=spec.name in grants.writable,
        filterable=filterable,
        sortable=spec.declaration.sortable and plain and spec.name in grants.filterable,
        revealable=spec.name in grants.revealable,
    )
