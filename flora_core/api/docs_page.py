"""The API described on one page, without a script and without a call to anywhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{font-family:ui-monospace,monospace;font-size:.9em}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
h2{margin-top:2.5rem}.verb{font-weight:700;color:#1b6e3c}@media(prefers-color-scheme:dark){.verb{color:#6fcf97}}
"""


def docs_page(openapi: dict[str, Any]) -> str:
    """An HTML page that shows every route of an OpenAPI document, with its fields and its answers."""
    schemas = openapi.get("components", {}).get("schemas", {})
    sections = [
        _route(path, verb, operation, schemas)
        for path, verbs in sorted(openapi["paths"].items())
        for verb, operation in verbs.items()
    ]
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(openapi['info']['title'])}: API</title>"
        f"<meta name='viewport' content='width=device-width,initial-scale=1'><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(openapi['info']['title'])}: API</h1><p>{escape(openapi['info'].get('description', ''))} "
        "The same as a document for programs: <a href='openapi.json'>openapi.json</a>.</p>"
        f"{''.join(sections)}</main></body></html>"
    )


def _route(path: str, verb: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    parts = [f"<h2><span class='verb'>{verb.upper()}</span> <code>/api{escape(path)}</code></h2>"]
    parts.append(f"<p>{escape(operation.get('description', ''))}</p>")
    for parameter in operation.get("parameters", []):
        about = escape(parameter.get("description", ""))
        parts.append(f"<p><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}) {about}</p>")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        parts.append(f"<h3>Send</h3>{_fields(body, schemas)}")
    elif operation.get("requestBody"):
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in operation["requestBody"]["content"])
        parts.append(f"<h3>Send</h3><p>A file, as {kinds}.</p>")
    for status, response in operation.get("responses", {}).items():
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        if status.startswith("2") and schema:
            parts.append(f"<h3>Answer</h3>{_fields(schema, schemas)}")
    refusals = [status for status in operation.get("responses", {}) if not status.startswith("2")]
    if refusals:
        shape = escape(json.dumps({"error": "...", "detail": "...", "issues": []}))
        parts.append(f"<p>Refusals ({', '.join(map(escape, refusals))}): <code>{shape}</code></p>")
    return "".join(parts)


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    target = _resolved(schema, schemas)
    rows = []
    for name, field in target.get("properties", {}).items():
        inner = _resolved(field.get("items", field), schemas)
        nested = _fields(inner, schemas) if "properties" in inner else ""
        about = escape(field.get("description", ""))
        rows.append(f"<tr><td><code>{escape(name)}</code></td><td>{_kind(field)}</td><td>{about}{nested}</td></tr>")
    return f"<table><tr><th>field</th><th>kind</th><th></th></tr>{''.join(rows)}</table>" if rows else ""


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    for choice in (schema, *schema.get("anyOf", [])):
        reference = choice.get("$ref", "")
        if reference:
            found: dict[str, Any] = schemas.get(reference.rsplit("/", 1)[-1], {})
            return found
    return schema


def _kind(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_kind(choice) for choice in field["anyOf"])
    if "$ref" in field:
        return "object"
    kind = str(field.get("type", "any"))
    return (
        "empty"
        if kind == "null"
        else f"list of {_kind(field['items'])}"
        if kind == "array" and "items" in field
        else escape(kind)
    )
