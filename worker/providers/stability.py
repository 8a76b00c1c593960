"""Stability AI: an order is answered with its pictures, in base64. Two APIs, one account.

The first takes JSON and several pictures an order; the second takes forms, and draws one.

Source: Stability: v1 generation; v2beta stable image, generate.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.connection import sent_only_if
from worker.providers.at_once import AtOnce
from worker.providers.exchange import (
    HEADERS,
    PICTURES_LIMIT_BYTES,
    Answer,
    as_json,
    ask,
    awaiting,
    checked_base_url,
    is_key,
)
from worker.providers.inline import read_data_uri
from worker.providers.order import flat_body_of
from worker.providers.port import (
    Refused,
    SubmitAnswer,
    always,
)
from worker.providers.stability_answers import read_artifacts, read_image

PICTURE_SUFFIXES: tuple[str, ...] = ()
"""Pictures come in the answer itself."""
FIRST_API = "stability-v1"

_Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]


class NotAFile(ValueError):
    """A picture that must be sent as a file came as an address; the message names its field."""


class Stability(AtOnce):
    """Stability AI through one account, shared by all threads of a process.

    150 requests in 10 s are admitted for the whole account, whatever the models; then all are
    refused for 60 s.
    """

    def __init__(self, base_url: str, api_key: str | None, http: httpx2.Client) -> None:
        """`base_url` is the origin; `http` is ours to close. Raises ValueError for a bad address."""
        self._base_url = checked_base_url(base_url, "https://api.stability.ai")
        self._key = (api_key or "").strip()
        self._http = http

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Order pictures and wait for them. Never raises for what network or provider do."""
        if not is_key(self._key):
            return _no_key(missing=not self._key)
        first = model.protocol == FIRST_API
        try:
            request = self._artifacts(job, model) if first else self._image(job, model)
        except NotAFile as error:
            words = Failure(error_class=ErrorClass.INVALID, code="not-a-file", message=str(error))
            return Refused(words)
        request.headers["Authorization"] = f"Bearer {self._key}"
        request.extensions.update(sent_only_if(may_send))
        answer = ask(self._http, request, PICTURES_LIMIT_BYTES)
        if not isinstance(answer, Answer):
            return answer
        secrets = (job.prompt, job.negative_prompt or "", self._key)
        return read_artifacts(answer, secrets) if first else read_image(answer, secrets)

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _artifacts(self, job: Job, model: Model) -> httpx2.Request:
        content = as_json(text_prompts(flat_body_of(job, model)))
        return self._request(
            model,
            headers={"Content-Type": "application/json"},
            content=content,
        )

    def _image(self, job: Job, model: Model) -> httpx2.Request:
        return self._request(model, files=form(flat_body_of(job, model), model))

    def _request(
        self, model: Model, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx2.Request:
        return self._http.build_request(
            "POST",
            f"{self._base_url}/{model.path}",
            headers={**HEADERS, **(headers or {})},
            timeout=awaiting(model.timeout_s),
            **body,
        )


def text_prompts(body: dict[str, Any]) -> dict[str, Any]:
    """The body with its prompts as the first API weighs them: what is unwanted counts against."""
    weighed = [
        {"text": body.pop(place), "weight": weight}
        for place, weight in (("prompt", 1), ("negative_prompt", -1))
        if place in body
    ]
    return {"text_prompts": weighed, **body}


def form(body: dict[str, Any], model: Model) -> list[_Part]:
    """The parts of a form; the second API takes nothing else, even where there is no file.

    Raises NotAFile.
    """
    pictures = {
        known.sent_as or name for name, known in model.parameters.items() if known.takes_pictures
    }
    if model.endpoint.endswith("/sd3"):
        body = {"model": model.sent_name, **body}
        if pictures & body.keys():
            body = {"mode": "image-to-image", **body}
    return [
        _file(name, value) if name in pictures else _field(name, value)
        for name, value in body.items()
    ]


def _field(name: str, value: Any) -> _Part:
    """A part without a file name is a plain field, and makes the form one of several parts."""
    written = value if isinstance(value, str) else json.dumps(value)
    return name, (None, written.encode(errors="replace"))


def _file(name: str, address: Any) -> _Part:
    found = read_data_uri(address) if isinstance(address, str) else None
    if found is None:
        raise NotAFile(f"{name} must be sent as a file, and only its address is known")
    ending = found.content_type.rpartition("/")[2]
    return name, (f"{name}.{ending}", found.data, found.content_type)


def _no_key(*, missing: bool) -> Refused:
    words = "no API key: set STABILITY_API_KEY" if missing else "the API key has illegal characters"
    return Refused(Failure(error_class=ErrorClass.ACCOUNT, code="unauthorized", message=words))
