"""A body in the messages form of DashScope's newer models: pictures and words in one list.

Source: Model Studio: wan2.6, wan2.7, Qwen-Image and Z-Image API references.
"""

from __future__ import annotations

from typing import Any

from schemas.model import Model

CONTENT = "content"
"""Where the catalogue places what belongs into the message: `text`, and pictures by any name."""


def as_messages(body: dict[str, Any], model: Model) -> dict[str, Any]:
    """The same order with its content as the one message of a user.

    Pictures come before the words, in the order of the catalogue: prompts speak of image 1, image 2.
    """
    rest = {name: value for name, value in body.items() if name != CONTENT}
    content: dict[str, Any] = dict(body.get(CONTENT, {}))
    words = content.pop("text", None)
    known = [parameter.sent_as or name for name, parameter in model.parameters.items()]
    order = sorted(content, key=lambda name: known.index(name) if name in known else len(known))
    pieces = [{"image": address} for name in order for address in _several(content[name])]
    if words:
        pieces.append({"text": words})
    rest["input"] = {**rest.get("input", {}), "messages": [{"role": "user", CONTENT: pieces}]}
    return rest


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
