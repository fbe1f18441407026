"""The jobs that write: each with something to do, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bson import ObjectId

from tests.faults.operations.credit import indebted
from tests.faults.operations.customers import OFFICER, account, at, attached, company, consent, day, person, seen
from tests.faults.operations.service import AGENT, TRAINER, planned, ticket
from tests.faults.stage import Operation, Prepare, Stage, Work

Make = Callable[[Stage], Awaitable[Any]]


def _job(name: str, make: Make) -> Prepare:
    async def prepare(stage: Stage) -> Operation:
        await stage.run_job(name)  # what others left for it
        await make(stage)
        return Work(name, await stage.api.services.ledger.enqueue(name))

    return prepare


def _row_id(public: str) -> ObjectId:
    return ObjectId(public.rpartition("_")[2])


async def _set(stage: Stage, collection: str, public: str, **values: Any) -> None:
    """Has time gone by for a row."""
    await stage.api.services.database[collection].update_one({"_id": _row_id(public)}, {"$set": values})


async def _old_job(stage: Stage) -> None:
    job_id = await stage.run_job("service.escalations")
    await _set(stage, "jobs", job_id, created_at=datetime.now(UTC) - timedelta(days=31))


async def _leavings(stage: Stage) -> None:
    """A file of a customer who was erased, and an upload that was given up."""
    customer = await person(stage)
    await attached(stage, customer["id"])
    await stage.done("demo.admin", "deleteCustomer", **seen(customer))
    services = stage.api.services
    other = _row_id(await company(stage))
    key = await services.storage.keyring.data_key(other)
    writer = await services.storage.files.begin(key, ObjectId())
    await writer.write(bytes(1 << 20))
    given_up = {"since": datetime.now(UTC) - timedelta(days=2)}
    await services.database["attachments.unfinished"].update_one({"_id": writer.file_id}, {"$set": given_up})


async def _late(stage: Stage) -> None:
    opened = datetime.now(UTC) - timedelta(days=20)
    values = {"opened_at": opened, "next_due_at": opened + timedelta(minutes=1)}
    await _set(stage, "tickets", (await ticket(stage))["id"], **values)


async def _lapsed(stage: Stage) -> None:
    held = await stage.done(TRAINER, "scheduleTraining", **await planned(stage))
    result: dict[str, Any] = {"session": held["id"], "person": AGENT, "attended": True, "passed": True}
    made = await stage.done(TRAINER, "recordTrainingResult", **result)
    await _set(stage, "training_results", made["id"], valid_until=day(-10))


async def _ending_undertaking(stage: Stage) -> None:
    who = await account(stage)
    soon = {"$set": {"expires_at": datetime.now(UTC) + timedelta(days=20)}}
    await stage.api.services.database["undertakings"].update_one({"staff": who}, soon)


async def _ending_agreement(stage: Stage) -> None:
    made = await stage.done(OFFICER, "addPartner", name=f"合作方{stage.number()}")
    await stage.done(OFFICER, "signSharingAgreement", partner=made["id"], signedAt=at(-1), expiresAt=at(10))


async def _due_review(stage: Stage) -> None:
    await _set(stage, "customers", (await person(stage))["id"], next_review_on=day(3))


async def _rewrap(stage: Stage) -> Operation:
    """After a rotation, which enqueues it."""
    await stage.run_job("keys.rewrap")
    keys = (await stage.asked(OFFICER, "{ keys { vaultKeys { fingerprint state } } }"))["keys"]["vaultKeys"]
    [active] = (key["fingerprint"] for key in keys if key["state"] == "ACTIVE")
    made = await stage.done(OFFICER, "rotateVaultKey", replaces=active)
    return Work("keys.rewrap", str(_row_id(made["id"])))


OPERATIONS: Final[dict[str, Prepare]] = {
    "keys.rewrap": _rewrap,
    "jobs.housekeeping": _job("jobs.housekeeping", _old_job),
    "attachments.sweep": _job("attachments.sweep", _leavings),
    "credit.collection_steps": _job("credit.collection_steps", indebted),
    "service.escalations": _job("service.escalations", _late),
    "training.validity": _job("training.validity", _lapsed),
    "information.expiring_undertakings": _job("information.expiring_undertakings", _ending_undertaking),
    "information.expiring_consents": _job("information.expiring_consents", consent),
    "information.expiring_agreements": _job("information.expiring_agreements", _ending_agreement),
    "information.reviews": _job("information.reviews", _due_review),
}
"""Every job of the product."""
