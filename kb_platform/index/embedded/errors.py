"""What the embedded engine answers instead of a result.

RequestRefused                 base; `status` is the HTTP status
├── BadRequest                 400: not understood, or not a part of the protocol that is spoken here
├── UnknownCollection          404
└── CollectionExists           409
"""

from __future__ import annotations


class RequestRefused(Exception):
    status = 500


class BadRequest(RequestRefused):
    status = 400


class UnknownCollection(RequestRefused):
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"Not found: Collection `{name}` doesn't exist!")


class CollectionExists(RequestRefused):
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(f"Wrong input: Collection `{name}` already exists!")
