"""The memory of parsed documents."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any
from unittest.mock import patch

import pytest
from graphql import validate

from tests.web.small_schema import SCHEMA
from web.graphql import parsed_documents
from web.graphql.limits import Limits
from web.graphql.parsed_documents import ParsedDocuments
from web.http.refusals import DocumentRefused


@pytest.fixture
def documents() -> ParsedDocuments:
    """An empty memory."""
    return ParsedDocuments(SCHEMA, Limits())


async def test_a_document_is_parsed_once(documents: ParsedDocuments) -> None:
    """An equal text finds it, another object of text or not."""
    assert await documents.get("{hello}") is await documents.get("".join(["{hel", "lo}"]))
    assert len(documents) == 1


async def test_documents_are_told_apart_by_their_whole_text(documents: ParsedDocuments) -> None:
    """Texts that differ in anything are different documents, also after the first ones are collected."""
    for number in range(50):
        parsed = await documents.get(f"query Q{number} {{hello}}")
        del parsed
        gc.collect(0)
        assert (await documents.get(f"query Q{number} {{hello}}")).operation(f"Q{number}").type.value == "query"


async def test_refused_documents_are_not_remembered(documents: ParsedDocuments) -> None:
    """Nobody fills the memory with what is never executed."""
    for query in ("{", "{nothing}", "{a" * 50 + "}" * 50, "{hello " * 3000):
        with pytest.raises(DocumentRefused):
            await documents.get(query)
    assert len(documents) == 0


async def test_the_least_recently_used_document_goes_first(documents: ParsedDocuments) -> None:
    """The number of documents is bounded."""
    with patch.object(parsed_documents, "MAX_DOCUMENTS", 2):
        first = await documents.get("query A {hello}")
        second = await documents.get("query B {hello}")
        await documents.get("query A {hello}")
        await documents.get("query C {hello}")
        assert len(documents) == 2
        assert await documents.get("query A {hello}") is first
        assert await documents.get("query B {hello}") is not second


async def test_the_characters_are_bounded(documents: ParsedDocuments) -> None:
    """Long texts push out more than one short one."""
    with patch.object(parsed_documents, "MAX_CHARACTERS", 1600):
        for number in range(40):
            await documents.get(f"query Q{number:02} {{hello}}" + " " * 80)
        assert len(documents) == 16
        await documents.get("{hello}" + " " * 493)
        assert len(documents) == 12


async def test_an_operation_is_found_by_its_name_only_when_there_are_several(documents: ParsedDocuments) -> None:
    """GraphQL section 6.1, GetOperation."""
    several = await documents.get("query A {hello} mutation B {touch}")
    assert (several.operation("A").type.value, several.operation("B").type.value) == ("query", "mutation")
    for name in (None, "C"):
        with pytest.raises(DocumentRefused):
            several.operation(name)
    assert (await documents.get("mutation {touch}")).operation(None).type.value == "mutation"


async def test_validating_a_long_text_leaves_the_event_loop_free(documents: ParsedDocuments) -> None:
    """Three texts that take long to validate: in a thread, one after the other."""
    threads: list[int] = []

    def noting(*arguments: Any, **options: Any) -> Any:
        threads.append(threading.get_ident())
        return validate(*arguments, **options)

    texts = ["{" + " ".join(f'hello(name: "{n}")' for _ in range(300)) + "}" for n in range(3)]
    with patch.object(parsed_documents, "validate", noting):
        await asyncio.gather(*(documents.get(text) for text in texts))
    assert (len(documents), len(threads)) == (3, 3)
    assert threading.get_ident() not in threads


async def test_a_text_that_is_validated_twice_at_once_is_remembered_once(documents: ParsedDocuments) -> None:
    """And counted once."""
    text = "{hello}" + " " * 1000
    await asyncio.gather(*(documents.get(text) for _ in range(5)))
    assert (len(documents), documents._characters) == (1, len(text))
