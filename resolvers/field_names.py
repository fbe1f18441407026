"""Names of customer fields that callers write down: consented to, verified. They must be names that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from documents.catalogue import FULL_CATALOGUE
from documents.errors import InvalidField, InvalidValueError
from documents.fields import Kind


def check_field_names(names: Iterable[str], kinds: Collection[Kind], given_in: str) -> None:
    """Raises InvalidValueError on the field `given_in` for a public name that no field of any of the kinds has."""
    known = {spec.public_name for kind in kinds for spec in FULL_CATALOGUE.fields(kind).values()}
    for name in names:
        if name not in known:
            nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
            parameters = (("nearest", nearest[0] if nearest else "name"),)
            raise InvalidValueError((InvalidField(given_in, "value.unknown_field", parameters),))
