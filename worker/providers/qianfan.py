"""Baidu Qianfan's first API: an order is answered with its pictures, in base64.

Source: Baidu Qianfan: Stable-Diffusion-XL (2024-12-30); access token; Baidu AI Cloud:
authentication mechanism.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import httpx2

from schemas.clock import Clock
from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.connection import sent_only_if
from worker.providers.at_once import AtOnce
from worker.providers.exchange import (
    JSON_HEADERS,
    PICTURES_LIMIT_BYTES,
    Answer,
    as_json,
    ask,
    awaiting,
    checked_base_url,
    is_key,
)
from worker.providers.order import flat_body_of
from worker.providers.port import (
    NotSent,
    Refused,
    SharedToken,
    SubmitAnswer,
    Unanswered,
    always,
)
from worker.providers.qianfan_answers import read_order, refuses_token
from worker.providers.qianfan_signature import KeyPair, Signed, authorization, bce_date
from worker.providers.qianfan_token import Token, Tokens, secret_target

PICTURE_SUFFIXES: tuple[str, ...] = ()
"""Pictures come in the answer itself."""


class Credentials(NamedTuple):
    """An account's key pair, and what it is for."""

    keys: KeyPair
    signs: bool = False
    """Every request is signed with it; otherwise it buys an access token."""


class Qianfan(AtOnce):
    """Qianfan V1 through one account, shared by all threads of a process."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        http: httpx2.Client,
        shared: SharedToken,
        clock: Clock,
    ) -> None:
        """`base_url` is the origin; `http` is ours to close. Raises ValueError for a bad address."""
        self._base_url = checked_base_url(base_url, "https://aip.baidubce.com")
        self._keys = KeyPair(*(key.strip() for key in credentials.keys))
        self._signs = credentials.signs
        self._http = http
        self._clock = clock
        self._tokens = Tokens(self._base_url, self._keys, http, shared, clock)

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Order pictures and wait for them. Never raises for what network or provider do."""
        useless = _useless(self._keys)
        if useless is not None:
            return useless
        secrets = (job.prompt, job.negative_prompt or "", *self._keys)
        if self._signs:
            signed = self._signed(self._request(job, model))
            return _read(self._send(signed, may_send), secrets)
        token = self._tokens.find()
        if not isinstance(token, Token):
            return token
        answer = self._order(job, model, token, may_send)
        if isinstance(answer, Answer) and refuses_token(answer):
            # Once: an account whose fresh token is refused as well is asked about no further.
            token = self._tokens.find(refused=token)
            if not isinstance(token, Token):
                return token
            answer = self._order(job, model, token, may_send)
        return _read(answer, (*secrets, token.value))

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _order(
        self, job: Job, model: Model, token: Token, may_send: Callable[[], bool]
    ) -> Answer | NotSent | Unanswered:
        request = secret_target(self._request(job, model), {"access_token": token.value})
        return self._send(request, may_send)

    def _request(self, job: Job, model: Model) -> httpx2.Request:
        return self._http.build_request(
            "POST",
            f"{self._base_url}/{model.path}",
            headers=JSON_HEADERS,
            content=as_json(flat_body_of(job, model)),
            timeout=awaiting(model.timeout_s),
        )

    def _signed(self, request: httpx2.Request) -> httpx2.Request:
        moment = self._clock.now()
        request.headers["x-bce-date"] = bce_date(moment)
        names = ("host", "content-type", "x-bce-date")
        signed = Signed(
            request.method,
            request.url.path,
            query={},
            headers={name: request.headers[name] for name in names},
        )
        request.headers["Authorization"] = authorization(self._keys, signed, moment)
        return request

    def _send(
        self, request: httpx2.Request, may_send: Callable[[], bool]
    ) -> Answer | NotSent | Unanswered:
        request.extensions.update(sent_only_if(may_send))
        return ask(self._http, request, PICTURES_LIMIT_BYTES)


def _read(answer: Answer | NotSent | Unanswered, secrets: tuple[str, ...]) -> SubmitAnswer:
    return read_order(answer, secrets) if isinstance(answer, Answer) else answer


def _useless(keys: KeyPair) -> Refused | None:
    """Why nothing can be ordered with these keys."""
    if all(map(is_key, keys)):
        return None
    missing = not all(keys)
    words = (
        "a key is missing: set QIANFAN_AK and QIANFAN_SK"
        if missing
        else "the access key or the secret key has illegal characters"
    )
    return Refused(Failure(error_class=ErrorClass.ACCOUNT, code="no-key", message=words))
