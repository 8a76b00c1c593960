"""Reads a DashScope order: the form of its body, then what the model's page asks of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from simulator.checks import MISSING, BadParameter
from simulator.dashscope_model import Fields, Model, Pixels, Shape, inside
from simulator.refusal import Refusal

_NO_BODY = (400, "InvalidParameter", "Required body invalid, please check the request body format.")
_NO_INPUT = (400, "BadRequest.EmptyInput", 'Required parameter "input" missing from request.')
_NO_PARAMETERS = (
    400,
    "BadRequest.EmptyParameters",
    'Required parameter "parameters" missing from request.',
)
_REWRITTEN = "{prompt}, in fine detail, softly lit"


@dataclass(frozen=True, slots=True)
class Reading:
    """An order's checked fields with the defaults filled in."""

    inputs: Fields
    """The `input`; of messages: prompt and images."""
    parameters: dict[str, Any]
    prompt: str
    words: str
    """Every text moderation reads."""
    n: int
    seed: int | None
    size: Pixels
    style: str
    rewritten: str | None
    """The prompt as it was extended, None where it is taken as it is."""
    pictures: list[tuple[str, str]]
    """Addresses of pictures, each with the path of its field."""


def read_body(raw: bytes) -> dict[str, Any]:
    """The body as an object that names a model.

    Raises:
        Refusal: It is none.
    """
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refusal(*_NO_BODY) from error
    if not isinstance(body, dict):
        raise Refusal(*_NO_BODY)
    if not body.get("model"):
        message = 'Required parameter "model" missing from request.'
        raise Refusal(400, "BadRequest.EmptyModel", message)
    return body


def read_input(model: Model, shape: Shape, body: Fields) -> Fields:
    """The order's `input`; of a body of messages, its text as prompt and its images.

    Raises:
        Refusal: There is none, or the messages have another form.
    """
    inputs = body.get("input")
    if inputs is None and not model.needs_input:
        return {}
    if not isinstance(inputs, dict):
        raise Refusal(*_NO_INPUT)
    return _from_messages(model, inputs) if shape == "choices" else inputs


def prompt_of(model: Model, inputs: Fields) -> str:
    """The text that names the order: the first of the model's prompts that is there."""
    for path in model.prompts:
        value = inside(inputs, path)
        if value:
            return str(value)
    return ""


def read_order(model: Model, inputs: Fields, body: Fields) -> Reading:
    """Check an order as the model's page says.

    Raises:
        Refusal: The vendor would refuse it.
        BadParameter: Likewise, with 400 InvalidParameter.
    """
    parameters = body.get("parameters")
    if parameters is None:
        if model.needs_parameters:
            raise Refusal(*_NO_PARAMETERS)
        parameters = {}
    if not isinstance(parameters, dict):
        raise Refusal(*_NO_BODY)
    _check(model, inputs, parameters)
    pictures = _pictures(model, inputs)
    for rule in model.rules:
        rule(inputs, parameters)
    prompt = prompt_of(model, inputs)[: model.prompt_characters]
    asked = parameters.get("prompt_extend")
    extended = model.extends if asked is None or model.extends is None else asked
    seed = parameters.get("seed")
    given = None if model.measure else parameters.get("size")
    return Reading(
        inputs=inputs,
        parameters=parameters,
        prompt=prompt,
        words=" ".join(str(inside(inputs, path) or "") for path in model.prompts),
        n=_count(model, inputs, parameters),
        seed=None if seed == -1 else seed,
        size=model.sizes.read(given),
        style=_style(model, inputs, parameters),
        rewritten=_REWRITTEN.format(prompt=prompt) if extended else None,
        pictures=pictures,
    )


def _check(model: Model, inputs: Fields, parameters: Fields) -> None:
    for path in model.required:
        value = inside(inputs, path)
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            raise BadParameter(MISSING)
    for name in ("prompt", "negative_prompt"):
        if inputs.get(name) is not None and not isinstance(inputs[name], str):
            raise BadParameter(MISSING)
    for name, check in model.inputs.items():
        if inputs.get(name) is not None:
            check(name, inputs[name])
    for name, check in model.checks.items():
        if parameters.get(name) is not None:
            check(name, parameters[name])


def _count(model: Model, inputs: Fields, parameters: Fields) -> int:
    if model.count is not None:
        return model.count(inputs, parameters)
    return (parameters.get("n") or model.n or 1) if "n" in model.checks else model.n or 1


def _style(model: Model, inputs: Fields, parameters: Fields) -> str:
    style = parameters.get("style") or inputs.get("texture_style") or inputs.get("lora_name")
    if "style" in model.checks and not style:
        return "<auto>"
    return str(style or "")


def _pictures(model: Model, inputs: Fields) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path, picture in model.pictures.items():
        value = inside(inputs, path)
        if value is None or value == "":
            continue
        if isinstance(value, list) != (picture.most > 0):
            raise BadParameter(f"{path} must {'' if picture.most else 'not '}be a list.")
        addresses = value if isinstance(value, list) else [value]
        if len(addresses) > (picture.most or 1):
            raise BadParameter(f"{path} must not hold more than {picture.most} images.")
        if not all(isinstance(address, str) for address in addresses):
            raise BadParameter(f"{path} must be a URL.")
        found += [(path, address) for address in addresses]
    return found


def _from_messages(model: Model, inputs: Fields) -> Fields:
    """One message of a user; its content one text and some images (Wan 2.6, Qwen-Image)."""
    messages = inputs.get("messages")
    if not isinstance(messages, list) or len(messages) != 1 or not isinstance(messages[0], dict):
        raise Refusal(400, "InvalidParameter", "messages must hold exactly one message.")
    if messages[0].get("role") != "user":
        raise Refusal(400, "InvalidParameter", "The role of the message must be user.")
    content = messages[0].get("content")
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise Refusal(400, "InvalidParameter", "content must be a list of texts and images.")
    texts = [part["text"] for part in content if "text" in part]
    images = [part["image"] for part in content if "image" in part]
    if len(texts) != 1:
        raise Refusal(400, "InvalidParameter", "content must hold exactly one text.")
    if images and "images" not in model.pictures:
        raise Refusal(400, "InvalidParameter", "This model takes no images.")
    return {"prompt": texts[0], "images": images}
