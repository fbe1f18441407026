"""What versioned tables have in common: whom a table is for, and whether it is in force. Owns the names alone."""

from __future__ import annotations

from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled


class RatedKind(Labelled):
    """The kinds of customer, as the tables name whom they are for."""

    INDIVIDUAL = Kind.INDIVIDUAL.declaration
    ENTERPRISE = Kind.ENTERPRISE.declaration
    INSTITUTION = Kind.INSTITUTION.declaration


class TableState(Labelled):
    ACTIVE = "active", "Active", "生效中"
    SUPERSEDED = "superseded", "Superseded", "已被取代"
