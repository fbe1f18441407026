"""Blind indexes: how an encrypted field is found without being opened.

Guaranteed: without the index root secret a token tells nothing about its value but whether two values of the same
field are equal; tokens of different fields, or of different kinds of search, cannot be compared.
Not guaranteed: whoever reads the database sees which records share a value of a field and how often; whoever also has
the index root secret can try values: the last four of a telephone number have 10^4, an identity number not many more
than 10^10. Tokens do not depend on data keys: erasing a customer must remove them with the record.

    field key = HKDF-SHA-256 (RFC 5869) of the index root secret, no salt, 32 bytes,
                info = `blind_index`, field name, search kind, each behind its length (two bytes, big endian)
    token     = HMAC-SHA-256 (RFC 2104) of the UTF-8 of the normalised value under the field key, first 16 bytes
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from documents.declaring import values
from documents.declaring.fields import Search, ValueType
from documents.encryption.ciphertext import encode_parts

TOKEN_LENGTH = 16  # 128 bits: two of 10^9 values meet with probability 10^-21, at half the size in every index
FIELD_KEY_LENGTH = 32
LAST_FOUR_LENGTH = 4


class BlindIndex:
    """Makes the tokens of all fields.

    Keyed by field name alone: a field that two kinds have shares its tokens, so that a unique identifier is unique
    over all customers.
    """

    def __init__(self, index_root: bytes, prefix: str = "") -> None:
        self._index_root = index_root
        self._prefix = prefix
        # A keyed context is copied per token: 0.4 µs, against 1.3 µs for the standard library's `hmac.digest`.
        self._contexts: dict[tuple[str, Search], HMAC] = {}

    def within(self, collection: str) -> BlindIndex:
        """The index of another collection's fields: their names mean something else there."""
        return BlindIndex(self._index_root, f"{collection}.")

    def equality(self, field_name: str, value_type: ValueType, value: str) -> bytes:
        """The token by which a value is found exactly, 16 bytes."""
        return self._token(field_name, Search.EQUALITY, values.normalise(value_type, value))

    def last_four(self, field_name: str, value: str) -> bytes | None:
        """The token by which a whole value is found by its last four; None if it is too short to be asked for so."""
        four = values.last_four(value)
        return None if four is None else self._token(field_name, Search.LAST_FOUR, four)

    def last_four_asked(self, field_name: str, four: str) -> bytes | None:
        """The token to look for when a caller gives the four characters alone; None if they are not four."""
        term = values.normalise(ValueType.TEXT, four)
        return self._token(field_name, Search.LAST_FOUR, term) if len(term) == LAST_FOUR_LENGTH else None

    def _token(self, field_name: str, search: Search, normalised: str) -> bytes:
        context = self._contexts.get((field_name, search))
        if context is None:
            context = self._contexts[field_name, search] = self._field_context(field_name, search)
        token = context.copy()
        # A lone surrogate, which JSON can carry, is no reason to fail: it matches nothing.
        token.update(normalised.encode("utf-8", "surrogatepass"))
        return token.finalize()[:TOKEN_LENGTH]

    def _field_context(self, field_name: str, search: Search) -> HMAC:
        info = encode_parts(b"blind_index", (self._prefix + field_name).encode(), search.value.encode())
        key = HKDF(hashes.SHA256(), FIELD_KEY_LENGTH, salt=None, info=info).derive(self._index_root)
        return HMAC(key, hashes.SHA256())
