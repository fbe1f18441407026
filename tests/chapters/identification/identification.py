"""What the tests of identification do again and again: verify, confirm, assess, each as the person whose work it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api import Api
from tests.chapters.credit.credit import ERRORS, done

RECORD = f"""mutation($i: RecordVerificationInput!) {{ recordVerification(input: $i) {{ {ERRORS} verification {{
  id version state method covers verifiedWith documents result referenceNumber note verifiedAt expiresOn
  verifier {{ username }} confirmedBy {{ username }} customer {{ id }} }} }} }}"""
CONFIRM = f"""mutation($i: ConfirmVerificationInput!) {{ confirmVerification(input: $i) {{ {ERRORS} verification {{
  id version state confirmedBy {{ username }} confirmedAt }} }} }}"""
WITHDRAW = f"""mutation($i: WithdrawVerificationInput!) {{ withdrawVerification(input: $i) {{ {ERRORS} verification {{
  id version state withdrawnAt withdrawalReason }} }} }}"""
ASSESS_RISK = f"""mutation($i: AssessRiskInput!) {{ assessRisk(input: $i) {{ {ERRORS} riskAssessment {{
  id version level score inputs {{ factor value }} points {{ factor points basis rule }} table tableNumber validUntil
  note createdBy {{ username }} customer {{ id }} }} }} }}"""
ENTERPRISE_LOW = {
    "industry": "manufacturing",
    "state_of_business": "operating",
    "credit_record": "clean",
    "years_established": "8",
    "overdue_count": "0",
}


def verification(customer: str, **more: Any) -> dict[str, Any]:
    return {
        "customer": customer,
        "method": "AUTHORITY",
        "covers": ["name", "unifiedSocialCreditCode"],
        "verifiedWith": "徐州市市场监督管理局",
        "result": "MATCHED",
        "referenceNumber": "XZ-2026-00071234",
        **more,
    }


def risk_inputs(values: Mapping[str, str | None]) -> list[dict[str, Any]]:
    return [{"factor": factor, "value": value} for factor, value in values.items()]


async def verified(api: Api, customer: str, **more: Any) -> dict[str, Any]:
    """A verification that the manager recorded and the credit officer confirmed."""
    made = await done(api, "demo.manager", RECORD, **verification(customer, **more))
    return await done(api, "demo.credit", CONFIRM, id=made["id"], version=made["version"])


async def assessed(api: Api, customer: str, **values: str | None) -> dict[str, Any]:
    """An enterprise of low risk, but for `values`."""
    inputs = risk_inputs({**ENTERPRISE_LOW, **values})
    return await done(api, "demo.credit", ASSESS_RISK, customer=customer, inputs=inputs)
