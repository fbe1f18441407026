"""The identity number's rule: GB 11643, with every birth year that people have."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError
from stdnum.cn import ric

from documents.declaring.values import ResidentId

ADAPTER: TypeAdapter[str] = TypeAdapter(ResidentId)


def numbered(body: str) -> str:
    return body + ric.calc_check_digit(body + "0")


@pytest.mark.parametrize("body", ["32030219500412123", "32031219780412123", "32031220120412123", "11010119850412124"])
def test_people_older_than_the_code_of_their_county_are_accepted(body: str) -> None:
    """320302 exists since 1983 and 320312 since 2010; those born there before carry the codes all the same."""
    assert ADAPTER.validate_python(numbered(body)) == numbered(body)


def test_the_check_character_is_stored_as_a_capital() -> None:
    """Else one person would have two blind indexes."""
    number = next(text for n in range(100, 999) if (text := numbered(f"32030319610126{n}")).endswith("X"))
    assert ADAPTER.validate_python(f" {number.lower()} ") == number


def test_full_width_digits_are_stored_as_plain_ones() -> None:
    """Chinese input methods write them."""
    assert ADAPTER.validate_python("３２０３０２195004121237") == "320302195004121237"


@pytest.mark.parametrize(
    "number",
    [
        numbered("99030219500412123"),  # no such province
        numbered("32030219500230123"),  # no such day
        numbered("3203021950041212"),  # a digit short
        "320302195004121230",  # check character of another number
        "32030219500412123Y",
        "٣٢٠٣٠٢195004121237",  # Arabic digits
        "",
    ],
)
def test_wrong_numbers_are_refused_by_the_published_code_without_repeating_them(number: str) -> None:
    """The message goes to clients and logs."""
    with pytest.raises(ValidationError) as refused:
        ADAPTER.validate_python(number)
    error = refused.value.errors()[0]
    assert error["type"] == "value.resident_id"
    assert not number or number not in error["msg"]
