"""The names in a ZIP archive, from the last bytes of the file (APPNOTE 6.3.10, sections 4.3.12 and 4.3.16).

Reads the directory alone and unpacks nothing: no archive can be too large or too deep for it.
"""

from __future__ import annotations

import struct

_END = struct.Struct("<4sHHHHIIH")  # end of central directory record
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")  # central directory file header
_END_SIGNATURE = b"PK\x05\x06"
_ENTRY_SIGNATURE = b"PK\x01\x02"
_MOST_TRIES = 4


def entry_names(tail: bytes, size: int) -> frozenset[str] | None:
    """The entries of the archive that ends with `tail` and has `size` bytes; None when the file is no archive.

    The directory must lie in `tail` and end where its end record begins, the record where the file ends; an archive
    of several volumes, or larger than 4 GB, is none. What is an archive and something else besides has no entries.
    """
    tried = 0
    end = tail.rfind(_END_SIGNATURE)
    while end >= 0:
        if _is_end_record(tail, end):
            names = _names(tail, end, size)
            tried += 1
            if names is not None:
                return names
            if tried == _MOST_TRIES:  # nobody writes such a file by accident
                return frozenset()
        end = tail.rfind(_END_SIGNATURE, 0, end)
    return None


def _is_end_record(tail: bytes, end: int) -> bool:
    """Whether the comment of the record reaches to the end of the file, and all of the archive is in one volume."""
    if len(tail) < end + _END.size:
        return False
    _, disk, first_disk, here, total, length, _, comment = _END.unpack_from(tail, end)
    return end + _END.size + comment == len(tail) and not disk and not first_disk and here == total and length <= end


def _names(tail: bytes, end: int, size: int) -> frozenset[str] | None:
    _, _, _, _, total, length, offset, _ = _END.unpack_from(tail, end)
    names = []
    position = end - length
    for _ in range(total):
        if position + _ENTRY.size > end or not tail.startswith(_ENTRY_SIGNATURE, position):
            return None
        name_length, extra, remark = _ENTRY.unpack_from(tail, position)[10:13]
        begins = position + _ENTRY.size
        names.append(tail[begins : begins + name_length].decode("utf-8", "replace"))
        position = begins + name_length + extra + remark
    if position != end:
        return None
    is_whole = offset + length + len(tail) - end == size  # else bytes stand before the archive
    return frozenset(names) if is_whole else frozenset()
