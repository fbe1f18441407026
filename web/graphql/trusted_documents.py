"""Trusted documents: those that an operator lists in a manifest, made by the build of a frontend.

Owns reading the manifest and looking a document up. All of them are parsed, measured and validated at the start, so
that a mistake is the operator's to see and no request pays for it. It must never learn a document from a request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLSchema

from web.graphql.cost import refuse_costly
from web.graphql.limits import Limits
from web.graphql.parsed_documents import ParsedDocument, accepted_document
from web.http.refusals import DocumentRefused

APOLLO_FORMAT = "apollo-persisted-query-manifest"


class TrustedDocumentsError(Exception):
    """The manifest cannot be used; the message is one plain sentence for an operator."""


class TrustedDocuments:
    """The documents of one manifest for one schema, found by their id, their hash or their text."""

    def __init__(self, texts: Mapping[str, str], schema: GraphQLSchema, limits: Limits) -> None:
        """`texts` by id. Raises `TrustedDocumentsError` that names the first document which is not acceptable."""
        self._by_id: dict[str, ParsedDocument] = {}
        self._by_hash: dict[str, ParsedDocument] = {}
        self._by_text: dict[str, ParsedDocument] = {}
        for identifier, text in texts.items():
            parsed = self._by_text.get(text) or _accepted(identifier, text, schema, limits)
            self._by_id[identifier] = self._by_text[text] = parsed
            self._by_hash[document_hash(text)] = parsed

    def __len__(self) -> int:
        return len(self._by_id)

    def by_id(self, identifier: str) -> ParsedDocument | None:
        """The document of that id, as the manifest writes it."""
        return self._by_id.get(identifier)

    def by_hash(self, sha256: str) -> ParsedDocument | None:
        """The document whose text has that hash; Apollo's manifests have such hashes as ids."""
        return self._by_hash.get(sha256) or self._by_id.get(sha256) or self._by_id.get(f"sha256:{sha256}")

    def by_text(self, text: str) -> ParsedDocument | None:
        """The document of exactly that text."""
        return self._by_text.get(text)


def document_hash(text: str) -> str:
    """The SHA-256 of a document in UTF-8, in lower-case hexadecimal (GraphQL over HTTP, appendix A)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_manifest(path: Path) -> dict[str, str]:
    """The texts of a manifest by id. Raises `TrustedDocumentsError`.

    `{"id": "text", …}` is what Relay's compiler and GraphQL Code Generator write; Apollo's tools write
    `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": …, "body": …}, …]}`.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise TrustedDocumentsError(f"{path} cannot be read ({error.strerror})") from error
    except orjson.JSONDecodeError as error:
        raise TrustedDocumentsError(f"{path} is not JSON (line {error.lineno}, column {error.colno})") from error
    texts = _texts(content)
    if texts is None or not all(identifier and text for identifier, text in texts.items()):
        raise TrustedDocumentsError(f"{path} is no manifest: it must be a JSON object of document texts by id")
    return texts


def _texts(content: Any) -> dict[str, str] | None:
    if not isinstance(content, dict):
        return None
    if content.get("format") == APOLLO_FORMAT:
        operations = content.get("operations")
        if content.get("version") != 1 or not isinstance(operations, list):
            return None
        if not all(isinstance(operation, dict) for operation in operations):
            return None
        pairs = [(operation.get("id"), operation.get("body")) for operation in operations]
    else:
        pairs = list(content.items())
    if not all(isinstance(identifier, str) and isinstance(text, str) for identifier, text in pairs):
        return None
    return dict(pairs)


def _accepted(identifier: str, text: str, schema: GraphQLSchema, limits: Limits) -> ParsedDocument:
    try:
        parsed = accepted_document(schema, limits, text)
        for operation in (parsed.operation(name) for name in parsed.operation_names):
            if operation.cost.root.is_constant:  # what depends on variables is judged with them
                refuse_costly(operation.cost, {}, limits.cost)
        return parsed
    except DocumentRefused as refusal:
        reason = refusal.errors("en")[0]["message"]
        raise TrustedDocumentsError(f"the trusted document `{identifier}` is not valid: {reason}") from refusal
