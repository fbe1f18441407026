"""The vectors of docs/encryption.md hold for sealed files, by the code and by a reading of the page without it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from bson import ObjectId
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from documents.chapters.attachments.sealing import FileSealer
from documents.encryption.ciphertext import DataKey
from tests.command import ROOT

PAGE = ROOT / "docs" / "encryption.md"
VECTORS: list[dict[str, Any]] = json.loads(
    re.findall(r"^```json\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)[-1]
)["chunk"]


def data(vector: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def part(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"chunk-{vector['index']}")
class TestChunks:
    """Chunk vectors."""

    def test_the_code_makes_exactly_these_bytes(self, vector: dict[str, Any]) -> None:
        """With the nonce of the vector; and opens them."""
        key = DataKey.of(ObjectId(vector["customer_id"]), data(vector, "key_id"), data(vector, "data_key"))
        sealer = FileSealer(key, ObjectId(vector["file_id"]))
        index, last = vector["index"], vector["last"]
        sealed = sealer._seal(index, data(vector, "plaintext"), data(vector, "nonce"), last=last)
        assert sealed == data(vector, "sealed")
        assert sealer.open(index, sealed, last=last) == data(vector, "plaintext")

    def test_a_reader_with_only_the_page_opens_them(self, vector: dict[str, Any]) -> None:
        """Offsets and associated data as the tables say."""
        sealed = data(vector, "sealed")
        assert sealed[:10] == b"\x01\x01" + data(vector, "key_id")
        associated = (
            part(b"attachments.chunks")
            + part(data(vector, "customer_id"))
            + part(data(vector, "file_id"))
            + part(vector["index"].to_bytes(4, "big"))
            + part(b"\x01" if vector["last"] else b"\x00")
            + part(sealed[:10])
        )
        assert associated == data(vector, "associated_data")
        assert AESGCM(data(vector, "data_key")).decrypt(sealed[10:22], sealed[22:], associated) == data(
            vector, "plaintext"
        )
