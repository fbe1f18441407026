"""Names of files, as people give them: kept as they are, or refused.

A name is one component of a path, can be shown without surprises, and ends as its type does: what is kept as a text
must not come back as a program.
"""

from __future__ import annotations

import unicodedata

from documents.chapters.attachments.media_types import EXTENSIONS, MediaType
from documents.errors import AttachmentFault, AttachmentRefusedError

MOST_CHARACTERS = 200
_FORBIDDEN = frozenset('/\\:*?"<>|')  # what a path, a shell or a file system takes for something else


def accepted_name(name: str, media_type: MediaType) -> str:
    """The name in NFC. Raises AttachmentRefusedError: not a name, or that of another type."""
    name = unicodedata.normalize("NFC", name).strip()
    # Cc, Cf, Cs, Co, Cn: control characters, marks that turn the direction of writing, and what nobody can read.
    unreadable = any(unicodedata.category(character).startswith("C") for character in name)
    if unreadable or _FORBIDDEN & set(name) or not 1 <= len(name) <= MOST_CHARACTERS or name.startswith("."):
        raise AttachmentRefusedError(AttachmentFault.NAME_INVALID)
    stem, _, extension = name.rpartition(".")
    if not stem or extension.lower() not in EXTENSIONS[media_type]:
        raise AttachmentRefusedError(AttachmentFault.TYPE_MISMATCH)
    return name
