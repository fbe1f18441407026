"""People and departments that customers refer to."""

from __future__ import annotations

import strawberry


@strawberry.type(description="A member of staff.")
class Staff:
    username: str
    display_name: str
    department: str | None


@strawberry.type(description="A department.")
class Department:
    code: str
    name_en: str
    name_zh: str
