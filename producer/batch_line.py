"""Lines of an OpenAI batch: one request each, read as a row."""

from __future__ import annotations

from typing import Any, NamedTuple

IMAGES_URL = "/v1/images/generations"
PROVIDER = "openai"
"""Whose model such a line means where nobody says otherwise."""
HOW_IT_COMES = frozenset({"response_format", "user"})
"""Body fields that say how the answer comes or who asks, not what is drawn: they cost nothing to
leave out, since pictures are stored whichever way they come."""
_ENVELOPE = ("method", "url", "body")


class Flat(NamedTuple):
    """Such a line as cells: what the body asks for beside what else the line has."""

    cells: dict[str, Any]
    body: tuple[str, ...]


def is_batch_line(value: dict[str, Any]) -> bool:
    """Whether an object is a request in an envelope (OpenAI: Batch API, input file)."""
    return "body" in value and ("url" in value or "method" in value)


def flattened(value: dict[str, Any]) -> Flat | str:
    """The line as cells, or what is wrong with its envelope."""
    method, url, body = (value.get(name) for name in _ENVELOPE)
    if method != "POST":
        return f"has the method {_short(method)}; an order is a POST"
    if url != IMAGES_URL:
        return f"asks {_short(url)}; only {IMAGES_URL} makes pictures here"
    if not isinstance(body, dict):
        return 'has no body; write "body": {"model": ..., "prompt": ...}'
    own = {name: cell for name, cell in value.items() if name not in _ENVELOPE}
    asked = {name: cell for name, cell in body.items() if name not in own or name != "custom_id"}
    rest = {name: cell for name, cell in own.items() if name not in asked}
    return Flat({**rest, **asked}, tuple(asked))


def _short(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and len(value) <= 60 else "something else"
