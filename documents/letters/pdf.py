"""A letter as PDF: A4, the fonts embedded, so that it looks and prints alike everywhere and for as long as it is kept.

Pure: the same letter of the same day gives the same bytes. It takes some 0.3 s of one processor, most of it for the
subset of the font: call it in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace
from pylopdf_fonts_zh_cn import serif_path

from documents.letters.template import LetterTemplate, TemplateError

FONT = "serif"
MARGIN = 25.0  # millimetres, as are all lengths here
LINE = 6.5
SIZE, SMALL, TITLE = 11, 9, 16  # points

_OPENING, _CLOSING = "“‘（《「『【", "”’），。、；：？！》」』】％"
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A Chinese character, or a run of others, with the marks that belong to it and the spaces behind.
_UNBREAKABLE = re.compile(rf"[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*\s*")


def render_letter(
    template: LetterTemplate, values: Mapping[str, str], items: Sequence[Sequence[str]], dated: date
) -> bytes:
    """The PDF of a letter. `items` are the rows of its table, a text per column; `dated` becomes its creation date.

    Raises TemplateError for values that do not fit the template, a row of another width, or a character that the font
    does not have: a letter in which a name has holes must not leave the house."""
    letter = template.filled(values)
    if any(len(row) != len(letter.column_labels) for row in items):
        raise TemplateError(f"a row of the letter `{letter.name}` has {len(letter.column_labels)} columns")
    pdf = _blank(letter, dated)
    _refuse_missing_glyphs(pdf, letter, items)
    _text(pdf, letter.letterhead, align="R", size=SMALL)
    pdf.ln(LINE)
    _text(pdf, letter.recipient)
    pdf.ln(LINE)
    _text(pdf, letter.title, align="C", size=TITLE)
    pdf.ln(LINE / 2)
    _text(pdf, letter.reference, size=SMALL)
    pdf.ln(LINE / 2)
    for paragraph in letter.paragraphs:
        _text(pdf, paragraph)
        pdf.ln(LINE / 2)
    _items(pdf, letter.column_labels, items)
    pdf.ln(LINE / 2)
    for paragraph in letter.closing:
        _text(pdf, paragraph)
        pdf.ln(LINE / 2)
    pdf.ln(LINE)
    for line in letter.signature:
        _text(pdf, line, align="R")
    return bytes(pdf.output())


def _blank(letter: LetterTemplate, dated: date) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(dated, time(), UTC))
    pdf.set_producer("Dossier")
    pdf.set_title(letter.title)
    pdf.set_lang(letter.language)
    pdf.add_font(FONT, fname=serif_path())
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    pdf.set_font(FONT, size=SIZE)
    pdf.add_page()
    return pdf


def _text(pdf: FPDF, text: str, *, align: str = "L", size: int = SIZE) -> None:
    pdf.set_font(FONT, size=size)
    for paragraph in text.split("\n"):
        for line in _lines(pdf, paragraph):
            pdf.cell(0, LINE, line, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _lines(pdf: FPDF, text: str) -> Iterator[str]:
    """The lines of a paragraph: Chinese breaks between characters, save before and after what must not stand alone."""
    line = ""
    for piece in _UNBREAKABLE.findall(text):
        if line and pdf.get_string_width((line + piece).rstrip()) > pdf.epw:
            yield line.rstrip()
            line = ""
        line = (line + piece).lstrip() if not line else line + piece
    yield line.rstrip()


def _items(pdf: FPDF, labels: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    pdf.set_font(FONT, size=SIZE)
    align = ("LEFT", *("RIGHT" for _ in labels[1:]))
    with pdf.table(line_height=LINE, text_align=align, padding=1, headings_style=FontFace(emphasis="")) as table:
        for texts in (labels, *rows):
            table.row(texts)


def _refuse_missing_glyphs(pdf: FPDF, letter: LetterTemplate, items: Sequence[Sequence[str]]) -> None:
    texts = (*letter.texts(), *letter.column_labels, *(text for row in items for text in row))
    known = pdf.fonts[FONT].cmap  # type: ignore[union-attr]  # a font that was added from a file has one
    if any(ord(character) not in known for text in texts for character in text if character != "\n"):
        raise TemplateError(f"the letter `{letter.name}` has characters that its font does not have")
