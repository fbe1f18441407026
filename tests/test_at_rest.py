"""D3, I3: whoever holds the raw database, its files, its oplog and its log reads no encrypted field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import AsyncMongoClient

from demo.accounts import owners
from demo.invented.customers import generate_customers
from documents.database.embedded import EmbeddedMongoDB
from documents.registry import CATALOGUE
from settings import Settings
from tests.api import seeded

FEW, MANY = 10, 60  # customers


def planted(customers: int) -> tuple[set[bytes], set[bytes]]:
    """(texts of encrypted fields that could be nothing else, names, which are stored in the clear)."""
    secret: set[str] = set()
    public: set[str] = set()
    for kind, values in generate_customers(customers, owners()):
        for name, value in values.items():
            spec = CATALOGUE.fields(kind)[name]
            texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
            if spec.choices is not None:
                continue  # the words of a choice stand everywhere
            if spec.encrypted:
                secret |= {text for text in texts if len(text) >= 8}
                secret |= {text.removeprefix("+86") for text in texts if text.startswith("+86")}
            else:
                public |= set(texts)
    # A date or a sentence that also stands in a plain field proves nothing.
    hidden = {text for text in secret if not any(text in other for other in public)}
    return {text.encode() for text in hidden}, {text.encode() for text in public}


def found_in(content: bytes, texts: set[bytes]) -> set[bytes]:
    pattern = re.compile(b"|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)))
    return set(pattern.findall(content))


@pytest.fixture
def own_mongodb(tmp_path: Path) -> Iterator[tuple[EmbeddedMongoDB, str]]:
    """A database of this test alone, whose files can be read when it has stopped."""
    mongodb = EmbeddedMongoDB(tmp_path / "var", cache_gigabytes=0.25)
    uri = mongodb.start()
    yield mongodb, uri
    mongodb.stop()


async def uncompressed(client: AsyncMongoClient[dict[str, Any]]) -> None:
    """Collections whose blocks are not compressed, so that what is in the files can be found in the files."""
    engine = {"wiredTiger": {"configString": "block_compressor=none"}}
    for name in ("customers", "data_keys", "identifiers", "vault_keys", "secrets"):
        await client["dossier"].create_collection(name, storageEngine=engine)


@pytest.mark.slow
async def test_no_plaintext_of_an_encrypted_field_is_stored_anywhere(
    own_mongodb: tuple[EmbeddedMongoDB, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every collection, the oplog, every data file and the logs; the search is proven on plain fields."""
    await _nothing_is_stored_in_the_clear(own_mongodb, tmp_path, caplog, MANY)


async def test_no_plaintext_of_a_few_customers_is_stored_anywhere(
    own_mongodb: tuple[EmbeddedMongoDB, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The same in little."""
    await _nothing_is_stored_in_the_clear(own_mongodb, tmp_path, caplog, FEW)


async def _nothing_is_stored_in_the_clear(
    own_mongodb: tuple[EmbeddedMongoDB, str], tmp_path: Path, caplog: pytest.LogCaptureFixture, customers: int
) -> None:
    mongodb, uri = own_mongodb
    secret, public = planted(customers)
    assert len(secret) > 5 * customers
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri) as client:
        await uncompressed(client)
        settings = Settings(data_dir=tmp_path / "data", database="dossier", jobs="worker")
        async with seeded(settings, uri, customers) as api:
            answer = await api.ask(
                "demo.manager",
                "{ customers(first: 60) { nodes { id telephone notes ... on Individual { idNumber } } } }",
                purpose="business_operation",
            )
            assert answer["data"]["customers"]["nodes"]
        for database_name in ("dossier", "local"):
            for name in await client[database_name].list_collection_names():
                rows: list[dict[str, Any]] = await client[database_name][name].find({}).to_list()
                content = b"".join(bson.encode(row) for row in rows)
                assert not found_in(content, secret), (database_name, name)
                if name in ("customers", "oplog.rs"):
                    assert len(found_in(content, public)) > customers
        await client.admin.command("fsync")
    mongodb.stop()
    files = [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
    seen_public: set[bytes] = set()
    for path in files:
        content = path.read_bytes().replace(bytes(4096), b"")  # most of a file is room that was made ahead
        assert not found_in(content, secret), path.name
        seen_public |= found_in(content, public)
    assert len(seen_public) > customers
    assert not found_in(caplog.text.encode(), secret)
