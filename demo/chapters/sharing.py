"""The demo's partner (I7): an agreement with it, and what a few customers of one manager agreed to share.

Each step goes through the use case of the person whose work it is, under a key: started again, it makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from demo.callers import demo_caller
from demo.chapters.own_customers import own_customers
from documents.reading.customers import CustomerReader
from documents.writing.idempotency import IdempotentRequest
from policies.authorize import PolicyEngine
from resolvers.caller import Caller, idempotent
from resolvers.chapters.information.sharing import AddPartner, GiveConsent, Sharing, SignAgreement

COUNT: Final = 6
MANAGER, OFFICER = "demo.manager", "demo.security"
_FIELDS: Final = (["name", "telephone"], ["name"], ["name", "telephone", "email"])
_AGREED: Final = ["name", "telephone", "email", "region"]
Given = TypeVar("Given")
UseCase = Callable[[Caller, Given, IdempotentRequest | None], Awaitable[str]]


async def seed_sharing(sharing: Sharing, engine: PolicyEngine, reader: CustomerReader, now: datetime) -> str:
    """The partner's id. One agreement for a year; consents of different fields, one of which ends next week."""
    company = AddPartner(name="彭城物流有限公司", shared_for="货物配送")
    partner = await _do(OFFICER, sharing.add_partner, "partner", company)
    agreement = SignAgreement(
        partner=partner,
        fields=_AGREED,
        signed_at=now - timedelta(days=20),
        expires_at=now + timedelta(days=345),
    )
    await _do(OFFICER, sharing.sign_agreement, "agreement", agreement)
    for index, customer in enumerate(await own_customers(engine, reader, MANAGER, COUNT)):
        consent = GiveConsent(
            customer=customer["id"],
            partner=partner,
            fields=_FIELDS[index % len(_FIELDS)],
            given_at=now - timedelta(days=10),
            expires_at=now + timedelta(days=7 if index == 0 else 180),
        )
        await _do(MANAGER, sharing.give_consent, f"consent {index}", consent)
    return partner


async def _do(username: str, use_case: UseCase[Given], name: str, given: Given) -> str:
    caller = demo_caller(username, key="demo")
    return await use_case(caller, given, idempotent(caller, f"sharing {name}", [name]))
