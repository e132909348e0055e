"""The page of the interface at /api/: made from the OpenAPI document here; no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from foederis.web.errors import KINDS

__all__ = ["page"]

EXAMPLES: Mapping[str, str] = {
    "/api/v1/runs": """{"scenario": "july-2025-deal", "draws": 100, "alliance_draws": 100}""",
    "/api/v1/compare": """{"first": {"scenario": "july-2025-deal"}, "second": {"scenario": "letter-25"}}""",
    "/api/v1/sweep": """{"scenario": "july-2025-deal", "grid": {"tariff": [0, 10, 20]}}""",
    "/api/v1/check": """{"scenario": "july-2025-deal"}""",
}


def page(document: Mapping[str, Any], origin: str = "http://127.0.0.1:8000") -> str:
    """The page as HTML. `origin` is what the examples call."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(document['info']['title'])}</title>",
        '<link rel="stylesheet" href="/static/api.css">',
        '<link rel="icon" href="data:,"></head><body><main>',
        f"<h1>{escape(document['info']['title'])}</h1>",
        f"<p>{escape(document['info']['description'])}</p>",
        '<p><a href="/api/v1/openapi.json">openapi.json</a> · <a href="/">the page</a></p>',
        *_contents(document),
        *_body(document, origin),
        *_models(document),
        *_kinds(),
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _operations(document: Mapping[str, Any], tag: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if tag in operation.get("tags", ()):
                yield path, method.upper(), operation


def _anchor(method: str, path: str) -> str:
    return f"{method}-{path}".lower().replace("/", "-").replace("{", "").replace("}", "").replace(".", "-")


def _contents(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<nav aria-label="Addresses"><ul>'
    for tag in document["tags"]:
        for path, method, _ in _operations(document, tag["name"]):
            yield f'<li><a href="#{_anchor(method, path)}"><b>{method}</b> {escape(path)}</a></li>'
    yield '<li><a href="#models">Models</a></li><li><a href="#problems">Problems</a></li></ul></nav>'


def _body(document: Mapping[str, Any], origin: str) -> Iterator[str]:
    for tag in document["tags"]:
        found = list(_operations(document, tag["name"]))
        if found:
            yield f"<section><h2>{escape(tag['description'])}</h2>"
            for path, method, operation in found:
                yield from _operation(path, method, operation, origin)
            yield "</section>"


def _operation(path: str, method: str, operation: Mapping[str, Any], origin: str) -> Iterator[str]:
    yield f'<article id="{_anchor(method, path)}"><h3><b>{method}</b> {escape(path)}</h3>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    rows = [
        (p["name"], p["in"], _type(p["schema"]), "yes" if p.get("required") else "", p.get("description", ""))
        for p in operation.get("parameters", ())
    ]
    if rows:
        yield from _table(("Parameter", "in", "type", "required", ""), rows)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: {escape(media)}, {_linked(content['schema'])}</p>"
    if path in EXAMPLES and method == "POST":
        command = f"curl -s {origin}{path} -H 'Content-Type: application/json' -d '{EXAMPLES[path]}'"
        yield f"<pre><code>{escape(command)}</code></pre>"
    elif "{" not in path:
        yield f"<pre><code>{escape(f'curl -s {origin}{path}')}</code></pre>"
    answers = [
        (status, ", ".join(response.get("content", {})), response["description"])
        for status, response in operation["responses"].items()
    ]
    yield "<details><summary>Answers</summary>"
    yield from _table(("Status", "type", ""), answers)
    yield "</details></article>"


def _models(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<section id="models"><h2>Models</h2>'
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<article id="model-{escape(name)}"><h3>{escape(name)}</h3>'
        yield f"<p>{escape(schema.get('description', ''))}</p>"
        required = schema.get("required", ())
        rows = [
            (key, _type(value), "yes" if key in required else "", value.get("description", ""))
            for key, value in schema.get("properties", {}).items()
        ]
        yield from _table(("Field", "type", "required", ""), rows)
        yield "</article>"
    yield "</section>"


def _kinds() -> Iterator[str]:
    yield '<section id="problems"><h2>Problems</h2>'
    yield "<p>What is refused is answered with application/problem+json (RFC 9457): type, title, status, detail, loc, "
    yield "hint, and errors where there are several.</p><dl>"
    for name, kind in KINDS.items():
        yield f'<dt id="problem-{name}"><b>{kind.status}</b> {escape(kind.title)}</dt><dd>{escape(kind.meaning)}</dd>'
    yield "</dl></section>"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield (
        "<table><thead><tr>" + "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head) + "</tr></thead><tbody>"
    )
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
    yield "</tbody></table>"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    limits = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
        if key in schema
    ]
    return " ".join([str(schema.get("type", "any")), *limits])


def _linked(schema: Mapping[str, Any]) -> str:
    name = _type(schema)
    return f'<a href="#model-{escape(name)}">{escape(name)}</a>' if "$ref" in schema else escape(name)
