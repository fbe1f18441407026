"""Parsed and validated documents, remembered by their text.

Owns the step from a query text to operations that may be executed: tokens, parse, size, validation, operation type and
cost. Only accepted documents are remembered, by the text itself: never by the identity of a node, and never anything
that depends on the caller. The memory is bounded in documents and in characters, the least recently used goes first,
and the hash that a client registered for a text goes with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from documents.audit.entries import Performed
from web.graphql.cost import OperationCost, operation_cost
from web.graphql.incremental_directives import IncrementalUse, incremental_use
from web.graphql.limits import Limits, refuse_oversized
from web.http.language import Text
from web.http.refusals import DocumentRefused, limit_exceeded

MAX_DOCUMENTS = 1_000
MAX_CHARACTERS = 4 * 1024 * 1024
MAX_VALIDATION_ERRORS = 20

SHORT = 500
"""Characters up to which a text costs less to validate than a thread is worth; the dearest of them takes 10 ms."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document: what may execute it (`type`), what it costs, whether it comes in parts, and what
    the audit trail calls it."""

    type: OperationType
    cost: OperationCost
    incremental: IncrementalUse
    performed: Performed


class ParsedDocument:
    """A valid document within the limits. Its operations are prepared when first asked for."""

    __slots__ = ("_definitions", "_operations", "_schema", "document")

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.document = document
        self._schema = schema
        self._definitions = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        self._operations: dict[str | None, Operation] = {}

    @property
    def operation_names(self) -> list[str | None]:
        """Names under which `operation` finds one."""
        return [definition.name.value if definition.name else None for definition in self._definitions]

    def operation(self, name: str | None) -> Operation:
        """The operation to execute (GraphQL section 6.1, GetOperation); raises `DocumentRefused` if there is none."""
        operation = self._operations.get(name)
        if operation is None:
            definition = self._definition(name)
            cost = operation_cost(self._schema, self.document, definition)
            incremental = incremental_use(self.document, definition)
            performed = Performed(
                definition.operation.value, definition.name.value if definition.name else None, self._sha256()
            )
            operation = self._operations[name] = Operation(definition.operation, cost, incremental, performed)
        return operation

    def _sha256(self) -> bytes | None:
        """The hash of the text, as automatic persisted queries name it."""
        location = self.document.loc
        return hashlib.sha256(location.source.body.encode()).digest() if location is not None else None

    def _definition(self, name: str | None) -> OperationDefinitionNode:
        if name is None and len(self._definitions) == 1:
            return self._definitions[0]
        for definition in self._definitions:
            if name is not None and definition.name and definition.name.value == name:
                return definition
        raise DocumentRefused("OPERATION_RESOLUTION_FAILURE", _operation_missing(name))


def _operation_missing(name: str | None) -> Text:
    if name is None:
        return Text(
            "the document does not hold exactly one operation: name it", "文档中的操作不是恰好一个：请指定操作名"
        )
    return Text("the document has no operation of that name", "文档中没有该名称的操作")


class ParsedDocuments:
    """The documents that one schema accepts under `limits`."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._documents: OrderedDict[str, ParsedDocument] = OrderedDict()
        self._texts: dict[str, str] = {}  # of registered documents, by hash
        self._hashes: dict[str, str] = {}  # and back
        self._characters = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="graphql-validation")

    def __len__(self) -> int:
        return len(self._documents)

    async def get(self, query: str) -> ParsedDocument:
        """The document of text `query`; raises `DocumentRefused` with the reason where it cannot be executed.

        A long text that is not known is validated in a thread, one after the other, so that whoever sends many of them
        waits for himself and not everybody for him.
        """
        known = self._documents.get(query)
        if known is not None:
            self._documents.move_to_end(query)
            return known
        if len(query) <= SHORT:
            parsed = accepted_document(self._schema, self._limits, query)
        else:
            loop = asyncio.get_running_loop()
            parsed = await loop.run_in_executor(self._thread, accepted_document, self._schema, self._limits, query)
        self._remember(query, parsed)
        return parsed

    def register(self, sha256: str, query: str) -> None:
        """Have the document of text `query` found by `sha256`, which is its hash; nothing if it is not remembered."""
        if query in self._documents:
            self._texts[sha256] = query
            self._hashes[query] = sha256

    def registered(self, sha256: str) -> ParsedDocument | None:
        """The document that was registered with that hash, if it is still remembered."""
        query = self._texts.get(sha256)
        if query is None:
            return None
        self._documents.move_to_end(query)
        return self._documents[query]

    def _remember(self, query: str, parsed: ParsedDocument) -> None:
        if query in self._documents:  # another request had it validated meanwhile
            return
        self._documents[query] = parsed
        self._characters += len(query)
        while len(self._documents) > MAX_DOCUMENTS or self._characters > MAX_CHARACTERS:
            oldest, _ = self._documents.popitem(last=False)
            self._characters -= len(oldest)
            sha256 = self._hashes.pop(oldest, None)
            if sha256 is not None:
                del self._texts[sha256]


def accepted_document(schema: GraphQLSchema, limits: Limits, query: str) -> ParsedDocument:
    """The document of text `query`, parsed, measured and validated; raises `DocumentRefused`."""
    document = _parsed(query, limits)
    refuse_oversized(document, limits)
    errors = validate(schema, document, max_errors=MAX_VALIDATION_ERRORS)
    if errors:
        raise DocumentRefused("GRAPHQL_VALIDATION_FAILED", errors=[dict(error.formatted) for error in errors])
    return ParsedDocument(schema, document)


def _parsed(query: str, limits: Limits) -> DocumentNode:
    if len(query) > limits.characters:  # one token can be as long as the body, and is read character by character
        text = Text("the query is too long: send values as variables", "查询过长：请将值作为变量发送")
        raise limit_exceeded("LENGTH_LIMIT", text, limit=limits.characters, actual=len(query))
    try:
        return parse(query, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        raise _unparsable(error, limits) from None


def _unparsable(error: GraphQLError, limits: Limits) -> DocumentRefused:
    # graphql-core reports both of its own limits as syntax errors that differ in their text alone.
    if "Document contains more than" in error.message:
        text = Text("the query is too long", "查询过长")
        return limit_exceeded("TOKEN_LIMIT", text, limit=limits.tokens)
    if "nested too deeply" in error.message:
        text = Text("the query is nested too deeply", "查询嵌套过深")
        return limit_exceeded("DEPTH_LIMIT", text, limit=limits.depth)
    return DocumentRefused("GRAPHQL_PARSE_FAILED", errors=[dict(error.formatted)])
