"""What the tests of credit do again and again: rate, sign, invoice, pay, each as the person whose work it is."""

from __future__ import annotations

from typing import Any

from tests.api import Api
from tests.documents.chapters.attachments.files import PDF

ERRORS = "userErrors { code field message rule }"
ASSESS = f"""mutation($i: AssessCreditInput!) {{ assessCredit(input: $i) {{ {ERRORS} creditAssessment {{
  id version state grade creditLimit currency limitBasis total quantitative adjustment judgement evidence tableNumber
  inputs {{ indicator value }} points {{ indicator group score weight weighted }} customer {{ id }} }} }} }}"""
SIGN = f"""mutation($i: SignContractInput!) {{ signContract(input: $i) {{ {ERRORS} contract {{
  id version number subject amount currency signedOn paymentDays lateDailyRate graceDays liability state
  exposureOutcome exposure limitAtSigning customer {{ id }} }} }} }}"""
INVOICE = f"""mutation($i: RecordInvoiceInput!) {{ recordInvoice(input: $i) {{ {ERRORS} receivable {{
  id version number amount currency balance state dueOn isOverLimit }} }} }}"""
PAY = f"""mutation($i: RecordPaymentInput!) {{ recordPayment(input: $i) {{ {ERRORS} payment {{
  id amount currency unallocated allocations {{ receivable amount }} }} }} }}"""
EXCELLENT = {
    "current_ratio": "2.5",
    "debt_percent": "20",
    "revenue_growth_percent": "12",
    "receivable_days": "30",
    "paid_in_time_percent": "99",
    "market_share_percent": "16",
}


async def done(api: Api, who: str, query: str, **given: Any) -> dict[str, Any]:
    """The record that a mutation answers with; fails where it was refused."""
    answer = await api.ask(who, query, {"i": given}, purpose=purpose_of(who))
    assert "errors" not in answer, answer
    [payload] = answer["data"].values()
    assert payload["userErrors"] == [], payload
    [record] = (value for name, value in payload.items() if name != "userErrors")
    assert isinstance(record, dict)
    return record


async def refused(api: Api, who: str, query: str, **given: Any) -> list[dict[str, Any]]:
    """The errors of a mutation that is refused."""
    answer = await api.ask(who, query, {"i": given}, purpose=purpose_of(who))
    assert "errors" not in answer, answer
    [payload] = answer["data"].values()
    errors: list[dict[str, Any]] = payload["userErrors"]
    assert errors
    return errors


def purpose_of(who: str) -> str:
    return {
        "demo.credit": "risk_assessment",
        "demo.creditmanager": "risk_assessment",
        "demo.agent": "customer_service",
    }.get(who, "business_operation")


async def new_customer(api: Api, manager: str = "demo.manager") -> str:
    """An enterprise of the manager's own."""
    create = (
        "mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } userErrors { code field } } }"
    )
    given = {
        "enterprise": {
            "sourceChannel": "CONTRACT",
            "name": "徐州测试机械有限公司",
            "accountManager": manager,
            "department": "sales-east",
            "address": "徐州市云龙区解放南路1号",
        }
    }
    answer = await api.ask("demo.manager", create, {"i": given}, purpose="business_operation")
    return str(answer["data"]["createCustomer"]["customer"]["id"])


async def rated(api: Api, customer: str, revenue: str = "10000000", **more: Any) -> dict[str, Any]:
    """Rates a customer as excellent: its limit is 15 % of the revenue, half of it while its risk is not known."""
    inputs = [{"indicator": name, "value": value} for name, value in EXCELLENT.items()]
    return await done(api, "demo.credit", ASSESS, customer=customer, inputs=inputs, annualRevenue=revenue, **more)


def contract_terms(customer: str, number: str = "HT-1", amount: str = "100000", **more: Any) -> dict[str, Any]:
    return {
        "customer": customer,
        "number": number,
        "subject": "数控机床",
        "amount": amount,
        "signedOn": "2026-01-05",
        "paymentDays": 30,
        "lateDailyRate": "0.0005",
        "liability": "逾期付款的，按日支付违约金。",
        **more,
    }


async def signed(api: Api, customer: str, **given: Any) -> dict[str, Any]:
    """A contract in force, approved where its handling asks for it."""
    contract = await done(api, "demo.manager", SIGN, **contract_terms(customer, **given))
    if contract["state"] == "AWAITING_APPROVAL":
        approve = f"""mutation($i: ApproveContractInput!) {{ approveContract(input: $i) {{ {ERRORS} contract {{
            id version state approvedBy {{ username }} }} }} }}"""
        given = {"id": contract["id"], "version": contract["version"]}
        contract |= await done(api, "demo.creditmanager", approve, **given)
    return contract


async def invoiced(api: Api, contract: str, number: str, amount: str, due_on: str) -> dict[str, Any]:
    return await done(
        api,
        "demo.manager",
        INVOICE,
        contract=contract,
        number=number,
        amount=amount,
        issuedOn="2026-01-10",
        dueOn=due_on,
    )


async def paid(api: Api, customer: str, amount: str, **more: Any) -> dict[str, Any]:
    given = {"customer": customer, "amount": amount, "currency": "CNY", "receivedOn": "2026-03-01", **more}
    return await done(api, "demo.manager", PAY, **given)


async def attached(api: Api, customer: str, category: str) -> str:
    """A file that the credit officer adds to a customer."""
    response = await api.http.post(
        "/attachments",
        params={"customer": customer, "category": category},
        content=PDF,
        headers={
            "authorization": f"Bearer {await api.login('demo.credit')}",
            "dossier-purpose": "risk_assessment",
            "content-type": "application/pdf",
            "content-disposition": "attachment; filename*=UTF-8''report.pdf",
        },
    )
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["id"])
