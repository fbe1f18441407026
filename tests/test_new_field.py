"""A field is declared once: one line more in a class is a field stored, denied, ruled and served.

The line is really added, to a copy of the program that runs as a process of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.patience import PROCESS_SECONDS

ROOT = Path(__file__).parent.parent
PACKAGES = ("commands", "demo", "documents", "jobs", "policies", "resolvers", "schema", "web", "tests")
MARK = '    gender: Annotated[Gender | None, declare("Gender"'
DECLARATION = 'declare("Blood type", "血型", PERSONAL, encrypted=True, search=EXACT)'
LINE = f"    blood_type: Annotated[Text | None, {DECLARATION}] = None\n"

SCRIPT = '''
import asyncio, sys
from pathlib import Path
from documents.registry import CATALOGUE
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


def test_one_line_adds_a_field(mongodb_uri: str, tmp_path: Path) -> None:
    """Stored encrypted, denied by default, then served and found under rules; in the SDL with its directives."""
    copy = tmp_path / "program"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("node_modules"))
    for module in ("app.py", "settings.py"):
        shutil.copy(ROOT / module, copy / module)
    declarations = copy / "documents" / "chapters" / "customers" / "kinds.py"
    text = declarations.read_text(encoding="utf-8")
    assert text.count(MARK) == 1
    declarations.write_text(text.replace(MARK, LINE + MARK), encoding="utf-8")
    (copy / "try_field.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "try_field.py", mongodb_uri, str(tmp_path / "data")],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PROCESS_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.strip() == "served"
