"""Accounts, departments and passwords, as stored."""

from __future__ import annotations

import asyncio

import pytest

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import AccountRepository, NewAccount
from documents.chapters.accounts.passwords import PasswordHasher, check_password_rules
from documents.chapters.accounts.sessions import SessionRepository
from documents.errors import DuplicateValueError, InvalidValueError, RecordNotFoundError
from tests.accounts import account_sets
from tests.login_parts import Database, initialise
from tests.units import units_of


@pytest.fixture
async def accounts(database: Database) -> AccountRepository:
    """The repository over an empty database with its indexes."""
    await initialise(database)
    return AccountRepository(database, account_sets(database), units_of(database))


class TestPasswords:
    def test_the_rules_are_twelve_to_256_characters(self) -> None:
        """Characters count, not bytes; the error names the rule and never the password."""
        check_password_rules("密码" * 6)
        check_password_rules("x" * 256)
        for password, rule in (("x" * 11, "password.too_short"), ("x" * 257, "password.too_long")):
            with pytest.raises(InvalidValueError) as caught:
                check_password_rules(password)
            assert caught.value.fields[0].rule == rule
            assert password not in repr(caught.value)

    async def test_a_hash_is_argon2id_with_rfc_9106_costs_and_its_own_salt(self) -> None:
        """RFC 9106 section 4, second recommended option, in PHC format."""
        hasher = PasswordHasher()
        first, second = [await hasher.hash("correct horse battery") for _ in range(2)]
        assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert first != second

    async def test_only_the_right_password_verifies(self) -> None:
        """Also in another Unicode normalisation of the same text, and not as another one."""
        hasher = PasswordHasher()
        encoded = await hasher.hash("caf\u00e9 caf\u00e9 caf\u00e9")
        assert await hasher.verify("cafe\u0301 cafe\u0301 cafe\u0301", encoded)
        assert not await hasher.verify("cafe cafe cafe", encoded)
        assert not await hasher.verify("\ud800", encoded)

    async def test_no_password_fits_a_missing_account(self) -> None:
        """The dummy hash verifies nothing, the empty password included."""
        hasher = PasswordHasher()
        assert not await hasher.verify("", None)
        assert not await hasher.verify("correct horse battery", None)

    async def test_at_most_so_many_hashes_are_computed_at_a_time(self) -> None:
        """A flood of logins waits: memory stays at `concurrency` times 64 MiB."""
        running, peak = 0, 0

        class Watched(PasswordHasher):
            def _matches(self, octets: bytes, encoded: str) -> bool:
                nonlocal running, peak
                running += 1
                peak = max(peak, running)
                try:
                    return super()._matches(octets, encoded)
                finally:
                    running -= 1

        hasher = Watched(concurrency=1)
        await asyncio.gather(*(hasher.verify("wrong", None) for _ in range(5)))
        assert peak == 1


class TestAccounts:
    async def test_an_account_comes_back_as_it_was_added(self, accounts: AccountRepository) -> None:
        """With roles and purposes as sets, and without its password."""
        added = await accounts.add(
            NewAccount(
                "wang.li",
                display_name="王丽",
                roles=["agent", "manager"],
                department="D01",
                customer_id="0123456789abcdef01234567",
                purposes=[Purpose.CUSTOMER_SERVICE, Purpose.BUSINESS_OPERATION],
                password_hash="$argon2id$secret",
                oidc_subject="https://id.example|7",
            )
        )
        stored = await accounts.get("wang.li")
        assert stored is not None
        assert stored.roles == {"agent", "manager"}
        assert stored.purposes == {Purpose.CUSTOMER_SERVICE, Purpose.BUSINESS_OPERATION}
        assert (stored.department, stored.customer_id, stored.disabled) == ("D01", "0123456789abcdef01234567", False)
        assert added.username == stored.username
        assert await accounts.get_by_oidc_subject("https://id.example|7") == stored
        credentials = await accounts.credentials("wang.li")
        assert credentials is not None
        assert credentials.password_hash == "$argon2id$secret"
        assert "secret" not in repr(credentials) + repr(stored)

    async def test_usernames_and_oidc_subjects_are_unique(self, accounts: AccountRepository) -> None:
        """Any number of accounts may have no subject at all."""
        await accounts.add(NewAccount("a", display_name="A", oidc_subject="https://id.example|1"))
        await accounts.add(NewAccount("b", display_name="B"))
        await accounts.add(NewAccount("c", display_name="C"))
        with pytest.raises(DuplicateValueError) as username:
            await accounts.add(NewAccount("a", display_name="A"))
        with pytest.raises(DuplicateValueError) as subject:
            await accounts.add(NewAccount("d", display_name="D", oidc_subject="https://id.example|1"))
        assert (username.value.field, subject.value.field) == ("username", "oidc_subject")
        assert [account.username for account in await accounts.list_accounts()] == ["a", "b", "c"]

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"username": "Wang Li"}, "username"),
            ({"customer_id": "not an id"}, "customer_id"),
            ({"display_name": ""}, "display_name"),
            ({"purposes": ["curiosity"]}, "purposes"),
        ],
    )
    async def test_wrong_values_are_named_and_not_written(
        self, accounts: AccountRepository, values: dict[str, str], field: str
    ) -> None:
        """The error carries the field and the rule."""
        details = {"username": "wang.li", "display_name": "王丽"} | values
        with pytest.raises(InvalidValueError) as caught:
            await accounts.add(NewAccount(details.pop("username"), **details))  # type: ignore[arg-type]
        assert [item.field for item in caught.value.fields] == [field]
        assert await accounts.list_accounts() == []

    async def test_disabling_and_a_new_password_end_the_sessions(self, accounts: AccountRepository) -> None:
        """Of that account, and of no other."""
        sessions = SessionRepository(accounts.sets)
        await accounts.add(NewAccount("a", display_name="A"))
        await accounts.add(NewAccount("b", display_name="B"))
        first, other = await sessions.open("a"), await sessions.open("b")
        await accounts.set_password("a", "$argon2id$new")
        assert await sessions.live_account(first.session_id) is None
        second = await sessions.open("a")
        assert await sessions.live_account(second.session_id) is not None
        await accounts.disable("a")
        assert await sessions.live_account(second.session_id) is None
        assert await sessions.exchange(second.refresh_token) is None
        assert await sessions.live_account(other.session_id) is not None

    async def test_an_unknown_account_cannot_be_changed(self, accounts: AccountRepository) -> None:
        """And is not made by trying."""
        with pytest.raises(RecordNotFoundError):
            await accounts.disable("nobody")
        with pytest.raises(RecordNotFoundError):
            await accounts.set_password("nobody", "$argon2id$new")
        assert await accounts.list_accounts() == []

    async def test_demo_accounts_are_noticed(self, accounts: AccountRepository) -> None:
        """The production command asks this before it serves."""
        await accounts.add(NewAccount("a", display_name="A"))
        assert not await accounts.has_demo_accounts()
        await accounts.add(NewAccount("demo.agent", display_name="Demo", demo=True))
        assert await accounts.has_demo_accounts()

    async def test_staff_and_departments_come_in_one_batch(self, accounts: AccountRepository) -> None:
        """Unknown names are absent; nothing but names and department is in a record."""
        await accounts.add(
            NewAccount("a", display_name="甲", department="D01", roles=["agent"], password_hash="$argon2id$x")
        )
        await accounts.add(NewAccount("b", display_name="乙"))
        await accounts.put_department("D01", name_en="Retail", name_zh="零售")
        await accounts.put_department("D01", name_en="Retail banking", name_zh="零售业务部")
        assert await accounts.staff(["a", "b", "a", "nobody"]) == {
            "a": {"username": "a", "display_name": "甲", "department": "D01"},
            "b": {"username": "b", "display_name": "乙", "department": None},
        }
        assert await accounts.departments(["D01", "D02"]) == {
            "D01": {"code": "D01", "name_en": "Retail banking", "name_zh": "零售业务部"}
        }
