"""The vectors of docs/encryption.md hold for the code, and for a reading of the page that uses none of the code."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from bson import ObjectId
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from documents.declaring import values
from documents.declaring.fields import ValueType
from documents.encryption.blind_index import BlindIndex
from documents.encryption.ciphertext import DataKey, FieldContext, KeyScope, _seal, decrypt_value
from documents.encryption.key_providers import root_key_id
from documents.encryption.key_scopes import scope_digest
from documents.encryption.row_bindings import RowBindings
from documents.encryption.wrapping import WrappingKey

PAGE = Path(__file__).parents[3] / "docs" / "encryption.md"
VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    re.findall(r"^```json\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)[-1]
)


def data(vector: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def parts_by_the_page(*parts: bytes) -> bytes:
    encoded = bytearray()
    for part in parts:
        encoded += bytes([len(part) >> 8, len(part) & 255]) + part
    return bytes(encoded)


def hkdf_by_rfc_5869(secret: bytes, info: bytes, length: int) -> bytes:
    """One block is enough for up to 32 bytes."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")[:length]


@pytest.mark.parametrize("vector", VECTORS["field"], ids=lambda vector: vector["path"])
class TestFieldCiphertext:
    """Field vectors."""

    def test_the_code_makes_exactly_these_bytes(self, vector: dict[str, Any]) -> None:
        """With the nonce of the vector; and opens them."""
        key = DataKey.of(ObjectId(vector["customer_id"]), data(vector, "key_id"), data(vector, "data_key"))
        field = FieldContext(vector["collection"], vector["path"])
        value = json.loads(vector["plaintext"])
        assert field.associated_data + key.associated_data == data(vector, "associated_data")
        assert orjson.dumps(value) == vector["plaintext"].encode()
        assert _seal(key, field, data(vector, "nonce"), orjson.dumps(value)) == data(vector, "ciphertext")
        assert decrypt_value(key, field, data(vector, "ciphertext")) == value

    def test_a_reader_with_only_the_page_opens_them(self, vector: dict[str, Any]) -> None:
        """Offsets, associated data and plaintext as the tables say."""
        stored = data(vector, "ciphertext")
        assert stored[0] == 1
        assert stored[1] == 1
        assert stored[2:10] == data(vector, "key_id")
        assert stored[10:22] == data(vector, "nonce")
        associated = parts_by_the_page(
            vector["collection"].encode(), vector["path"].encode(), data(vector, "customer_id"), stored[:10]
        )
        assert associated == data(vector, "associated_data")
        plaintext = AESGCM(data(vector, "data_key")).decrypt(stored[10:22], stored[22:], associated)
        assert plaintext.decode() == vector["plaintext"]
        assert len(stored) == 22 + len(plaintext) + 16


@pytest.mark.parametrize("vector", VECTORS["wrapping"], ids=lambda vector: bytes.fromhex(vector["context"][0]).decode())
class TestWrapping:
    """Vectors of wrapped keys and secrets."""

    def test_the_code_makes_exactly_these_bytes(self, vector: dict[str, Any]) -> None:
        """With the nonce of the vector; and opens them."""
        key = WrappingKey(data(vector, "key_id"), data(vector, "wrapping_key"))
        context = tuple(map(bytes.fromhex, vector["context"]))
        assert key._seal(data(vector, "plaintext"), context, data(vector, "nonce")) == data(vector, "wrapped")
        assert key.unwrap(data(vector, "wrapped"), context) == data(vector, "plaintext")

    def test_a_reader_with_only_the_page_opens_them(self, vector: dict[str, Any]) -> None:
        """The context, then the header."""
        stored = data(vector, "wrapped")
        associated = parts_by_the_page(*map(bytes.fromhex, vector["context"]), stored[:10])
        assert associated == data(vector, "associated_data")
        assert stored[:10] == b"\x01\x01" + data(vector, "key_id")
        opened = AESGCM(data(vector, "wrapping_key")).decrypt(stored[10:22], stored[22:], associated)
        assert opened == data(vector, "plaintext")


def named_by_the_page(value: str | None) -> bytes:
    return b"" if value is None else b"\x01" + value.encode()


@pytest.mark.parametrize("vector", VECTORS["scope"], ids=lambda vector: vector["kind"])
def test_the_digest_of_a_scope_is_what_the_page_says(vector: dict[str, Any]) -> None:
    """By the code and by the page."""
    scope = KeyScope(vector["kind"], vector["owner"], vector["department"])
    names = map(named_by_the_page, scope[1:])
    encoded = parts_by_the_page(scope.kind.encode(), *names, bytes([0] * 7 + [vector["version"]]))
    assert encoded == data(vector, "encoded")
    assert scope_digest(scope, vector["version"]) == hashlib.sha256(encoded).digest() == data(vector, "digest")


def test_the_vector_of_a_data_key_is_bound_to_the_first_scope() -> None:
    """Of the customer of the field vectors."""
    contexts = [vector["context"] for vector in VECTORS["wrapping"]]
    (context,) = (context for context in contexts if bytes.fromhex(context[0]) == b"data_key")
    assert context[1:] == [
        VECTORS["field"][0]["customer_id"],
        VECTORS["field"][0]["key_id"],
        VECTORS["scope"][0]["digest"],
    ]


@pytest.mark.parametrize("vector", VECTORS["binding"], ids=lambda vector: vector["collection"])
def test_a_binding_is_what_the_page_says(vector: dict[str, Any]) -> None:
    """By the code and by the page."""
    bindings, row_id = RowBindings(data(vector, "secret"), vector["collection"]), ObjectId(vector["row_id"])
    collection, found = vector["collection"].encode(), data(vector, "binding")
    if "customer_id" in vector:
        customer = ObjectId(vector["customer_id"])
        parts = parts_by_the_page(collection, b"customer", row_id.binary, customer.binary)
        assert bindings.of_customer(row_id, customer) == found
        assert bindings.binds_customer(row_id, customer, found)
    else:
        scope = (vector["owner"], vector["department"])
        parts = parts_by_the_page(collection, b"scope", row_id.binary, *map(named_by_the_page, scope))
        assert bindings.of_scope(row_id, *scope) == found
        assert bindings.binds_scope(row_id, *scope, found)
    assert hmac.digest(data(vector, "secret"), parts, "sha256")[:16] == found


@pytest.mark.parametrize("vector", VECTORS["root_key_id"])
def test_the_root_key_id_is_derived_as_the_page_says(vector: dict[str, Any]) -> None:
    """By the code and by the page."""
    by_the_page = hkdf_by_rfc_5869(data(vector, "root_key"), b"dossier root key id", 8)
    assert root_key_id(data(vector, "root_key")) == by_the_page == data(vector, "key_id")


@pytest.mark.parametrize("vector", VECTORS["blind_index"], ids=lambda vector: f"{vector['field']}-{vector['search']}")
class TestBlindIndex:
    """Token vectors."""

    def test_the_code_makes_exactly_these_tokens(self, vector: dict[str, Any]) -> None:
        """From the value as a user writes it."""
        index = BlindIndex(data(vector, "index_root"))
        if vector["search"] == "equality":
            token = index.equality(vector["field"], ValueType(vector["value_type"]), vector["value"])
            normalised: str | None = values.normalise(ValueType(vector["value_type"]), vector["value"])
        else:
            token = index.last_four(vector["field"], vector["value"]) or b""
            normalised = values.last_four(vector["value"])
        assert token == data(vector, "token")
        assert normalised == vector["normalised"]

    def test_a_reader_with_only_the_page_makes_them(self, vector: dict[str, Any]) -> None:
        """HKDF and HMAC of the standard library."""
        info = parts_by_the_page(b"blind_index", vector["field"].encode(), vector["search"].encode())
        key = hkdf_by_rfc_5869(data(vector, "index_root"), info, 32)
        assert hmac.digest(key, vector["normalised"].encode(), "sha256")[:16] == data(vector, "token")
