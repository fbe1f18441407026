"""What the SDL says about a field's protection, for readers and generators of clients. Nothing is enforced here."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

from documents.declaring.fields import Sensitivity

__all__ = ["Encrypted", "Sensitive", "Sensitivity"]

# Whoever names it in a type imports it from here: Strawberry must know it before.
strawberry.enum(Sensitivity, description="The classes by which rules name fields.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="sensitive",
    description="The sensitivity class of the field: it is served to nobody until a rule grants it.",
)
class Sensitive:
    class_: Sensitivity = strawberry.directive_field(name="class")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="encrypted", description="The field is encrypted at rest."
)
class Encrypted:
    pass
