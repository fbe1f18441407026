"""Lists of customers: pages, filters, order and search over the API, and what they cost the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from documents.declaring.fields import FieldSpec, Search, ValueType
from documents.registry import CATALOGUE
from tests.api import Api

AGENT = {"username": "demo.agent", "purpose": "customer_service"}
MANAGER = {"username": "demo.manager", "purpose": "business_operation"}
CREDIT = {"username": "demo.credit", "purpose": "risk_assessment"}
PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $filter: CustomerFilter, $sort: CustomerSort,
    $search: String, $kinds: [CustomerKind!]) {
  customers(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort, search: $search,
    kinds: $kinds) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id name telephone createdAt region ... on Individual { idNumber } } } }"""
SEARCH = "query($s: String) { customers(search: $s) { nodes { id } } }"
ORDERS = [
    {"field": field, "direction": direction}
    for field in ("NAME", "CREATED_AT", "UPDATED_AT")
    for direction in ("ASC", "DESC")
]


async def page(api: Api, who: dict[str, str], **variables: Any) -> dict[str, Any]:
    answer = await api.ask(**who, query=PAGE, variables=variables)
    assert "errors" not in answer, answer
    connection: dict[str, Any] = answer["data"]["customers"]
    return connection


async def walk(api: Api, who: dict[str, str], *, backward: bool, **variables: Any) -> list[dict[str, Any]]:
    """All rows by pages of 17, in list order."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        window = {"last": 17, "before": cursor} if backward else {"first": 17, "after": cursor}
        found = await page(api, who, **window, **variables)
        rows = found["nodes"] + rows if backward else rows + found["nodes"]
        info = found["pageInfo"]
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            return rows
        cursor = info["startCursor" if backward else "endCursor"]


class TestPages:
    @pytest.mark.parametrize("order", [None, *ORDERS], ids=str)
    @pytest.mark.parametrize("backward", [False, True])
    async def test_every_row_once_and_in_order(
        self, demo_api: Api, order: dict[str, str] | None, backward: bool
    ) -> None:
        """Both directions, every order: the pages together are the whole list."""
        rows = await walk(demo_api, MANAGER, backward=backward, sort=order)
        assert len({row["id"] for row in rows}) == len(rows) == (await page(demo_api, MANAGER))["totalCount"]
        if order is not None and order["field"] != "UPDATED_AT":
            key = {"NAME": "name", "CREATED_AT": "createdAt"}[order["field"]]
            values = [row[key].encode() for row in rows]
            assert values == sorted(values, reverse=order["direction"] == "DESC")

    async def test_a_cursor_is_of_one_list_and_one_caller(self, demo_api: Api) -> None:
        """Another order, filter or caller refuses it, all in the same words; so does one that was tampered with."""
        cursor = (await page(demo_api, MANAGER, first=3))["pageInfo"]["endCursor"]
        tries = [
            (MANAGER, {"after": cursor, "sort": ORDERS[0]}),
            (MANAGER, {"after": cursor, "filter": {"status": {"eq": "ACTIVE"}}}),
            (AGENT, {"after": cursor}),
            (MANAGER, {"after": cursor[:-2] + "AA"}),
            (MANAGER, {"after": "x"}),
        ]
        for who, variables in tries:
            answer = await demo_api.ask(**who, query=PAGE, variables={"first": 3, **variables})
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_CURSOR"], variables

    @pytest.mark.parametrize(
        "window", [{"first": 0}, {"first": 101}, {"last": -1}, {"first": 1, "last": 1}, {"after": "a", "last": 1}]
    )
    async def test_an_impossible_window_is_refused_in_the_callers_language(
        self, demo_api: Api, window: dict[str, Any]
    ) -> None:
        """With a published code, in Chinese for those who read it."""
        answer = await demo_api.ask(**MANAGER, query=PAGE, variables=window, language="zh-CN")
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert not error["message"].isascii()


class TestSearch:
    async def test_by_name_pinyin_initials_and_any_part(self, demo_api: Api) -> None:
        """Four ways to the same customer."""
        create = """mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } } }"""
        given = {"enterprise": {"sourceChannel": "CONTRACT", "name": "彭城鼎盛器械行"}}
        made = await demo_api.ask(**MANAGER, query=create, variables={"i": given})
        wanted = made["data"]["createCustomer"]["customer"]["id"]
        for text in ("彭城鼎盛", "鼎盛器", "pengchengds"[:9], "dingsheng", "pcds", "DSQX", "peng cheng"):
            found = await page(demo_api, MANAGER, search=text)
            assert wanted in [row["id"] for row in found["nodes"]], text

    async def test_by_exact_telephone_identity_number_and_last_four(self, demo_api: Api) -> None:
        """National or international spelling, spaces or none; only in the rows where the caller may find by it."""
        rows = await walk(demo_api, MANAGER, backward=False, kinds=["INDIVIDUAL"])
        own = next(row for row in rows if row["idNumber"] and row["telephone"] and "*" not in row["telephone"])
        national = own["telephone"].removeprefix("+86")
        spellings = (own["telephone"], national, f"{national[:3]} {national[3:7]} {national[7:]}")
        for text in (*spellings, own["idNumber"], own["idNumber"].lower(), national[-4:]):
            found = await page(demo_api, MANAGER, search=text)
            assert own["id"] in [row["id"] for row in found["nodes"]], text
        # The agent may look for telephones, never for identity numbers.
        assert own["id"] in str(await page(demo_api, AGENT, search=national))
        assert own["id"] not in str(await demo_api.ask(**AGENT, query=PAGE, variables={"search": own["idNumber"]}))

    async def test_signs_of_patterns_are_letters_like_others(self, demo_api: Api) -> None:
        """Nobody searches by regular expression."""
        for text in (".*", "^", "(", "[a-z]", "\\", "$", "张|李"):
            assert (await page(demo_api, MANAGER, search=text))["totalCount"] == 0, text


class TestFilters:
    async def test_conditions_nest(self, demo_api: Api) -> None:
        """And, or, not: the count of a set and of its complement make the whole of the kinds that have the field."""
        enterprises = (await page(demo_api, CREDIT, kinds=["ENTERPRISE"]))["totalCount"]
        large = {"or": [{"registeredCapital": {"gte": "1000000"}}, {"size": {"in": ["LARGE", "MEDIUM"]}}]}
        some = (await page(demo_api, CREDIT, filter=large))["totalCount"]
        rest = (await page(demo_api, CREDIT, filter={"not": large}))["totalCount"]
        assert 0 < some < enterprises
        assert some + rest == enterprises

    @pytest.mark.parametrize(
        "condition",
        [{}, {"name": {}}, {"and": []}, {"or": []}, {"region": None}, {"region": {"eq": None}}, {"not": {}}],
    )
    async def test_an_empty_condition_is_an_error_and_never_everything(
        self, demo_api: Api, condition: dict[str, Any]
    ) -> None:
        """Null and empty lists are refused by name."""
        answer = await demo_api.ask(**MANAGER, query=PAGE, variables={"filter": condition})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert answer["data"] == {"customers": None}

    async def test_an_empty_list_of_values_finds_nothing(self, demo_api: Api) -> None:
        """`in: []` is a condition that no customer meets, encrypted or not."""
        for field in ("region", "telephone"):
            assert (await page(demo_api, MANAGER, filter={field: {"in": []}}))["totalCount"] == 0

    async def test_a_narrowed_filter_says_so(self, demo_api: Api) -> None:
        """A manager finds by identity number among own customers only, and the response tells."""
        answer = await demo_api.ask(**MANAGER, query=PAGE, variables={"filter": {"idNumber": {"lastFour": "0000"}}})
        assert answer["extensions"]["narrowed"] == [{"kind": "INDIVIDUAL", "field": "idNumber", "found": "SOME"}]


def sample(spec: FieldSpec) -> Any:
    """A filter value of the field's type that the database must look for."""
    if spec.choices is not None:
        return next(iter(spec.choices)).name
    return {
        ValueType.DATE: "2020-01-01",
        ValueType.DATETIME: "2026-01-01T00:00:00Z",
        ValueType.DECIMAL: "1000000",
        ValueType.INTEGER: 5,
        ValueType.PHONE_NUMBER: "13812345678",
        ValueType.EMAIL_ADDRESS: "a@example.com",
    }.get(spec.value_type, "demo.manager")


def conditions(spec: FieldSpec) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if Search.EQUALITY in spec.search:
        found.append({"eq": sample(spec)})
    if Search.RANGE in spec.search:
        found.append({"gte": sample(spec)})
    if Search.LAST_FOUR in spec.search:
        found.append({"lastFour": "1234"})
    if Search.NAME in spec.search:
        found.append({"matches": "zhang"})
    return found


FIELDS = {name: spec for fields in CATALOGUE.by_kind.values() for name, spec in fields.items() if spec.search}


@asynccontextmanager
async def profiled(api: Api) -> AsyncIterator[list[dict[str, Any]]]:
    """What the database did for `customers` in this block, by its own profiler."""
    database = api.services.database
    seen: list[dict[str, Any]] = []
    await database.command("profile", 2)
    try:
        yield seen
    finally:
        await database.command("profile", 0)
        namespace = f"{database.name}.customers"
        seen += await database["system.profile"].find({"ns": namespace, "op": {"$in": ["query", "command"]}}).to_list()
        await database["system.profile"].drop()


class TestCost:
    """The winning plans, as the database's profiler records them."""

    @pytest.mark.parametrize("who", [AGENT, MANAGER, CREDIT], ids=lambda who: who["username"])
    @pytest.mark.parametrize("order", ORDERS, ids=str)
    async def test_a_page_walks_an_index_in_order(
        self, demo_api: Api, who: dict[str, str], order: dict[str, str]
    ) -> None:
        """No collection scan, no sort in memory, and page five looks at no more rows than page one."""
        cursor = None
        async with profiled(demo_api) as seen:
            for _ in range(5):
                query = """query($after: String, $sort: CustomerSort) {
                    customers(first: 10, after: $after, sort: $sort) { pageInfo { endCursor } nodes { id } } }"""
                answer = await demo_api.ask(**who, query=query, variables={"after": cursor, "sort": order})
                cursor = answer["data"]["customers"]["pageInfo"]["endCursor"]
        assert len(seen) == 5
        for entry in seen:
            assert "COLLSCAN" not in entry["planSummary"]
            assert not entry.get("hasSortStage")
            assert entry["docsExamined"] <= 11 + 1, entry["planSummary"]

    @pytest.mark.parametrize("name", FIELDS)
    async def test_every_filter_has_an_index(self, demo_api: Api, name: str) -> None:
        """Each declared search of each field, for a caller of all rows and one of several scopes."""
        spec = FIELDS[name]
        async with profiled(demo_api) as seen:
            for condition in conditions(spec):
                for who in (MANAGER, CREDIT):
                    await demo_api.ask(
                        **who,
                        query="query($f: CustomerFilter) { customers(filter: $f) { nodes { id } } }",
                        variables={"f": {spec.public_name: condition}},
                    )
        assert seen
        for entry in seen:
            assert "IXSCAN" in entry["planSummary"], entry["planSummary"]
            assert "COLLSCAN" not in entry["planSummary"]

    @pytest.mark.parametrize("text", ["zhang", "13812345678", "1234", "a@example.com", "320303199001010008"])
    async def test_search_scans_nothing(self, demo_api: Api, text: str) -> None:
        """Every way of searching uses indexes."""
        async with profiled(demo_api) as seen:
            await demo_api.ask(**MANAGER, query=SEARCH, variables={"s": text})
        assert seen
        assert all("COLLSCAN" not in entry["planSummary"] and "IXSCAN" in entry["planSummary"] for entry in seen)

    async def test_a_page_is_one_command(self, demo_api: Api) -> None:
        """With its data keys in memory, a page of encrypted fields costs the collection one command."""
        query = "{ customers(first: 50) { nodes { id name telephone } } }"
        await demo_api.ask(**MANAGER, query=query, variables={})
        async with profiled(demo_api) as seen:
            await demo_api.ask(**MANAGER, query=query, variables={})
        assert len(seen) == 1

    async def test_references_cost_the_same_whatever_the_page(self, demo_api: Api) -> None:
        """Account managers and departments of a page of 50 are one command each, as those of a page of 5."""
        query = (
            "query($n: Int!) { customers(first: $n) { nodes { accountManager { displayName } department { code } } } }"
        )
        database = demo_api.services.database
        counts = []
        for size in (5, 50):
            await demo_api.ask(**MANAGER, query=query, variables={"n": size})
            await database.command("profile", 2)
            await demo_api.ask(**MANAGER, query=query, variables={"n": size})
            await database.command("profile", 0)
            profile = database["system.profile"]
            wanted = [f"{database.name}.{name}" for name in ("customers", "accounts", "departments", "data_keys")]
            counts.append(await profile.count_documents({"ns": {"$in": wanted}, "op": {"$in": ["query", "command"]}}))
            await profile.drop()
        assert counts == [3, 3]

    async def test_pages_are_built_without_a_resolver_per_field(self, demo_api: Api) -> None:
        """Every field of every kind, instants and decimals too: no row falls back to the slow path unnoticed."""
        selections = {
            kind: " ".join(
                spec.public_name
                for spec in fields.values()
                if spec.value_type not in (ValueType.STAFF, ValueType.DEPARTMENT)
            )
            for kind, fields in CATALOGUE.by_kind.items()
        }
        fragments = " ".join(f"... on {kind.value.capitalize()} {{ {names} }}" for kind, names in selections.items())
        query = f"{{ customers(first: 100) {{ nodes {{ id {fragments} }} }} }}"
        before = await metrics(demo_api)
        answer = await demo_api.ask(**CREDIT, query=query, variables={})
        after = await metrics(demo_api)
        grown = {name: after[name] - before[name] for name in after}
        assert grown["dossier_rows_built_total"] >= len(answer["data"]["customers"]["nodes"]) == 100
        assert grown["dossier_rows_bailed_total"] == grown["dossier_rows_unplanned_total"] == 0


async def metrics(api: Api) -> dict[str, int]:
    text = (await api.http.get("/metrics")).text
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if not line.startswith("#")}
