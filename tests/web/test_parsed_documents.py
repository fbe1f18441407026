"""The memory of parsed documents."""

from __future__ import annotations

import gc
from unittest.mock import patch

import pytest

from tests.web.small_schema import SCHEMA
from web import parsed_documents
from web.limits import Limits
from web.parsed_documents import ParsedDocuments
from web.refusals import DocumentRefused


@pytest.fixture
def documents() -> ParsedDocuments:
    """An empty memory."""
    return ParsedDocuments(SCHEMA, Limits())


def test_a_document_is_parsed_once(documents: ParsedDocuments) -> None:
    """An equal text finds it, another object of text or not."""
    assert documents.get("{hello}") is documents.get("".join(["{hel", "lo}"]))
    assert len(documents) == 1


def test_documents_are_told_apart_by_their_whole_text(documents: ParsedDocuments) -> None:
    """Texts that differ in anything are different documents, also after the first ones are collected."""
    for number in range(50):
        parsed = documents.get(f"query Q{number} {{hello}}")
        del parsed
        gc.collect(0)
        assert documents.get(f"query Q{number} {{hello}}").operation(f"Q{number}").type.value == "query"


def test_refused_documents_are_not_remembered(documents: ParsedDocuments) -> None:
    """Nobody fills the memory with what is never executed."""
    for query in ("{", "{nothing}", "{a" * 50 + "}" * 50, "{hello " * 3000):
        with pytest.raises(DocumentRefused):
            documents.get(query)
    assert len(documents) == 0


def test_the_least_recently_used_document_goes_first(documents: ParsedDocuments) -> None:
    """The number of documents is bounded."""
    with patch.object(parsed_documents, "MAX_DOCUMENTS", 2):
        first = documents.get("query A {hello}")
        second = documents.get("query B {hello}")
        documents.get("query A {hello}")
        documents.get("query C {hello}")
        assert len(documents) == 2
        assert documents.get("query A {hello}") is first
        assert documents.get("query B {hello}") is not second


def test_the_characters_are_bounded(documents: ParsedDocuments) -> None:
    """Long texts push out more than one short one, and enormous ones are not remembered at all."""
    with patch.object(parsed_documents, "MAX_CHARACTERS", 1600):
        for number in range(40):
            documents.get(f"query Q{number:02} {{hello}}" + " " * 80)
        assert len(documents) == 16
        documents.get("{hello}" + " " * 200)
        assert len(documents) == 16


def test_an_operation_is_found_by_its_name_only_when_there_are_several(documents: ParsedDocuments) -> None:
    """GraphQL section 6.1, GetOperation."""
    several = documents.get("query A {hello} mutation B {touch}")
    assert (several.operation("A").type.value, several.operation("B").type.value) == ("query", "mutation")
    for name in (None, "C"):
        with pytest.raises(DocumentRefused):
            several.operation(name)
    assert documents.get("mutation {touch}").operation(None).type.value == "mutation"
