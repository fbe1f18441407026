"""Names for people are declared with what they name, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from documents.chapters.customers.kinds import Gender
from documents.declaring.catalogue import parts_of
from documents.declaring.fields import Sensitivity
from documents.declaring.kind import Kind
from documents.declaring.labels import Label, Labelled
from documents.registry import FULL_CATALOGUE

HAN = re.compile(r"[\u4e00-\u9fff]")


def enums() -> Iterator[type[Labelled]]:
    """The enums of every declared field of every kind and of the parts of such fields, and those that name fields."""
    yield from (Kind, Sensitivity)
    for fields in FULL_CATALOGUE.by_kind.values():
        for spec in fields.values():
            if spec.choices is not None:
                yield spec.choices
            if spec.model is not None:
                yield from (choices for _, choices, _ in parts_of(spec.model).values() if choices is not None)


@pytest.mark.parametrize("labelled", sorted(set(enums()), key=str))
def test_every_value_has_a_label_of_its_own_in_each_language(labelled: type[Labelled]) -> None:
    """Not empty, the Chinese one in Chinese, none given twice."""
    labels = [member.label for member in labelled]
    assert all(label.en.strip() and HAN.search(label.zh) and not HAN.search(label.en) for label in labels)
    assert len({label.en for label in labels}) == len({label.zh for label in labels}) == len(labels)


def test_every_field_has_a_label_in_each_language() -> None:
    """No two fields of one kind are called the same."""
    for kind, fields in FULL_CATALOGUE.by_kind.items():
        labels = [spec.label for spec in fields.values()]
        assert all(label.en.strip() and HAN.search(label.zh) for label in labels), kind
        assert len({label.zh for label in labels}) == len({label.en for label in labels}) == len(labels), kind


class TestLabelled:
    def test_a_member_is_its_value_and_is_found_by_it(self) -> None:
        """What is stored and compared is the text alone."""
        assert Gender("female") is Gender.FEMALE
        assert str(Gender.FEMALE) == Gender.FEMALE.value == "female"
        assert Gender.FEMALE.label == Label("Female", "女")
        with pytest.raises(ValueError, match="not a valid Gender"):
            Gender("Female")

    def test_a_member_without_labels_does_not_come_into_being(self) -> None:
        """Nobody is shown a value without a name because it was forgotten."""
        with pytest.raises(TypeError, match="`grey` of `Colour` has no labels"):

            class Colour(Labelled):
                GREY = "grey"

    def test_an_enum_of_some_members_takes_their_labels_along(self) -> None:
        """A label is written once, also where its value is taken up again."""

        class Person(Labelled):
            INDIVIDUAL = Kind.INDIVIDUAL.declaration

        assert Person.INDIVIDUAL.label == Kind.INDIVIDUAL.label
        assert Person.INDIVIDUAL.value == Kind.INDIVIDUAL.value
