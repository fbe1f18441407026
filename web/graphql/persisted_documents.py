"""Which document a request means: by its text, by a hash that the client registered, or by an id of the manifest.

Owns automatic persisted queries (Apollo's protocol, `extensions.persistedQuery`), persisted documents (GraphQL over
HTTP, appendix A, `documentId`) and the mode in which trusted documents are the only ones. A document that is found by
hash or id is neither parsed nor validated again. It must never let a hash stand for another text, nor say what may
execute: operation type, limits and rights are the same for every document, whichever way it was named.

Published codes: `PERSISTED_QUERY_NOT_FOUND`, `PERSISTED_QUERY_NOT_SUPPORTED`, `PERSISTED_QUERY_MISMATCH`,
`DOCUMENT_NOT_TRUSTED`.
"""

from __future__ import annotations

import re
from typing import Final

from web.graphql.parsed_documents import ParsedDocument, ParsedDocuments
from web.graphql.request import Parameters
from web.graphql.trusted_documents import TrustedDocuments, document_hash
from web.http.language import Text
from web.http.refusals import DocumentRefused, bad_request

_PREFIX: Final = "sha256:"
_is_hash: Final = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch

# Clients of Apollo's protocol know these two by their text: it is not translated.
_NOT_FOUND: Final = "PersistedQueryNotFound"
_NOT_SUPPORTED: Final = "PersistedQueryNotSupported"


class PersistedDocuments:
    """Finds the document of a request among those remembered by text and the trusted ones.

    A registered hash lives in `documents`, within its bounds and for as long as its text. With `trusted_only`, the
    documents of the manifest are served, whichever way they are named, and no others.
    """

    def __init__(
        self, documents: ParsedDocuments, trusted: TrustedDocuments | None = None, *, trusted_only: bool = False
    ) -> None:
        if trusted_only and trusted is None:
            raise ValueError("there are no trusted documents to be the only ones")
        self._documents = documents
        self._trusted = trusted
        self._trusted_only = trusted_only

    async def get(self, parameters: Parameters) -> ParsedDocument:
        """The document that `parameters` name; raises `RequestRefused` with the reason where there is none."""
        sha256 = _sha256(parameters) if parameters.extensions or parameters.document_id else None
        if sha256 is not None:
            return await self._by_hash(sha256, parameters.query)
        if parameters.document_id is not None:
            if parameters.query is not None:
                raise bad_request("give `query` or `documentId`, not both", "`query` 与 `documentId` 不能同时提供")
            return self._by_id(parameters.document_id)
        if parameters.query is None:
            raise bad_request("`query` must be a text", "`query` 必须是文本")
        return await self._by_text(parameters.query)

    async def _by_text(self, query: str) -> ParsedDocument:
        found = self._trusted.by_text(query) if self._trusted is not None else None
        if found is not None:
            return found
        if self._trusted_only:
            raise _not_trusted()
        return await self._documents.get(query)

    async def _by_hash(self, sha256: str, query: str | None) -> ParsedDocument:
        found = self._trusted.by_hash(sha256) if self._trusted is not None else None
        if found is not None and query is None:
            return found
        if query is not None:
            return await self._registered(sha256, query)
        if self._trusted_only:
            raise DocumentRefused("PERSISTED_QUERY_NOT_SUPPORTED", _NOT_SUPPORTED)
        known = self._documents.registered(sha256)
        if known is None:
            raise DocumentRefused("PERSISTED_QUERY_NOT_FOUND", _NOT_FOUND)
        return known

    async def _registered(self, sha256: str, query: str) -> ParsedDocument:
        """The document of `query`, from now on found by its hash."""
        if document_hash(query) != sha256:
            text = Text("the hash is not that of the query", "哈希值与查询不符")
            raise DocumentRefused("PERSISTED_QUERY_MISMATCH", text)
        parsed = await self._by_text(query)
        self._documents.register(sha256, query)
        return parsed

    def _by_id(self, identifier: str) -> ParsedDocument:
        found = self._trusted.by_id(identifier) if self._trusted is not None else None
        if found is None:
            raise _not_trusted() if self._trusted_only else DocumentRefused("PERSISTED_QUERY_NOT_FOUND", _NOT_FOUND)
        return found


def _sha256(parameters: Parameters) -> str | None:
    """The hash by which the request names its document, in either protocol."""
    identifier, hashes = parameters.document_id, []
    if identifier is not None and identifier.startswith(_PREFIX):
        hashes.append(identifier.removeprefix(_PREFIX))
    persisted = parameters.extensions.get("persistedQuery")
    if persisted is not None:
        version = persisted.get("version") if isinstance(persisted, dict) else None
        if type(version) is not int or version != 1:
            raise bad_request("unsupported version of `persistedQuery`", "不支持的 `persistedQuery` 版本")
        hashes.append(persisted.get("sha256Hash"))
    if not all(isinstance(found, str) and _is_hash(found) for found in hashes):
        raise bad_request("the SHA-256 must have 64 lower-case hexadecimal digits", "SHA-256 必须为 64 位小写十六进制")
    has_custom_id = identifier is not None and not identifier.startswith(_PREFIX)
    if len(set(hashes)) + has_custom_id > 1:
        raise bad_request("the document is named in two ways", "文档标识重复")
    return hashes[0] if hashes else None


def _not_trusted() -> DocumentRefused:
    text = Text("only documents that the operator trusts are served", "仅提供受信任的文档")
    return DocumentRefused("DOCUMENT_NOT_TRUSTED", text)
