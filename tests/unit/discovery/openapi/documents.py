"""Documents of a small shop, in each version, written for these tests."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

SHOP_3_1 = dedent("""\
    openapi: 3.1.0
    info: {title: The Shop API, version: "7"}
    servers: [{url: "https://{region}.shop.example/api/v2", variables: {region: {default: eu}}}]
    security: [{key: []}]
    paths:
      /orders:
        get:
          operationId: listOrders
          summary: All orders.
          parameters:
            - {name: cursor, in: query, schema: {type: [string, "null"]}}
            - {name: limit, in: query, schema: {type: integer, maximum: 250, default: 50}}
            - name: state
              in: query
              schema: {type: string, default: open, enum: [open, closed, all]}
          responses:
            "200": {$ref: "#/components/responses/Orders"}
      /orders/{order_id}:
        get:
          parameters: [{name: order_id, in: path, required: true, schema: {type: string}}]
          responses:
            200:
              description: one
              content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
      /orders/{order_id}/comments:
        parameters: [{name: order_id, in: path, required: true, schema: {type: string}}]
        get:
          parameters:
            - {name: page, in: query, schema: {type: integer, default: 1, minimum: 1}}
            - {name: per_page, in: query, schema: {type: integer, maximum: 100}}
          responses:
            200:
              description: some
              content:
                application/json:
                  schema: {type: array, items: {$ref: "#/components/schemas/Comment"}}
      /warehouses/{warehouse}/shelves:
        get:
          deprecated: true
          parameters:
            - {name: warehouse, in: path, required: true, schema: {type: string}}
            - {name: kind, in: query, required: true, schema: {type: string, enum: [cold, warm]}}
          responses:
            200:
              description: some
              content:
                application/json:
                  schema:
                    properties:
                      next: {type: string, format: uri}
                      shelves:
                        type: array
                        items: {type: object, properties: {id: {type: integer}}}
    components:
      securitySchemes:
        key: {type: apiKey, in: header, name: X-Shop-Key}
      responses:
        Orders:
          description: some
          content:
            application/json:
              schema:
                allOf:
                  - {$ref: "#/components/schemas/Paged"}
                  - properties:
                      data: {type: array, items: {$ref: "#/components/schemas/Order"}}
      schemas:
        Paged:
          type: object
          properties:
            meta:
              type: object
              properties: {next_cursor: {type: [string, "null"]}, total: {type: integer}}
        Order:
          type: object
          required: [id, placed_at]
          properties:
            id: {type: string}
            placed_at: {type: string, format: date-time}
            due: {type: [string, "null"], format: date}
            total: {type: number, format: double}
            parent: {anyOf: [{$ref: "#/components/schemas/Order"}, {type: "null"}]}
        Comment:
          type: object
          required: [id]
          properties:
            id: {type: integer}
            text: {type: string}
""")

SHOP_3_0: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "/api"}],
    "paths": {
        "/users": {
            "get": {
                "security": [{"login": []}],
                "parameters": [
                    {"$ref": "#/components/parameters/Offset"},
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": {
                    "200": {
                        "description": "some",
                        "content": {
                            "application/json; charset=utf-8": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "users": {
                                            "type": "array",
                                            "items": {"$ref": "#/components/schemas/User"},
                                        },
                                        "total_entries": {"type": "integer"},
                                    },
                                }
                            }
                        },
                    }
                },
            }
        },
        "/orders/search": {
            "post": {
                "security": [{"login": []}],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["shop"],
                                "properties": {
                                    "page_token": {"type": "string"},
                                    "max_results": {"type": "integer", "maximum": 500},
                                    "page_size": {"type": "integer", "maximum": 500},
                                    "shop": {"type": "string", "example": "berlin"},
                                },
                            }
                        }
                    }
                },
                "responses": {
                    "200": {
                        "description": "some",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "orders": {
                                            "type": "array",
                                            "items": {
                                                "type": "object",
                                                "properties": {"order_id": {"type": "integer"}},
                                            },
                                        },
                                        "next_page_token": {"type": "string"},
                                    },
                                }
                            }
                        },
                    }
                },
            }
        },
        "/me": {
            "get": {
                "responses": {
                    "200": {
                        "description": "me",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/User"}}
                        },
                    }
                }
            }
        },
    },
    "components": {
        "parameters": {"Offset": {"name": "offset", "in": "query", "schema": {"type": "integer"}}},
        "schemas": {
            "User": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "format": "int64"},
                    "name": {"type": "string"},
                    "roles": {"type": "array", "items": {"type": "object"}},
                },
            }
        },
        "securitySchemes": {
            "login": {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": "/oauth/token",
                        "scopes": {"read": "to read"},
                    }
                },
            }
        },
    },
}

SHOP_2: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Old shop", "version": "1"},
    "host": "old.shop.example",
    "basePath": "/v1",
    "schemes": ["http", "https"],
    "securityDefinitions": {"login": {"type": "basic"}},
    "security": [{"login": []}],
    "paths": {
        "/items": {
            "get": {
                "parameters": [
                    {"name": "page", "in": "query", "type": "integer"},
                    {"name": "size", "in": "query", "type": "integer", "maximum": 20},
                    {"name": "shop", "in": "query", "required": True, "type": "string"},
                ],
                "responses": {
                    "200": {
                        "description": "some",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Item"}},
                    }
                },
            }
        },
        "/items/{id}/parts": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "integer"},
                    {"name": "start", "in": "query", "type": "integer"},
                    {"name": "page_size", "in": "query", "type": "integer"},
                ],
                "responses": {
                    "200": {
                        "description": "some",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Item"}},
                    }
                },
            }
        },
    },
    "definitions": {
        "Item": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "price": {"type": "number"}},
        }
    },
}
