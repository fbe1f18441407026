"""A record with one operation stands in the rooms of its chapter: what is written of it is here, whole.

It is really added, to a copy of the program that runs as a process of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.copied_program import add, copied_program, run

KIND = """    COLLATERAL = "collateral", "Collateral", "担保物"
"""
CLASS = '''class Collateral(CustomerRecord):
    """What a customer pledged for its debts (K6)."""

    kind: ClassVar[Kind] = Kind.COLLATERAL
    collection: ClassVar[str] = "collaterals"
    recent: ClassVar[int] = 5

    subject: Annotated[Text, declare("Subject", "担保物名称", BASIC, search=EXACT)]
    worth: Annotated[Amount, declare("Worth", "估值", FINANCIAL, encrypted=True)]
    pledged_on: Annotated[date, declare("Pledged on", "担保日期", BASIC, search=RANGED, sortable=True)]


'''
USE_CASE = '''"""Collateral (K6): what customers pledge for their debts."""

from documents.declaring.kind import Kind
from documents.reading.visible_rows import refuse_creation
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE
from resolvers.caller import Caller
from resolvers.inputs import OfCustomer, without
from resolvers.operations import RecordOperations


class PledgeCollateral(OfCustomer):
    """What is pledged."""

    subject: str
    worth: str
    pledged_on: str


async def pledge(
    operations: RecordOperations, caller: Caller, given: PledgeCollateral, request: IdempotentRequest | None
) -> str:
    """Records a pledge of the customer."""
    plan = await operations.plan(caller, Kind.COLLATERAL, CREATE)
    customer, values = await operations.customer(caller, given["customer"]), without(given, "customer")
    refuse_creation(plan, Kind.COLLATERAL, customer, values)

    async def work(writes: RecordWrites) -> str:
        return await writes.insert(plan, Kind.COLLATERAL, values, customer=customer, by=caller.username)

    return await operations.run(caller, work, request)
'''
DOOR_IMPORT = """from functools import partial
from resolvers.chapters.credit.collateral import pledge
"""
DOOR = """        self.pledge = partial(pledge, operations)
"""
OPERATION = """    Operation(
        "pledge_collateral",
        Kind.COLLATERAL,
        lambda use_cases: use_cases.credit.pledge,
        "Records what a customer pledges for its debts." + RETRY,
        fields=("subject!", "worth!", "pledged_on!"),
        on="customer",
    ),
"""
RULES = """p, account_manager, own, collateral, *, create read filter, business_operation, allow
"""
CREDIT = "documents/chapters/credit/kinds.py"
ADDED = (
    ("documents/declaring/kind.py", KIND, "    HANDLING_CHANGE ="),  # the registration: the name of the kind
    (CREDIT, CLASS, "KINDS: Final = ("),
    ("resolvers/chapters/credit/use_cases.py", DOOR_IMPORT, "from resolvers.chapters.credit.contracts"),
    ("resolvers/chapters/credit/use_cases.py", DOOR, "        self.contracts ="),
    ("schema/chapters/credit/operations.py", OPERATION, '    Operation(\n        "sign_contract",'),
    ("policies/default/credit.csv", RULES, "p, sales_manager, department, contract receivable"),
)

SCRIPT = '''
import asyncio, sys
from pathlib import Path
from tests.api import demo

PLEDGE = """mutation($i: PledgeCollateralInput!) { pledgeCollateral(input: $i) { userErrors { code field }
    collateral { id subject worth pledgedOn customer { id } } } }"""
LIST = """{ collaterals(filter: {subject: {eq: "Warehouse 3"}}, sort: {field: PLEDGED_ON}) { nodes { id worth } } }"""
OWN = """{ customers(first: 1, filter: {accountManager: {eq: "demo.manager"}}) { nodes { id } } }"""


async def main() -> None:
    async with demo(sys.argv[1], Path(sys.argv[2]), 20) as api:
        manager = {"username": "demo.manager", "purpose": "business_operation"}
        ((customer,),) = [answer["data"]["customers"]["nodes"] for answer in [await api.ask(**manager, query=OWN)]]
        given = {"customer": customer["id"], "subject": "Warehouse 3", "worth": "1250000.50", "pledgedOn": "2026-03-01"}
        made = (await api.ask(**manager, query=PLEDGE, variables={"i": given}))["data"]["pledgeCollateral"]
        assert made["userErrors"] == [] and made["collateral"]["worth"] == "1250000.50", made
        assert made["collateral"]["customer"] == {"id": customer["id"]}, made
        (row,) = await api.services.database["collaterals"].find().to_list()
        assert isinstance(row["worth"], bytes) and row["_owner"] == "demo.manager", row
        listed = (await api.ask(**manager, query=LIST))["data"]["collaterals"]["nodes"]
        assert listed == [{"id": made["collateral"]["id"], "worth": "1250000.50"}], listed

        # Denied to everybody whom no rule names: refused before a value is looked at, and nothing is written.
        agent = {"username": "demo.agent", "purpose": "customer_service"}
        refused = await api.ask(**agent, query=PLEDGE, variables={"i": given | {"worth": "-5"}})
        assert "DENIED" in str(refused) and "value." not in str(refused), refused
        assert await api.services.database["collaterals"].count_documents({}) == 1
        entries = await api.ask("demo.inspector", "{ auditTrail(first: 50) { nodes { touches { kind } } } }",
                                purpose="supervision")
        assert "COLLATERAL" in str(entries), entries
    print("served")


asyncio.run(main())
'''


@pytest.fixture
def program(tmp_path: Path) -> Path:
    copy = copied_program(tmp_path)
    for module, lines, before in ADDED:
        add(copy, module, lines, before)
    (copy / "resolvers/chapters/credit/collateral.py").write_text(USE_CASE, encoding="utf-8")
    kinds = copy / CREDIT
    kinds.write_text(kinds.read_text("utf-8").replace("KINDS: Final = (", "KINDS: Final = (Collateral, "), "utf-8")
    return copy


def test_a_record_with_one_operation_stands_in_the_rooms_of_its_chapter(
    mongodb_uri: str, tmp_path: Path, program: Path
) -> None:
    """Stored with its money sealed, created under rules, listed, filtered, ordered, had with its customer, recorded."""
    assert run(program, SCRIPT, mongodb_uri, str(tmp_path / "data")) == "served"


def test_little_is_written_for_it() -> None:
    """In the chapter's rooms but for the one line that registers the kind."""
    outside = [(module, lines) for module, lines, _ in ADDED if "credit" not in module]
    assert [module for module, _ in outside] == ["documents/declaring/kind.py"]
    assert outside[0][1].count("\n") == 1
    written = USE_CASE + "".join(lines for _, lines, _ in ADDED)
    assert len([line for line in written.splitlines() if line]) <= 60
