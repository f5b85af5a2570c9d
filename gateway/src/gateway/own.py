"""The gateway's own part of the OpenAPI document."""

from typing import Any, Final


def _json(description: str, schema: dict[str, Any], example: Any = None) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"description": description, "content": {"application/json": media}}


def _document(name: str, summary: str) -> dict[str, Any]:
    return {
        "get": {
            "operationId": f"gateway_{name}",
            "summary": summary,
            "description": "For programs; the pages read it, too. It never needs a token.",
            "security": [],
            "responses": {
                "200": _json("The document, with an `ETag`", {"type": "object"}),
                "304": {"description": "The document that `If-None-Match` names still holds"},
            },
        }
    }


HEALTH: Final = {"$ref": "#/components/schemas/SuiteHealth"}

OWN: Final[dict[str, Any]] = {
    "info": {"description": "The health of the suite and its documents."},
    "paths": {
        "/api/v1/health/": {
            "get": {
                "operationId": "gateway_health",
                "summary": "Health",
                "description": "Tell which services are ready.",
                "security": [],
                "responses": {
                    "200": _json(
                        "All services are ready",
                        HEALTH,
                        {"status": "ok", "services": {"auth": "ok", "exams": "ok"}},
                    ),
                    "503": {
                        **_json(
                            "At least one service is not ready",
                            HEALTH,
                            {"status": "error", "services": {"auth": "ok", "exams": "down"}},
                        ),
                        "headers": {"Retry-After": {"schema": {"type": "integer"}}},
                    },
                },
            }
        },
        "/api/v1/openapi.json": _document("openapi", "This document"),
        "/api/v1/asyncapi.json": _document("asyncapi", "The events, as an AsyncAPI 3 document"),
    },
    "components": {
        "schemas": {
            "SuiteHealth": {
                "title": "SuiteHealth",
                "type": "object",
                "properties": {
                    "status": {"type": "string", "enum": ["ok", "error"]},
                    "services": {
                        "type": "object",
                        "additionalProperties": {"type": "string", "enum": ["ok", "down"]},
                    },
                },
                "required": ["status", "services"],
            }
        }
    },
}
