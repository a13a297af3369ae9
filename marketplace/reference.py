"""The API reference page: the OpenAPI schema as rows for a template, so that no script is needed to read it."""

from functools import lru_cache
from typing import Any

from django.utils.text import slugify
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@lru_cache(maxsize=1)
def operations_by_tag() -> list[dict[str, Any]]:
    """Give groups of operations: method, path, what it does, parameters, what is sent and what comes back."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    parts = schema.get("components", {}).get("schemas", {})
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["api"])[0]
                groups.setdefault(tag, []).append(_operation(method, path, operation, parts))
    return [{"name": name, "id": slugify(name), "operations": rows} for name, rows in groups.items()]


def _operation(method: str, path: str, operation: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "text": operation.get("description", ""),
        "open": {} in operation.get("security", []),
        "parameters": [
            {"name": row["name"], "in": row["in"], "type": _type(row.get("schema", {})), "text": row.get("description", "")}
            for row in operation.get("parameters", [])
        ],
        "sent": _fields(operation.get("requestBody", {}), parts, leave_out="readOnly"),
        "answers": [
            {"status": status, "fields": _fields(answer, parts, leave_out="writeOnly")}
            for status, answer in operation.get("responses", {}).items()
        ],
    }  # fmt: skip


def _fields(body: dict[str, Any], parts: dict[str, Any], *, leave_out: str) -> list[dict[str, Any]]:
    content: dict[str, Any] = body.get("content", {})
    none: dict[str, Any] = {}
    first: dict[str, Any] = next(iter(content.values()), none).get("schema", {})
    shape = _shape(first, parts)
    wanted = shape.get("required", [])
    return [
        {"name": name, "type": _type(row), "needed": name in wanted and leave_out == "readOnly"}
        for name, row in shape.get("properties", {}).items()
        if not row.get(leave_out)
    ]


def _shape(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _shape(parts[schema["$ref"].rsplit("/", 1)[-1]], parts)
    if schema.get("type") == "array":
        return _shape(schema.get("items", {}), parts)
    results = schema.get("properties", {}).get("results")
    return _shape(results, parts) if results else schema


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    for joined in ("allOf", "oneOf", "anyOf"):
        if joined in schema:
            return " | ".join(sorted({_type(part) for part in schema[joined] if part}))
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    kind = schema.get("type", "any")
    return str(schema.get("format") or (", ".join(kind) if isinstance(kind, list) else kind))
