"""Every query on accounts and departments.

They are not customer rows: staff names and departments are shown to every caller who may read a customer that names
them, and the rest is read by login and by operators only. So no `AccessPlan` is asked for here.
Password hashes leave through `credentials` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from documents.access.plan import Purpose
from documents.access.trace import Act
from documents.audit.entries import Asker, Author, ChangedRow, Performed
from documents.chapters.accounts.account_sets import ACCOUNTS, AccountSets, OpenSet
from documents.chapters.accounts.stored import Account, Department, RoleTerm
from documents.declaring.names import OPERATOR, OPERATOR_NAME, RESERVED_USERNAMES, SYSTEM
from documents.errors import (
    DuplicateValueError,
    InvalidField,
    InvalidValueError,
    RecordNotFoundError,
    RuleBrokenError,
)
from documents.plain_records import Record
from documents.storing.row_store import ENTRY
from documents.writing.unit_of_work import UnitOfWork, Units


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is to be. `password_hash` is a PHC string; without it and `oidc_subject` nobody can log in."""

    username: str
    _: KW_ONLY
    display_name: str
    roles: Iterable[str] = ()
    department: str | None = None
    customer_id: str | None = None
    purposes: Iterable[Purpose] = ()
    password_hash: str | None = field(default=None, repr=False)
    oidc_subject: str | None = None
    demo: bool = False
    cleared_until: datetime | None = None
    partner: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as others see it: everything but the password. `roles` are those that it has at the moment of the
    read, `lasting_roles` those of them that do not end by themselves, `base_roles` those that no grant gave."""

    username: str
    display_name: str
    roles: frozenset[str]
    lasting_roles: frozenset[str]
    base_roles: frozenset[str]
    department: str | None
    customer_id: str | None
    purposes: frozenset[Purpose]
    disabled: bool
    demo: bool
    oidc_subject: str | None
    cleared_until: datetime | None
    partner: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with its password hash, a PHC string; None where it has no password."""

    account: StoredAccount
    password_hash: str | None = field(repr=False)


class AccountRepository:
    """Accounts and departments. What decides access is read from verified rows; every write seals anew, in `unit`, or
    in a unit of work of its own by whoever holds the host."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], sets: AccountSets, units: Units) -> None:
        self.sets = sets
        self._units = units
        self._accounts = database[ACCOUNTS]
        self._departments = database[Department.Settings.name]

    async def get(self, username: str, session: AsyncClientSession | None = None) -> StoredAccount | None:
        """The account of `username`; None where there is none."""
        row = await self.sets.find_one({"_id": username}, session)
        return stored_account(row) if row is not None else None

    async def get_by_oidc_subject(self, oidc_subject: str) -> StoredAccount | None:
        """The account that an identity provider knows as `oidc_subject` (`issuer|sub`)."""
        row = await self.sets.find_one({"oidc_subject": oidc_subject})
        return stored_account(row) if row is not None else None

    async def credentials(self, username: str) -> Credentials | None:
        """The account with its password hash. For login only."""
        row = await self.sets.find_one({"_id": username})
        return Credentials(stored_account(row), row.get("password_hash")) if row is not None else None

    async def add(self, new: NewAccount, unit: UnitOfWork | None = None) -> StoredAccount:
        """Adds an account. Raises InvalidValueError, also for a name or role of the product itself; DuplicateValueError
        for a taken username or OIDC subject."""
        values = {
            "_id": new.username,
            "display_name": new.display_name,
            "password_hash": new.password_hash,
            "roles": sorted(new.roles),
            "department": new.department,
            "customer_id": new.customer_id,
            "purposes": sorted(new.purposes),
            "disabled": new.disabled,
            "demo": new.demo,
            "oidc_subject": new.oidc_subject,
            "cleared_until": new.cleared_until,
            "partner": new.partner,
            "created_at": datetime.now(UTC),
        }
        document = _validated(values)
        try:
            await self.sets.insert(document, by_operator("account add"), unit)
        except DuplicateKeyError as error:
            taken = "oidc_subject" if "oidc_subject" in (error.details or {}).get("keyPattern", {}) else "username"
            raise DuplicateValueError(taken) from None  # the driver's message repeats the value
        return stored_account(document)

    async def list_accounts(self) -> list[StoredAccount]:
        """All accounts by username."""
        return [stored_account(row) for row in await self.sets.find({})]

    async def of_department(self, code: str) -> list[StoredAccount]:
        """The staff of a department who may log in, by username."""
        wanted = {"department": code, "customer_id": None, "disabled": False}
        return [stored_account(row) for row in await self.sets.find(wanted)]

    async def disable(self, username: str, unit: UnitOfWork | None = None) -> None:
        """Disables the account and ends its sessions. Raises RecordNotFoundError."""
        await self._update(username, {"disabled": True}, unit, ends_sessions=True)

    async def enable(self, username: str, unit: UnitOfWork | None = None) -> None:
        """Lets the account log in again. Raises RecordNotFoundError."""
        await self._update(username, {"disabled": False}, unit)

    async def set_rights(
        self,
        username: str,
        *,
        roles: Iterable[str],
        purposes: Iterable[Purpose],
        department: str | None,
        unit: UnitOfWork | None = None,
    ) -> None:
        """Replaces what the account has for good; grants for a time stay as they are. Raises RecordNotFoundError, and
        RuleBrokenError for the system's role."""
        refuse_system_role(roles := set(roles), "roles")
        texts = sorted({purpose.value for purpose in purposes})
        values = {"roles": sorted(roles), "purposes": texts, "department": department}
        await self._update(username, values, unit)

    async def end_sessions(self, username: str, unit: UnitOfWork | None = None) -> None:
        """Ends every session of the account: neither its tokens nor a refresh count any more. Raises
        RecordNotFoundError."""
        await self._update(username, {}, unit, ends_sessions=True)

    async def set_password(self, username: str, password_hash: str, unit: UnitOfWork | None = None) -> None:
        """Replaces the password and ends the sessions opened with the old one. Raises RecordNotFoundError."""
        await self._update(username, {"password_hash": password_hash}, unit, ends_sessions=True)

    async def open_demo_login(self, username: str, password_hash: str) -> None:
        """Makes the account a demo login with this password. Raises RecordNotFoundError."""
        await self._update(username, {"password_hash": password_hash, "demo": True})

    async def close_demo_login(self, username: str) -> None:
        """Makes a demo login an account that is disabled. Raises RecordNotFoundError."""
        await self._update(username, {"demo": False, "disabled": True}, ends_sessions=True)

    async def set_clearance(self, username: str, until: datetime | None, unit: UnitOfWork | None = None) -> None:
        """Until when the account is bound by a confidentiality undertaking. Raises RecordNotFoundError."""
        await self._update(username, {"cleared_until": until}, unit)

    async def add_role_term(self, username: str, term: Mapping[str, Any], unit: UnitOfWork | None = None) -> None:
        """Gives the account a role for a time: `role`, `since`, `until` (or None), `grant`. Raises
        RecordNotFoundError, and RuleBrokenError for the system's role."""
        refuse_system_role({term["role"]}, "role")
        given = RoleTerm.model_validate(term).model_dump(exclude_none=True)

        async def give(opened: OpenSet) -> None:
            opened.account["role_terms"] = [*opened.account.get("role_terms", ()), given]

        await self.sets.change(username, give, _OPERATOR, unit)

    async def end_role_term(self, username: str, grant: str, unit: UnitOfWork | None = None) -> None:
        """Takes back what the grant of that public id gave to the account, if it still has it, and there is one."""

        async def take(opened: OpenSet) -> None:
            terms = opened.account.get("role_terms", ())
            opened.account["role_terms"] = [term for term in terms if term["grant"] != grant]

        with suppress(RecordNotFoundError):
            await self.sets.change(username, take, _OPERATOR, unit)

    async def who_can_log_in(self, session: AsyncClientSession | None = None) -> list[StoredAccount]:
        """The accounts that are not disabled and have a password or an identity provider, by username."""
        ways = [{"password_hash": {"$type": "string"}}, {"oidc_subject": {"$type": "string"}}]
        found = await self.sets.find({"disabled": False, "$or": ways}, session)
        return [stored_account(row) for row in found]

    async def has_demo_accounts(self) -> bool:
        """Does the database hold demo logins, whose passwords are meant to be known? Asked of rows as they are: one
        that does not verify is a reason not to serve as well."""
        return await self._accounts.find_one({"demo": True}, {"_id": 1}) is not None

    async def staff(self, usernames: Iterable[str], session: AsyncClientSession | None = None) -> dict[str, Record]:
        """`username`, `display_name` and `department` of each known username, in one query.

        Of rows as they are, for pages that show names: these are not verified, and nothing may be opened because of
        them. That a value names somebody who exists (`writing/references.py`) opens nothing: who does not verify has no
        access, whatever names them."""
        names, wanted = {"display_name": 1, "department": 1}, set(usernames) - RESERVED_USERNAMES
        documents = await self._accounts.find({"_id": {"$in": list(wanted)}}, names, session=session).to_list()
        return {
            document["_id"]: Record(
                username=document["_id"],
                display_name=document["display_name"],
                department=document.get("department"),
            )
            for document in documents
        }

    async def named(self, usernames: Iterable[str]) -> dict[str, Record]:
        """The same as `staff`, and whoever holds the host: for pages that show who did something."""
        wanted = set(usernames)
        host = Record(username=OPERATOR, display_name=OPERATOR_NAME, department=None)
        return await self.staff(wanted) | ({OPERATOR: host} if OPERATOR in wanted else {})

    async def put_department(self, code: str, *, name_en: str, name_zh: str) -> None:
        """Adds the department, or renames it. Raises InvalidValueError."""
        try:
            Department.model_validate({"_id": code, "name_en": name_en, "name_zh": name_zh})
        except ValidationError as error:
            raise InvalidValueError(_invalid_fields(error)) from None

        async def put(unit: UnitOfWork) -> str:
            row = {"_id": code, "name_en": name_en, "name_zh": name_zh, ENTRY: unit.entry_id}
            told = ChangedRow(Act.WRITE, "department", 1, ("name_en", "name_zh"), name=code)
            await unit.put(self._departments, row, told)
            return code

        await self._units.run(by_operator("department add"), put)

    async def departments(self, codes: Iterable[str], session: AsyncClientSession | None = None) -> dict[str, Record]:
        """`code`, `name_en` and `name_zh` of each known code, in one query."""
        documents = await self._departments.find({"_id": {"$in": list(set(codes))}}, session=session).to_list()
        return {
            document["_id"]: Record(code=document["_id"], name_en=document["name_en"], name_zh=document["name_zh"])
            for document in documents
        }

    async def _update(
        self,
        username: str,
        values: Mapping[str, Any],
        unit: UnitOfWork | None = None,
        *,
        ends_sessions: bool = False,
    ) -> None:
        async def update(opened: OpenSet) -> None:
            opened.account.update(values)
            if ends_sessions:
                await opened.end_sessions()

        await self.sets.change(username, update, _OPERATOR, unit)


def by_operator(command: str) -> Author:
    """Whoever holds the host as the author of a change."""
    return Author(Asker(OPERATOR, frozenset()), Performed("command", command), ())


_OPERATOR: Final = by_operator("account")


def refuse_system_role(roles: Collection[str], field: str) -> None:
    """Raises RuleBrokenError on `field` where the system's own role is among `roles`."""
    if SYSTEM in roles:
        raise RuleBrokenError("account.reserved_role", field)


def stored_account(document: Mapping[str, Any]) -> StoredAccount:
    """What is stored, as a value, with the roles of this moment. The system's role gives nothing to an account."""
    now = datetime.now(UTC)
    begun = [term for term in document.get("role_terms", ()) if term["since"] <= now]
    running = [term for term in begun if term.get("until") is None or now < term["until"]]
    running = [term for term in running if term["role"] != SYSTEM]
    roles = frozenset(document["roles"]) - {SYSTEM}
    return StoredAccount(
        username=document["_id"],
        display_name=document["display_name"],
        roles=roles.union(term["role"] for term in running),
        lasting_roles=roles.union(term["role"] for term in running if term.get("until") is None),
        base_roles=roles,
        department=document.get("department"),
        customer_id=document.get("customer_id"),
        purposes=frozenset(Purpose(purpose) for purpose in document["purposes"]),
        disabled=document["disabled"],
        demo=document["demo"],
        oidc_subject=document.get("oidc_subject"),
        cleared_until=document.get("cleared_until"),
        partner=document.get("partner"),
        created_at=document["created_at"],
    )


def _validated(values: Mapping[str, Any]) -> dict[str, Any]:
    reserved = [InvalidField("username", "account.reserved_name")] if values["_id"] in RESERVED_USERNAMES else []
    reserved += [InvalidField("roles", "account.reserved_role")] if SYSTEM in values["roles"] else []
    if reserved:
        raise InvalidValueError(tuple(reserved))
    try:
        account = Account.model_validate(values)
    except ValidationError as error:
        raise InvalidValueError(_invalid_fields(error)) from None  # pydantic's message repeats the values
    document: dict[str, Any] = account.model_dump(by_alias=True, exclude_none=True, exclude={"revision_id"})
    document["purposes"] = [purpose.value for purpose in account.purposes]
    return document


def _invalid_fields(error: ValidationError) -> tuple[InvalidField, ...]:
    names = {"_id": "username", "id": "username"}
    return tuple(
        InvalidField(names.get(str(item["loc"][0]), str(item["loc"][0])), item["type"])
        for item in error.errors(include_input=False, include_url=False)
    )
