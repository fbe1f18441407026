"""Blind index tokens: equal where they must be, unrelated everywhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.declaring.fields import ValueType
from documents.encryption.blind_index import BlindIndex

INDEX = BlindIndex(bytes(range(32)))
PHONE, TEXT = ValueType.PHONE_NUMBER, ValueType.TEXT


class TestEquality:
    """Tokens by which a value is found exactly."""

    @pytest.mark.parametrize("written", ["13800138000", "+86 138 0013 8000", "138-0013-8000", " +8613800138000 "])
    def test_a_telephone_number_has_one_token_however_it_is_written(self, written: str) -> None:
        """It is E.164 that enters the index."""
        assert INDEX.equality("telephone", PHONE, written) == INDEX.equality("telephone", PHONE, "+8613800138000")

    def test_letters_are_compared_without_case_and_space(self) -> None:
        """The check character of an identity number is written both ways."""
        assert INDEX.equality("id_number", TEXT, "11010519491231002x") == INDEX.equality(
            "id_number", TEXT, "110105 19491231 002X"
        )

    @given(st.text(max_size=30), st.sampled_from(list(ValueType)))
    def test_any_text_has_a_token_of_16_bytes(self, value: str, value_type: ValueType) -> None:
        """Lone surrogates included: a search with them finds nothing, and does not fail."""
        assert len(INDEX.equality("telephone", value_type, value)) == 16

    def test_different_values_have_different_tokens(self) -> None:
        """A thousand neighbours."""
        assert len({INDEX.equality("id_number", TEXT, str(10**17 + n)) for n in range(1000)}) == 1000


class TestSeparation:
    """What must not be comparable is not."""

    @given(st.text(max_size=30))
    def test_fields_do_not_share_tokens(self, value: str) -> None:
        """That a legal representative is a customer too does not show."""
        assert INDEX.equality("id_number", TEXT, value) != INDEX.equality("legal_representative_id_number", TEXT, value)

    def test_kinds_of_search_do_not_share_tokens(self) -> None:
        """A value of four characters is not the last four of another."""
        assert INDEX.equality("id_number", TEXT, "002x") != INDEX.last_four("id_number", "11010519491231002X")

    def test_installations_do_not_share_tokens(self) -> None:
        """Another index root secret, another token."""
        assert INDEX.equality("id_number", TEXT, "1") != BlindIndex(bytes(32)).equality("id_number", TEXT, "1")


class TestLastFour:
    """Tokens by which a value is found by its last four."""

    @pytest.mark.parametrize(
        ("field", "value", "asked"),
        [("telephone", "+8613800138000", "8000"), ("id_number", "11010519491231002X", "002x")],
    )
    def test_the_last_four_asked_for_find_the_value(self, field: str, value: str, asked: str) -> None:
        """What is stored and what is looked for meet."""
        stored = INDEX.last_four(field, value)
        assert stored is not None
        assert INDEX.last_four_asked(field, asked) == stored

    def test_too_short_a_value_has_no_token(self) -> None:
        """Its last four would be most of it."""
        assert INDEX.last_four("telephone", "1234567") is None

    @pytest.mark.parametrize("asked", ["", "800", "18000", "+8613800138000"])
    def test_only_four_characters_can_be_asked_for(self, asked: str) -> None:
        """Nothing else is looked for."""
        assert INDEX.last_four_asked("telephone", asked) is None
