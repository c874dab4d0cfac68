"""The OpenAPI document, made of the routes, the problems and the schemas; and a plain page that shows it."""

from functools import cache
from html import escape
from typing import Any, Final

from s2r_ci import __version__, signing
from s2r_ci.problems import MEDIA_TYPE, PROBLEMS
from s2r_ci.validate import load_schema

_ENVELOPED: Final = frozenset({"/", "/v1/convert", "/v1/chat", "/v1/feedback"})
_CONVERTING: Final = frozenset({"/", "/v1/convert", "/v1/chat"})


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    from s2r_service.core import documented

    paths = {
        path: {method: _operation(path, method, does) for method, does in methods.items()}
        for path, methods in documented().items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "s2r-ci conversion service", "version": __version__, "license": {"name": "MIT"}},
        "paths": paths,
        "components": {
            "schemas": {
                "ConversionRequest": _schema("conversion-request.v1"),
                "ConversionResult": _schema("conversion-result.v1"),
                "Problem": _problem(),
            },
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": signing.SIGNATURE_HEADER,
                              "description": "HMAC-SHA-256 over timestamp ':' payload, lower-case hex"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                          "description": "the OIDC token of a GitHub workflow, good once"},
            },
        },
    }  # fmt: skip


def _schema(name: str) -> dict[str, Any]:
    return {key: value for key, value in load_schema(name).items() if key not in ("$schema", "$id")}


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "request_id", "error"],
        "properties": {
            "type": {"enum": [f"urn:s2r-ci:problem:{code}" for code in PROBLEMS]},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "request_id": text,
            "error": text,
            "server_time": {"type": "integer", "description": "of clock-skew: seconds since 1970"},
            "member": {"type": "string", "description": "of malformed-request: the member of the envelope"},
        },
    }


def _operation(path: str, method: str, does: Any) -> dict[str, Any]:
    bearing = does.__module__ == "s2r_service.oidc.sessions"
    closed = does.__module__ != "s2r_service.pages"
    made: dict[str, Any] = {
        "summary": str(does.__doc__).strip().splitlines()[0],
        "operationId": f"{method}{path.replace('/', '-').replace('{', '').replace('}', '').rstrip('-') or '-index'}",
        "responses": {"200": {"description": "done", "content": _content(path, method)}},
    }
    if closed:
        made["security"] = [{"token": []}] if bearing else [{"signature": []}]
        made["parameters"] = [] if bearing else _parameters(path, method)
        made["responses"]["default"] = {
            "description": "a problem (RFC 9457)",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if closed and not bearing and method == "post":
        content: dict[str, Any] = {
            "application/json": {"schema": {"$ref": "#/components/schemas/ConversionRequest"}}
        }
        if path == "/":
            content["text/plain"] = {"schema": {"type": "string", "description": "a raw script, as the first s2r"}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _parameters(path: str, method: str) -> list[dict[str, Any]]:
    names = [signing.TIMESTAMP_HEADER, signing.KEY_ID_HEADER]
    names += [signing.ENVELOPE_HEADER] if method == "get" else []
    found = [
        {"name": name, "in": "header", "required": name != signing.KEY_ID_HEADER, "schema": {"type": "string"}}
        for name in names
    ]
    if "{session_id}" in path:
        found.append({"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}})
    if path == "/v1/convert":
        found.append({"name": "dry_run", "in": "query", "required": False, "schema": {"type": "boolean"}})
    return found


def _content(path: str, method: str) -> dict[str, Any]:
    if path == "/docs":
        return {"text/html": {"schema": {"type": "string"}}}
    if method == "post" and path in _CONVERTING:
        return {"application/json": {"schema": {"$ref": "#/components/schemas/ConversionResult"}}}
    return {"application/json": {"schema": {"type": "object"}}}


def _needs(does: dict[str, Any]) -> str:
    """What a route asks for, in a word."""
    return "open" if "security" not in does else "signed" if "signature" in does["security"][0] else "a token"


def page() -> str:
    """The document as HTML without scripts: routes, then problems."""
    rows = [
        f"<tr><td><code>{method.upper()} {escape(path)}</code></td><td>{_needs(does)}"
        f"</td><td>{escape(does['summary'])}</td></tr>"
        for path, methods in document()["paths"].items()
        for method, does in methods.items()
    ]
    problems = [
        f"<tr><td><code>{code}</code></td><td>{each.status}</td><td>{escape(each.detail)}</td></tr>"
        for code, each in PROBLEMS.items()
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>s2r-ci</title>"
        "<style>body{font:15px sans-serif;margin:2em;max-width:70em}"
        "td{padding:.2em 1em .2em 0;vertical-align:top}</style>"
        f"<h1>s2r-ci {escape(__version__)}</h1><p>The document: <a href=/openapi.json>/openapi.json</a></p>"
        f"<h2>Routes</h2><table>{''.join(rows)}</table><h2>Problems</h2><table>{''.join(problems)}</table></html>"
    )
