"""The exported SDL: committed, so that every change of the vocabulary is seen in review."""

from __future__ import annotations

from documents.registry import CATALOGUE
from schema.build import build_schema
from tests.command import ROOT

EXPORTED = ROOT / "schema" / "schema.graphql"


def test_the_exported_schema_is_the_schema() -> None:
    """`make schema` writes it anew."""
    assert EXPORTED.read_text(encoding="utf-8") == build_schema(CATALOGUE).sdl


def test_every_declared_field_is_in_the_schema_with_its_protection() -> None:
    """From the declaration alone: nullable, with its class, and `@encrypted` exactly where it is encrypted."""
    core = build_schema(CATALOGUE).core
    for kind, fields in CATALOGUE.by_kind.items():
        served = core.type_map[kind.value.capitalize()].fields  # type: ignore[attr-defined]
        for spec in fields.values():
            assert not str(served[spec.public_name].type).endswith("!"), spec.name
        lines = build_schema(CATALOGUE).sdl.split(f"type {kind.value.capitalize()} ")[1].split("\n}")[0]
        for spec in fields.values():
            (line,) = [text for text in lines.splitlines() if text.startswith(f"  {spec.public_name}: ")]
            assert f"@sensitive(class: {spec.sensitivity.name})" in line
            assert line.endswith("@encrypted") is spec.encrypted
