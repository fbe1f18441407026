"""A field is declared once: one line more in a class is a field stored, denied, ruled and served.

The line is really added, to a copy of the program that runs as a process of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.copied_program import add, copied_program, run

MARK = '    gender: Annotated[Gender | None, declare("Gender"'
DECLARATION = 'declare("Blood type", "血型", PERSONAL, encrypted=True, search=EXACT)'
LINE = f"    blood_type: Annotated[Text | None, {DECLARATION}] = None\n"

SCRIPT = '''
import asyncio, sys
from pathlib import Path
from tests.api import demo

CREATE = """mutation($i: CreateCustomerInput!) { createCustomer(input: $i) {
    customer { id ... on Individual { bloodType } } userErrors { code field } } }"""
READ = "query($i: ID!) { customer(id: $i) { ... on Individual { bloodType } } }"
FIND = \'{ customers(filter: {bloodType: {eq: "AB-negative"}}) { nodes { id } } }\'
ACCESS = "{ viewer { access(kind: INDIVIDUAL) { field level encrypted labelZh } } }"


async def main() -> None:
    async with demo(sys.argv[1], Path(sys.argv[2]), 20) as api:
        manager = {"username": "demo.manager", "purpose": "business_operation"}
        credit = {"username": "demo.credit", "purpose": "risk_assessment"}
        given = {"individual": {"sourceChannel": "CONTRACT", "name": "新字段", "bloodType": "AB-negative"}}
        made = (await api.ask(**manager, query=CREATE, variables={"i": given}))["data"]["createCustomer"]
        assert made["customer"]["bloodType"] == "AB-negative", made  # the manager may read all of own customers
        (row,) = await api.services.database["customers"].find({"name": "新字段"}).to_list()
        assert isinstance(row["blood_type"], bytes) and b"AB-negative" not in row["blood_type"]

        # Denied by default: no rule of the credit officer names the class of the new field.
        read = await api.ask(**credit, query=READ, variables={"i": made["customer"]["id"]})
        assert read["data"]["customer"] == {"bloodType": None}
        assert read["extensions"]["access"] == [
            {"kind": "INDIVIDUAL", "field": "bloodType", "level": "DENIED", "reason": "NO_RULE"}]
        found = await api.ask(**credit, query=FIND)
        assert found["errors"][0]["extensions"] == {"code": "FILTER_DENIED", "fields": ["bloodType"]}

        # Served under a rule, found under another.
        store = api.services.store
        rules = store.compiler.rule_set.to_csv()
        rules += "\\np, credit_officer, all, individual, blood_type, read, risk_assessment, allow"
        rules += "\\np, credit_officer, all, individual, blood_type, filter, risk_assessment, allow\\n"
        await store.activate(rules, by="test")
        read = await api.ask(**credit, query=READ, variables={"i": made["customer"]["id"]})
        assert read["data"]["customer"] == {"bloodType": "AB-negative"} and "extensions" not in read
        found = await api.ask(**credit, query=FIND)
        assert found["data"]["customers"]["nodes"] == [{"id": made["customer"]["id"]}]
        access = await api.ask(**credit, query=ACCESS)
        entry = next(item for item in access["data"]["viewer"]["access"] if item["field"] == "bloodType")
        assert entry == {"field": "bloodType", "level": "PLAIN", "encrypted": True, "labelZh": "血型"}

    sdl = __import__("app").print_schema()
    assert "bloodType: String @sensitive(class: PERSONAL) @encrypted" in sdl
    print("served")


asyncio.run(main())
'''


@pytest.mark.slow
def test_one_line_adds_a_field(mongodb_uri: str, tmp_path: Path) -> None:
    """Stored encrypted, denied by default, then served and found under rules; in the SDL with its directives."""
    copy = copied_program(tmp_path)
    add(copy, "documents/chapters/customers/kinds.py", LINE, before=MARK)
    assert run(copy, SCRIPT, mongodb_uri, str(tmp_path / "data")) == "served"
