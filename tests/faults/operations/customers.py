"""Customers, their files, and what is recorded of their information."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from stdnum.cn import ric

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from tests.api import PASSWORD_HASH
from tests.documents.chapters.attachments.files import PDF
from tests.faults.stage import Asked, Operation, Prepare, Stage, Upload

MANAGER, ADMIN, OFFICER = "demo.manager", "demo.admin", "demo.security"
SALES, SERVICE = "sales-east", "service"


def at(days: float) -> str:
    """The time, so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def day(days: int) -> str:
    """The day, so many days from now."""
    return str(date.fromisoformat(at(days)[:10]))


def seen(record: dict[str, Any]) -> dict[str, Any]:
    """The record and its version, as an operation on it names them."""
    return {"id": record["id"], "version": record["version"]}


def resident_id() -> str:
    """A number that nobody has yet."""
    body = f"3203031990{secrets.randbelow(12) + 1:02}{secrets.randbelow(28) + 1:02}{secrets.randbelow(1000):03}"
    return body + str(ric.calc_check_digit(body + "0"))


def individual(**more: Any) -> dict[str, Any]:
    """A new individual with an identifier, and fields that are sealed."""
    given = {"sourceChannel": "CONTRACT", "name": "测试一人", "telephone": "13812345678", "idNumber": resident_id()}
    return {"individual": {**given, **more}}


def enterprise(manager: str = MANAGER, department: str = SALES) -> dict[str, Any]:
    """A new enterprise."""
    given = {"sourceChannel": "CONTRACT", "name": "徐州测试机械有限公司", "address": "徐州市云龙区解放南路1号"}
    return {"enterprise": {**given, "accountManager": manager, "department": department}}


async def person(stage: Stage, **more: Any) -> dict[str, Any]:
    """An individual of the manager's own."""
    return await stage.done(MANAGER, "createCustomer", **individual(**more))


async def company(stage: Stage) -> str:
    """The id of an enterprise of the manager's own."""
    return str((await stage.done(MANAGER, "createCustomer", **enterprise()))["id"])


async def served(stage: Stage) -> str:
    """The id of an enterprise of the service department."""
    return str((await stage.done(ADMIN, "createCustomer", **enterprise("demo.agent", SERVICE)))["id"])


async def attached(stage: Stage, customer: str) -> str:
    """The id of a file of the customer."""
    made = await stage.here(Upload("demo.credit", customer, PDF), secrets.token_hex())
    assert isinstance(made, str), made
    return made


async def account(stage: Stage) -> str:
    """A new account of an agent, that may log in, and has signed."""
    username = f"staff.{secrets.token_hex(4)}"
    new = NewAccount(
        username,
        display_name=username,
        roles=["service_agent"],
        purposes=[Purpose.CUSTOMER_SERVICE],
        department=SERVICE,
        password_hash=PASSWORD_HASH,
    )
    await stage.api.services.accounts.add(new)
    await stage.done(username, "signUndertaking", Purpose.CUSTOMER_SERVICE.value, textVersion=1)
    return username


async def partner(stage: Stage) -> str:
    """The id of a partner with an agreement."""
    made = await stage.done(OFFICER, "addPartner", name=f"合作方{secrets.token_hex(4)}")
    await stage.done(OFFICER, "signSharingAgreement", partner=made["id"], signedAt=at(-1), expiresAt=at(30))
    return str(made["id"])


async def consent(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is given to consent, and the record."""
    customer = await person(stage)
    given = {"customer": customer["id"], "partner": await partner(stage), "fields": ["name", "telephone"]}
    given |= {"givenAt": at(-1), "expiresAt": at(10)}
    return given, await stage.done(MANAGER, "giveConsent", **given)


async def _create(_: Stage) -> Operation:
    return Asked(MANAGER, "createCustomer", individual())


async def _update(stage: Stage) -> Operation:
    given = {**seen(await person(stage)), "sourceChannel": "FEEDBACK", "telephone": "13912345678", "name": "另一人"}
    return Asked(MANAGER, "updateCustomer", {"individual": {**given, "idNumber": resident_id()}})


async def _hand_over(stage: Stage) -> Operation:
    """With records that follow, reminders among them."""
    given, _ = await consent(stage)
    customer = given["customer"]
    await stage.done(MANAGER, "recordReview", customer=customer, result="UNREACHABLE")
    await stage.done("demo.agent", "openTicket", customer=customer, subject="发票")
    change = {
        "id": customer,
        "version": await stage.version(customer),
        "sourceChannel": "FEEDBACK",
        "accountManager": "hu.xinyue",
    }
    return Asked(ADMIN, "updateCustomer", {"individual": {**change, "department": "sales-west"}})


async def _delete(stage: Stage) -> Operation:
    given, _ = await consent(stage)
    customer = given["customer"]
    await stage.done("demo.agent", "openTicket", customer=customer, subject="发票")
    await attached(stage, customer)
    changed = {"id": customer, "version": await stage.version(customer), "sourceChannel": "FEEDBACK", "name": "改名"}
    after = await stage.done(MANAGER, "updateCustomer", individual=changed)
    return Asked(ADMIN, "deleteCustomer", seen(after))


async def _reveal(stage: Stage) -> Operation:
    customer = await person(stage)
    token = await stage.stepped_up("demo.agent")
    given = {"customer": customer["id"], "field": "telephone", "reason": "客户要求回电核实"}
    return Asked("demo.agent", "reveal", given, token=token)


async def _attach(stage: Stage) -> Operation:
    return Upload("demo.credit", await company(stage), PDF)


async def _review(stage: Stage) -> Operation:
    """One that ends a reminder."""
    customer = await person(stage)
    await stage.remind_of_review(customer["id"])
    given = {"customer": customer["id"], "result": "CORRECTED", "corrected": ["telephone"], "note": "已核实"}
    return Asked(MANAGER, "recordReview", given)


async def _complete_reminder(stage: Stage) -> Operation:
    customer = await person(stage)
    await stage.remind_of_review(customer["id"])
    listed = await stage.asked(MANAGER, "{ reminders(first: 100) { nodes { id version about state } } }")
    [found] = [one for one in listed["reminders"]["nodes"] if one["about"] == customer["id"]]
    return Asked(MANAGER, "completeReminder", seen(found))


async def _sign(stage: Stage) -> Operation:
    return Asked(await account(stage), "signUndertaking", {"textVersion": 1}, "customer_service")


async def _withdraw_undertaking(stage: Stage) -> Operation:
    who = await account(stage)
    query = f'{{ undertakings(filter: {{ staff: {{ eq: "{who}" }} }}) {{ nodes {{ id version }} }} }}'
    [known] = (await stage.asked(OFFICER, query))["undertakings"]["nodes"]
    return Asked(OFFICER, "withdrawUndertaking", {**known, "withdrawalReason": "调离"})


async def _add_partner(stage: Stage) -> Operation:
    return Asked(OFFICER, "addPartner", {"name": f"合作方{stage.number()}"})


async def _sign_agreement(stage: Stage) -> Operation:
    made = await stage.done(OFFICER, "addPartner", name=f"合作方{stage.number()}")
    given = {"partner": made["id"], "signedAt": at(-1), "expiresAt": at(30), "fields": ["name"]}
    return Asked(OFFICER, "signSharingAgreement", given)


async def _end_agreement(stage: Stage) -> Operation:
    made = await stage.done(OFFICER, "addPartner", name=f"合作方{stage.number()}")
    given = {"partner": made["id"], "signedAt": at(-1), "expiresAt": at(30)}
    return Asked(OFFICER, "endSharingAgreement", seen(await stage.done(OFFICER, "signSharingAgreement", **given)))


async def _consent(stage: Stage) -> Operation:
    customer = await person(stage)
    given = {"customer": customer["id"], "partner": await partner(stage), "fields": ["name", "telephone"]}
    return Asked(MANAGER, "giveConsent", {**given, "givenAt": at(-1), "expiresAt": at(10)})


async def _withdraw_consent(stage: Stage) -> Operation:
    return Asked(MANAGER, "withdrawConsent", seen((await consent(stage))[1]))


OPERATIONS: Final[dict[str, Prepare]] = {
    "createCustomer": _create,
    "updateCustomer": _update,
    "updateCustomer: hand over": _hand_over,
    "deleteCustomer": _delete,
    "reveal": _reveal,
    "POST /attachments": _attach,
    "recordReview": _review,
    "completeReminder": _complete_reminder,
    "signUndertaking": _sign,
    "withdrawUndertaking": _withdraw_undertaking,
    "addPartner": _add_partner,
    "signSharingAgreement": _sign_agreement,
    "endSharingAgreement": _end_agreement,
    "giveConsent": _consent,
    "withdrawConsent": _withdraw_consent,
}
