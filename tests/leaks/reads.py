"""Channels that select: single reads and lists, in every way in which GraphQL can spell a selection."""

from __future__ import annotations

from typing import Any

from graphql import get_named_type, is_leaf_type

from tests.leaks.channels import Ask, Per, Script, Subject, channel, selection, type_name, whole

ABSENT = "0" * 23 + "1"
PAGE = 100
INTROSPECTION = '{ __schema { types { name } } __type(name: "Customer") { fields { name description } } }'


def _everything(subject: Subject) -> str:
    kinds = sorted({row.kind for row in subject.rows})
    return " ".join(whole(subject.schema, kind) for kind in kinds)


@channel("Query.customer", "Query.node", per=Per.KIND)
def single_read(subject: Subject) -> Script:
    """Each row by itself, so that nothing of another row covers what its own absence or presence does."""
    chosen = whole(subject.schema, subject.of_kind)
    for row in subject.some(subject.rows, 5):
        yield Ask(f"query($id: ID!) {{ customer(id: $id) {{ {chosen} }} }}", {"id": row.public_id})
    for row in subject.some(subject.rows, 2):
        yield Ask(f"query($id: ID!) {{ node(id: $id) {{ id {chosen} }} }}", {"id": row.public_id})


@channel("Query.customers", "customers(first:)", per=Per.CALLER)
def list_read(subject: Subject) -> Script:
    """Nodes, edges and everything about the page, newest first."""
    chosen = _everything(subject)
    page = selection(subject.schema, "PageInfo")
    yield Ask(f"{{ customers(first: {PAGE}) {{ nodes {{ {chosen} }} totalCount pageInfo {{ {page} }} }} }}")
    yield Ask(f"{{ customers(first: {PAGE}) {{ edges {{ cursor node {{ {chosen} }} }} }} }}")
    yield Ask(f"{{ customers(first: {PAGE}) {{ edges {{ cursor node {{ {chosen} }} }} }} }}", language="zh-CN")


@channel("Query.customers", per=Per.FIELD)
def field_alone(subject: Subject) -> Script:
    """The field and nothing else, in lists and by row; under an alias; behind @include and @skip."""
    kind, name = type_name(subject.of_kind), _selected(subject)
    yield Ask(f"{{ customers(first: {PAGE}) {{ nodes {{ ... on {kind} {{ {name} }} }} }} }}")
    yield Ask(f"{{ customers(first: {PAGE}) {{ nodes {{ ... on {kind} {{ a: {name} b: {name} name: {name} }} }} }} }}")
    switched = f"{_selected(subject, '@include(if: $yes)')} c: {_selected(subject, '@skip(if: $yes)')}"
    document = f"query($yes: Boolean!) {{ customers(first: {PAGE}) {{ nodes {{ ... on {kind} {{ {switched} }} }} }} }}"
    yield Ask(document, {"yes": True})
    yield Ask(document, {"yes": False})
    for row in subject.some(subject.differing, 3):
        yield Ask(f"query($id: ID!) {{ customer(id: $id) {{ ... on {kind} {{ id {name} }} }} }}", {"id": row.public_id})


@channel("Query.customers", per=Per.FIELD)
def fragments(subject: Subject) -> Script:
    """Named fragments, nested ones, fragments on the interfaces, and the field of another kind beside it."""
    kind, name = type_name(subject.of_kind), _selected(subject)
    on_interface = name if subject.field.shared else "__typename"
    yield Ask(
        f"""query($id: ID!) {{
          customers(first: {PAGE}) {{ nodes {{ ...Outer ... on Customer {{ {on_interface} }} ... on Node {{ id }} }} }}
          node(id: $id) {{ ...Outer }}
          again: customer(id: $id) {{ ... on Node {{ ... on Customer {{ ...Inner }} }} }}
        }}
        fragment Outer on Node {{ ...Inner }}
        fragment Inner on {kind} {{ __typename {name} }}""",
        {"id": subject.random.choice(list(subject.rows)).public_id},
    )


@channel("Query.customers", "Query.customer", per=Per.FIELD)
def in_parts(subject: Subject) -> Script:
    """The field deferred, in streamed rows, and below a deferred root field."""
    kind, name = type_name(subject.of_kind), _selected(subject)
    for document in (
        f"{{ customers(first: {PAGE}) {{ totalCount nodes {{ id ... on {kind} @defer {{ {name} }} }} }} }}",
        f"{{ customers(first: {PAGE}) {{ nodes @stream(initialCount: 2) {{ ... on {kind} {{ {name} }} }} }} }}",
        f"{{ viewer {{ username }} ... @defer {{ customers {{ nodes {{ ... on {kind} {{ {name} }} }} }} }} }}",
    ):
        yield Ask(document, in_parts=True)


@channel("Query.customers", per=Per.KIND)
def access_and_sources(subject: Subject) -> Script:
    """What a record says about itself, selected without any field that it speaks of."""
    schema, kind = subject.schema, type_name(subject.of_kind)
    about = f"access {{ {selection(schema, 'FieldAccess')} }} sources {{ {selection(schema, 'ValueSource')} }}"
    yield Ask(f"{{ customers(first: {PAGE}) {{ nodes {{ ... on {kind} {{ id {about} }} }} }} }}")
    for row in subject.some(subject.rows, 4):
        yield Ask(f"query($id: ID!) {{ customer(id: $id) {{ {about} }} }}", {"id": row.public_id})


@channel("Query.viewer", per=Per.KIND)
def viewer_access(subject: Subject) -> Script:
    """What the caller is told before it reads anything."""
    own = selection(subject.schema, "Viewer")
    access = selection(subject.schema, "KindFieldAccess")
    yield Ask(f"{{ viewer {{ {own} access(kind: {subject.of_kind.name}) {{ {access} }} }} }}")


@channel("Query.customers", "customers(kinds:)", per=Per.KIND)
def kinds_argument(subject: Subject) -> Script:
    """Lists of this kind, of the others, and of none."""
    kind = subject.of_kind.name
    for kinds in ([kind], [kind, kind], [], ["INDIVIDUAL", "ENTERPRISE", "INSTITUTION"]):
        yield Ask(
            "query($k: [CustomerKind!]) { customers(kinds: $k, first: 5) "
            "{ totalCount nodes { id kind name } pageInfo { hasNextPage endCursor } } }",
            {"k": kinds},
        )


@channel("Query.customer", "Query.node", per=Per.KIND)
def hidden_and_absent(subject: Subject) -> Script:
    """A row that exists for others, one that does not exist, and what is no id at all: one answer."""
    chosen = whole(subject.schema, subject.of_kind)
    absent = f"{subject.of_kind.value}_{ABSENT}"
    for document in (
        f"query($id: ID!) {{ customer(id: $id) {{ {chosen} }} }}",
        f"query($id: ID!) {{ node(id: $id) {{ id {chosen} }} }}",
    ):
        answers = []
        for asked in (absent, "nonsense", *(row.public_id for row in subject.some(subject.hidden, 3))):
            answers.append((yield Ask(document, {"id": asked})))  # noqa: PERF401  # a comprehension cannot yield
        assert all(answer == answers[0] for answer in answers), "hidden and absent are answered differently"


@channel(per=Per.CALLER)
def introspection(subject: Subject) -> Script:
    """The schema is one for all, logged in or not."""
    mine = yield Ask(INTROSPECTION)
    assert mine == (yield Ask(INTROSPECTION, by=None)), "the schema depends on the caller"


def _selected(subject: Subject, directive: str = "") -> str:
    """The field with what must be selected below it."""
    parent = subject.schema.type_map[type_name(subject.of_kind)]
    named: Any = get_named_type(parent.fields[subject.field.public_name].type)  # type: ignore[attr-defined]
    head = f"{subject.field.public_name} {directive}"
    return head if is_leaf_type(named) else f"{head} {{ {selection(subject.schema, named.name)} }}"
