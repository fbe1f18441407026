"""Every demo login of the staff signs the confidentiality undertaking, or it would see nothing."""

from __future__ import annotations

from demo.accounts import DEMO_ACCOUNTS
from demo.callers import demo_caller
from documents.chapters.information.undertaking_text import CURRENT
from resolvers.caller import idempotent
from resolvers.chapters.information.undertakings import Confidentiality


async def sign_undertakings(confidentiality: Confidentiality) -> None:
    """Signs for those who have not."""
    for account in DEMO_ACCOUNTS:
        if not account.is_staff:
            continue
        caller = demo_caller(account.username, key="demo")
        request = idempotent(caller, "undertaking", ["sign"])
        await confidentiality.sign(caller, {"text_version": CURRENT.version}, request)
