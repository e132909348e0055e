"""JSON Schema of a scenario file, for editors: completion, hover texts, early marks.

It describes a file as it is written, before inheritance: a file that extends another one may leave keys out, and an
entry with an inherited id may name only what it changes. What joins several values is checked by `foederis check` only.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from foederis import scenario_files
from foederis.scenario_fields import plain
from foederis.scenario_model import Part, ScenarioFile
from foederis.scenario_text import tree

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BY_ID = ("Tariff", "TradeCost", "Retaliator", "Contingent", "LedgerChange", "DatedAct")  # entries that merge by id


class _Generator(GenerateJsonSchema):
    """Writes defaults as a file would hold them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Part):
            return tree(dft)
        if isinstance(dft, float):
            return "long run"
        if isinstance(dft, tuple):
            return [self.encode_default(item) for item in dft]
        value = plain(dft)
        return value if value is None or isinstance(value, str | int | bool | list | dict) else float(value)


def json_schema() -> dict[str, Any]:
    """The schema as plain data, JSON Schema draft 2020-12."""
    schema = ScenarioFile.model_json_schema(by_alias=True, schema_generator=_Generator)
    schema = {"$schema": DIALECT, **schema, "title": "A scenario of foederis"}
    names = ", ".join(scenario_files.preset_names())
    schema["properties"]["extends"] = {
        "type": "string",
        "description": f"a preset ({names}) or a file, relative to this one",
    }
    schema["required"] = ["schema", "id"]
    schema["anyOf"] = [{"required": ["extends"]}, {"required": ["horizon", "actors"]}]
    for name in BY_ID:
        entry = schema["$defs"][name]
        whole = entry.pop("required", [])
        entry["required"] = ["id"]
        entry["properties"]["remove"] = {"const": True, "description": "take the inherited entry with this id out"}
        entry["description"] = f"{entry.get('description', '')} A new entry needs: {', '.join(whole)}.".strip()
    for name in ("Horizon", "Actors"):
        schema["$defs"][name].pop("required", None)
    return schema
