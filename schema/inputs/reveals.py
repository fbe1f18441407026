"""The inputs of stepping up and of revealing."""

from __future__ import annotations

import strawberry


@strawberry.input
class StepUpInput:
    password: str = strawberry.field(description="Your own, again. Never logged, never kept.")


@strawberry.input
class RevealInput:
    customer: strawberry.ID
    field: str = strawberry.field(description="As this schema spells it.")
    reason: str = strawberry.field(description="3 to 500 characters; kept with the record of it, sealed.")
