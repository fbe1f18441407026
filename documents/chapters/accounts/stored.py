"""What is stored of those who log in: accounts, departments, sessions and counters of login attempts.

The classes hold declarations, validation and indexes. Only repositories use them; nothing here is a customer row, so
no access plan applies. A password is never here, only its hash; a refresh token is never here, only its hash.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from beanie import Document
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pymongo import ASCENDING, IndexModel

from documents.access.plan import Purpose
from documents.declaring.values import Text

Username = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
CustomerId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
PartnerId = Annotated[str, StringConstraints(pattern=r"^partner_[0-9a-f]{24}$")]
OIDCSubject = Annotated[str, StringConstraints(min_length=3, max_length=1024)]


class RoleTerm(BaseModel):
    """A role from `since` until `until` (exclusive), or for good; `grant` is the public id of the `RoleGrant`."""

    model_config = ConfigDict(extra="forbid")

    role: Code
    since: datetime
    until: datetime | None = None
    grant: str


class Account(Document):
    """One login. `id` is the username; without `password_hash` the account logs in by OpenID Connect only."""

    model_config = ConfigDict(extra="forbid")

    id: Username  # type: ignore[assignment]  # Beanie's own is an ObjectId
    display_name: Text
    password_hash: Annotated[str | None, Field(repr=False)] = None
    roles: Annotated[list[Code], Field(default_factory=list)]
    role_terms: Annotated[list[RoleTerm], Field(default_factory=list)]
    department: Code | None = None
    customer_id: CustomerId | None = None
    purposes: Annotated[list[Purpose], Field(default_factory=list)]
    disabled: bool = False
    demo: bool = False
    oidc_subject: OIDCSubject | None = None
    cleared_until: datetime | None = None  # the end of the confidentiality undertaking in force; None: there is none
    partner: PartnerId | None = None  # whose login this is, where it is a partner's
    created_at: datetime

    class Settings:
        name = "accounts"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("oidc_subject", ASCENDING)],
                name="oidc_subject",
                unique=True,
                partialFilterExpression={"oidc_subject": {"$type": "string"}},
            ),
            IndexModel([("demo", ASCENDING)], name="demo", partialFilterExpression={"demo": True}),
        ]


class Department(Document):
    """A department by its code, named in both languages."""

    model_config = ConfigDict(extra="forbid")

    id: Code  # type: ignore[assignment]
    name_en: Text
    name_zh: Text

    class Settings:
        name = "departments"


class Session(Document):
    """One login until logout. `id` is 32 hex digits; `used_hashes` are of the refresh tokens already exchanged."""

    id: str  # type: ignore[assignment]
    username: Username
    issued_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    stepped_up_until: datetime | None = None  # until when the password counts as confirmed again
    current_hash: bytes
    used_hashes: Annotated[list[bytes], Field(default_factory=list)]

    class Settings:
        name = "sessions"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("expires_at", ASCENDING)], name="expires_at", expireAfterSeconds=0),
            IndexModel([("username", ASCENDING)], name="username"),
        ]


class LoginAttempts(Document):
    """A counter of login attempts until `expires_at`, or (with none) an address known to have logged in before.

    `id` is a digest: people type passwords into the field for the username.
    """

    id: bytes  # type: ignore[assignment]
    attempts: int
    expires_at: datetime

    class Settings:
        name = "login_attempts"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("expires_at", ASCENDING)], name="expires_at", expireAfterSeconds=0)
        ]
