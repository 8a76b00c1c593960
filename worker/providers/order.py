"""The body of an order, built from what the catalogue says of the model's fields."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Kind
from schemas.size import Size

FREE_PLACE = "parameters"
"""Where parameters go that the catalogue does not know."""


def body_of(job: Job, model: Model) -> dict[str, Any]:
    """What the order says, each value in its place; the model's name is the client's business."""
    body: dict[str, Any] = {}
    for place, value in model.constants.items():
        # What is put below a constant object must not end up in the catalogue.
        put(body, place, deepcopy(value))
    if job.prompt and model.prompt != "none":
        put(body, model.prompt_place, job.prompt)
    if job.negative_prompt and model.negative_prompt_limit:
        put(body, model.negative_prompt_place, job.negative_prompt)
    for name, value in job.parameters.items():
        known = model.parameters.get(name)
        if known is None:
            put(body, f"{FREE_PLACE}.{name}", value)
        elif known.split and known.kind is Kind.SIZE and (size := Size.parse(value)):
            put(body, _path(known.place, "width"), size.width)
            put(body, _path(known.place, "height"), size.height)
        else:
            put(body, _path(known.place, known.sent_as or name), value)
    if model.sends_n:
        # Left out, a provider may draw and bill four (Model Studio: wanx-v1, n).
        put(body, model.n_place, job.n)
    return body


def flat_body_of(job: Job, model: Model) -> dict[str, Any]:
    """The same where everything lies side by side: also what the catalogue does not know."""
    body = body_of(job, model)
    return {**body.pop(FREE_PLACE, {}), **body}


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set a value inside a document, making the objects on the way."""
    *levels, name = path.split(".")
    place = body
    for level in levels:
        place = place.setdefault(level, {})
    place[name] = value


def _path(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
