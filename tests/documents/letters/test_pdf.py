"""A letter says what its template and values say, in fonts of its own, and the same bytes each time."""

from __future__ import annotations

import re
from datetime import date

import pytest
from pypdfium2 import PdfDocument, raw

from documents.chapters.attachments.inspection import ContentInspection
from documents.chapters.attachments.media_types import MediaType
from documents.chapters.credit.overdue_letter import OVERDUE_LETTERS
from documents.letters.pdf import render_letter
from documents.letters.template import LetterLanguage, TemplateError

DATED = date(2026, 11, 24)
VALUES: dict[LetterLanguage, dict[str, str]] = {
    "en": {
        "sender_name": "Dossier Trading Ltd.",
        "sender_address": "1 Harbour Road, Shanghai",
        "sender_telephone": "+86 21 5555 0100",
        "customer_name": "Golden Lantern Printing",
        "customer_address": "88 Printing Lane, Hangzhou",
        "reference": "CL-2026-000123",
        "date": "24 November 2026",
        "total": "CNY 12,345.67",
        "due_date": "8 December 2026",
        "account": "6222 0200 0000 0000",
        "signatory": "Credit Control",
    },
    "zh-CN": {
        "sender_name": "多思尔贸易有限公司",
        "sender_address": "上海市浦东新区海港路1号",
        "sender_telephone": "021-55550100",
        "customer_name": "金灯笼印务有限公司",
        "customer_address": "杭州市西湖区印刷巷88号",
        "reference": "CL-2026-000123",
        "date": "2026年11月24日",
        "total": "人民币12,345.67元",
        "due_date": "2026年12月8日",
        "account": "6222 0200 0000 0000",
        "signatory": "信用管理部",
    },
}
ITEMS = [["INV-2026-0901", "2026-09-30", "55", "10,000.00"], ["INV-2026-1001", "2026-10-31", "24", "2,345.67"]]


def letter(language: LetterLanguage, items: list[list[str]] = ITEMS, **changed: str) -> bytes:
    return render_letter(OVERDUE_LETTERS[language], VALUES[language] | changed, items, DATED)


def opened(pdf: bytes) -> PdfDocument:
    """As a browser opens it: PDFium is Chromium's reader."""
    return PdfDocument(pdf)


def text(pdf: bytes) -> str:
    """What stands on all pages, without white space, of which a reader makes what it likes."""
    return re.sub(r"\s", "", "".join(page.get_textpage().get_text_range() for page in opened(pdf)))


@pytest.mark.parametrize("language", OVERDUE_LETTERS)
class TestCollectionLetter:
    """Both languages."""

    def test_everything_can_be_read_back(self, language: LetterLanguage) -> None:
        """Every text of the template with its values, and every item."""
        read = text(letter(language))
        filled = OVERDUE_LETTERS[language].filled(VALUES[language])
        for written in (*filled.texts(), *filled.column_labels, *(cell for row in ITEMS for cell in row)):
            assert re.sub(r"\s", "", written) in read
        assert "{" not in read

    def test_the_same_letter_has_the_same_bytes(self, language: LetterLanguage) -> None:
        """And another value others."""
        assert letter(language) == letter(language)
        assert letter(language) != letter(language, reference="CL-2026-000124")

    def test_the_fonts_are_embedded(self, language: LetterLanguage) -> None:
        """It reads alike where no Chinese font is installed."""
        written = list(opened(letter(language))[0].get_objects([raw.FPDF_PAGEOBJ_TEXT]))
        assert written
        assert all(raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(piece.raw)) == 1 for piece in written)

    def test_many_items_take_more_pages(self, language: LetterLanguage) -> None:
        """None is lost."""
        items = [[f"INV-{number:04}", "2026-09-30", "55", f"{number}.00"] for number in range(80)]
        pdf = letter(language, items)
        assert len(opened(pdf)) > 1
        assert all(f"INV-{number:04}" in text(pdf) for number in range(80))

    def test_it_can_be_kept_as_an_attachment(self, language: LetterLanguage) -> None:
        """It is a PDF by its content."""
        inspection = ContentInspection(MediaType.PDF, 10**6)
        inspection.feed(letter(language))
        assert inspection.finish() is MediaType.PDF

    def test_a_missing_an_unknown_and_a_surplus_value_are_refused(self, language: LetterLanguage) -> None:
        """Naming the placeholder, not the values."""
        template, values = OVERDUE_LETTERS[language], VALUES[language]
        with pytest.raises(TemplateError, match="needs values for date, total"):
            template.filled({name: value for name, value in values.items() if name not in {"date", "total"}})
        with pytest.raises(TemplateError, match="no place for colour"):
            template.filled(values | {"colour": "red"})
        with pytest.raises(TemplateError, match="4 columns"):
            letter(language, [["INV-1", "2026-09-30"]])

    def test_a_value_is_put_in_as_it_is(self, language: LetterLanguage) -> None:
        """Braces in a value are no placeholders."""
        assert "{total}{0.__class__}" in text(letter(language, customer_name="{total} {0.__class__}"))

    def test_a_character_without_a_glyph_is_refused(self, language: LetterLanguage) -> None:
        """No letter goes out with a hole in a name."""
        with pytest.raises(TemplateError, match="font"):
            letter(language, customer_name="金灯笼\U0001f3ee")


def test_both_languages_need_the_same_values() -> None:
    """Whoever makes a letter does not have to know which."""
    needed = {template.placeholders for template in OVERDUE_LETTERS.values()}
    assert len(needed) == 1
    assert needed == {frozenset(VALUES["en"])}
