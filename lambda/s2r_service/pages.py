"""What anybody may ask: name and version, health, models, the OpenAPI document and the page that shows it."""

from s2r_ci import __version__
from s2r_service.messages import Request, Response, json_response
from s2r_service.parts import Parts
from s2r_service.settings import public


def index(request: Request, parts: Parts) -> Response:
    """Name, version and links."""
    links = {"convert": "/v1/convert", "models": "/v1/models", "health": "/healthz", "openapi": "/openapi.json"}
    links |= {"docs": "/docs"} if parts.settings.docs else {}
    return json_response(
        200,
        {"name": "s2r-ci", "version": __version__, "s2r": [1], "limits": public(parts.settings), "links": links},
    )


def health(request: Request, parts: Parts) -> Response:
    """That the process answers, its versions of the wire, and its clock. Asks neither store nor model."""
    return json_response(200, {"s2r": [1], "time": parts.now_ns() // 10**9})


def models(request: Request, parts: Parts) -> Response:
    """The models that a request may name, and which one is asked where it names none."""
    offered = [
        {
            "alias": offer.alias,
            "id": offer.model_id,
            "name": offer.name,
            "lifecycle": offer.lifecycle,
            "ends": offer.ends or None,
            "default": offer.alias == parts.catalogue.default,
        }
        for offer in parts.catalogue.offers.values()
    ]
    converter = "rules" if parts.model is None else "bedrock"
    return json_response(200, {"s2r": 1, "converter": converter, "models": offered})


def openapi(request: Request, parts: Parts) -> Response:
    """The OpenAPI document."""
    from s2r_service.openapi import document

    return json_response(200, document())


def docs(request: Request, parts: Parts) -> Response:
    """The OpenAPI document as a page that loads nothing from elsewhere."""
    from s2r_service.openapi import page

    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy))
    return Response(200, headers, page().encode())
