"""Opens an arena: world A is filled through the product's own writer, world B is a byte copy of it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Decimal128, ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.declaring.fields import ValueType
from documents.declaring.kind import Kind
from documents.declaring.record import SourceChannel
from documents.declaring.validation import Validator
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value
from documents.registry import CATALOGUE
from documents.storing.codec import COLLECTION
from documents.writing import customers as customer_writes
from documents.writing.customers import Change
from policies.authorize import CREATE
from policies.principal import Principal
from schema.build import build_schema
from settings import Settings
from tests.leaks.arena import Arena
from tests.leaks.values import ValuePool
from tests.leaks.worlds import (
    ABROAD,
    CLOCK,
    FAR,
    HOME,
    IDS,
    NOW,
    OWNERSHIP,
    RESTORED,
    ROWS_PER_OWNERSHIP,
    STAFF,
    Document,
    Row,
    World,
    serving,
)
from tests.units import in_unit


@asynccontextmanager
async def arena(uri: str, directory: Path, rules: str | None) -> AsyncIterator[Arena]:
    """Worlds A and B under the default rules, or under `rules` (a policy.csv)."""
    names = (f"test_{uuid.uuid4().hex}", f"test_{uuid.uuid4().hex}")
    client: AsyncMongoClient[Document]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customer_writes, "new_customer_id", IDS)
        patch.setattr(customer_writes, "now", CLOCK)
        async with AsyncMongoClient(uri, tz_aware=True) as client:
            try:
                async with _filled(client, uri, directory, names, rules) as made:
                    yield made
            finally:
                for name in names:
                    await client.drop_database(name)


@asynccontextmanager
async def _filled(
    client: AsyncMongoClient[Document], uri: str, directory: Path, names: tuple[str, str], rules: str | None
) -> AsyncIterator[Arena]:
    first: AsyncDatabase[Document] = client[names[0]]
    second: AsyncDatabase[Document] = client[names[1]]
    async with serving(_settings(directory, names[0]), uri, first) as a:
        pool = ValuePool(Validator(CATALOGUE), 7, STAFF)
        order = await _populate(a, pool)
        if rules is not None:
            await a.services.store.activate(rules, by="tests")
        await _copy(first, second)
        async with serving(_settings(directory, names[1]), uri, second) as b:
            contents = {name: await first[name].find().sort("_id", 1).to_list() for name in RESTORED}
            documents = sorted(contents[COLLECTION], key=lambda document: order.index(document["_id"]))
            keys = await a.services.storage.keyring.data_keys(order)
            rows = [Row(item, dict(_wire(item, keys[item["_id"]])), Kind(item["kind"])) for item in documents]
            data_keys = await first["data_keys"].find().to_list()
            schema, codec = build_schema(CATALOGUE).core, a.services.storage.reader._codec
            yield Arena(a, b, schema, rows, contents, pool, codec, keys, data_keys)


def _settings(directory: Path, database: str) -> Settings:
    return Settings(
        data_dir=directory,
        database=database,
        jobs="worker",  # nothing runs beside what is measured
        access_token_seconds=86_400,
        max_aliases=1_000,
        max_tokens=100_000,
        max_cost=1_000_000,
        request_seconds=60,
    )


async def _populate(world: World, pool: ValuePool) -> list[ObjectId]:
    """Customers of each kind in every relation to the caller, in which every field occurs; their ids in order."""
    services = world.services
    for code in (HOME, ABROAD, FAR):
        await services.accounts.put_department(code, name_en=f"Department {code}", name_zh=f"部门 {code}")
    for username, home in STAFF:
        await services.accounts.add(NewAccount(username, display_name=f"Staff {username}", department=home))
    administrator = Principal("tests", frozenset({"administrator"}), frozenset({Purpose.BUSINESS_OPERATION}))
    plan = await services.engine.authorize(administrator, None, CREATE)
    channels, made = tuple(SourceChannel), list[ObjectId]()
    IDS.begin(0)
    for kind in CATALOGUE.by_kind:
        for place, (owner, home) in enumerate(OWNERSHIP * ROWS_PER_OWNERSHIP):
            values = pool.customer(kind) | {"account_manager": owner, "department": home}
            for name, spec in CATALOGUE.fields(kind).items():
                if place < len(OWNERSHIP) and not spec.declaration.managed and values.get(name) is None:
                    values[name] = pool.value(spec)
            CLOCK.now += timedelta(minutes=11)
            change = Change(kind, values, channels[place % len(channels)])
            create = partial(services.storage.writer.create, plan=plan, change=change)
            made.append(await in_unit(services.storage.units, create))
    CLOCK.now = NOW
    return made


async def _copy(source: AsyncDatabase[Document], target: AsyncDatabase[Document]) -> None:
    options = bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
    for name in await source.list_collection_names():
        documents = await source.get_collection(name, codec_options=options).find().to_list()
        if documents:
            await target.get_collection(name, codec_options=options).insert_many(documents)


def _wire(document: Document, key: DataKey) -> Iterator[tuple[str, Any]]:
    for name, spec in CATALOGUE.fields(Kind(document["kind"])).items():
        stored = document.get(name)
        if stored is None:
            continue
        if spec.encrypted:
            yield name, decrypt_value(key, FieldContext(COLLECTION, name), stored)
        else:
            assert isinstance(stored, Decimal128) == (spec.value_type is ValueType.DECIMAL)
            yield name, str(stored) if isinstance(stored, Decimal128) else stored
