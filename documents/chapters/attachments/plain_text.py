"""Whether bytes are a plain text, told as they come and in constant memory.

A text is UTF-8 (RFC 3629) without control characters but tab, line ends and form feed. What a viewer or a shell might
run is no text here: HTML, SVG and XML anywhere in it, a script's or another format's mark at its beginning.
"""

from __future__ import annotations

import codecs
import re

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
# The elements by which browsers take a text for HTML (MIME Sniffing, section 7.1), and those that carry scripts.
_MARK_UP = re.compile(
    r"<(?:!doctype|!--|\?xml|\?php|\?=|/?(?:html|head|title|body|script|style|svg|iframe|frameset|object|embed|applet"
    r"|form|meta|link|base|img|image|video|audio|math|template|table|div|font)(?=[\s/>]))",
    re.IGNORECASE,
)
_OTHER_FORMATS = re.compile(r"\s*(?:#!|%!ps|%pdf-|\{\\rtf|@echo|mime-version:)", re.IGNORECASE)
_OVERLAP = 32  # more than the longest mark-up that is looked for
_BEGINNING = 64


class PlainTextCheck:
    """Fed with `feed`, asked with `is_text`."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._carried = ""
        self._beginning = ""
        self._is_text = True

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Takes the next bytes; with `final` there are no more."""
        if not self._is_text:
            return
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError:
            self._is_text = False
            return
        searched = self._carried + text
        self._carried = searched[-_OVERLAP:]
        if len(self._beginning) < _BEGINNING:
            self._beginning = (self._beginning + text)[:_BEGINNING]
        self._is_text = not (
            _CONTROL.search(text) or _MARK_UP.search(searched) or _OTHER_FORMATS.match(self._beginning)
        )

    @property
    def is_text(self) -> bool:
        """Whether all that was fed so far can be a text; after `final`, whether it is one."""
        return self._is_text
