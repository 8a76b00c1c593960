"""OpenAI's images API, and everybody who speaks it: an order is answered with its pictures.

Source: OpenAI: images; Qianfan V2: images; Volcengine Ark: images; SiliconFlow: images.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from schemas.clock import Clock
from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.connection import sent_only_if
from worker.policy.classification import ErrorTable
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
from worker.providers.openai_answers import read_order
from worker.providers.order import flat_body_of
from worker.providers.port import Refused, SubmitAnswer, always

PICTURE_SUFFIXES: dict[str, tuple[str, ...]] = {
    "api.openai.com": (".blob.core.windows.net", ".oaiusercontent.com"),
    ".volces.com": (".volces.com",),
    ".bytepluses.com": (".volces.com", ".bytepluses.com"),
    "api.siliconflow.cn": (".siliconflow.cn", "sc-maas.oss-cn-shanghai.aliyuncs.com"),
    "api.siliconflow.com": (".siliconflow.com", "sc-maas.oss-cn-shanghai.aliyuncs.com"),
    "api.together.xyz": (".together.ai", ".together.xyz"),
}
"""Where pictures lie, by the host that is asked for them or the ending of its name. Of OpenAI, Ark
and SiliconFlow seen in answers, of the others not stated by the vendor."""
QIANFAN_V2_PICTURE_SUFFIXES = (".bcebos.com", ".baidubce.com")
"""Seen in answers; not stated by the vendor."""


def picture_suffixes(base_host: str) -> tuple[str, ...]:
    """Endings of the hosts where pictures lie that were ordered from `base_host`."""
    host = base_host.lower()
    for name, suffixes in PICTURE_SUFFIXES.items():
        if host == name or (name.startswith(".") and host.endswith(name)):
            return suffixes
    return ()


class OpenAIImages(AtOnce):
    """One server that speaks OpenAI's images API, shared by all threads of a process."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        errors: ErrorTable,
        http: httpx2.Client,
        clock: Clock,
    ) -> None:
        """`base_url` ends in /v1 or the like, `errors` says what the server's errors mean; `http` is
        ours to close. Without a key none is sent. Raises ValueError for a bad address."""
        self._base_url = checked_base_url(base_url, "https://api.openai.com/v1")
        self._key = (api_key or "").strip()
        self._errors = errors
        self._http = http
        self._clock = clock

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Order pictures and wait for them. Never raises for what network or provider do."""
        if self._key and not is_key(self._key):
            words = "the API key has illegal characters"
            return Refused(
                Failure(error_class=ErrorClass.ACCOUNT, code="invalid_api_key", message=words)
            )
        request = self._request(job, model)
        request.extensions.update(sent_only_if(may_send))
        answer = ask(self._http, request, PICTURES_LIMIT_BYTES)
        if not isinstance(answer, Answer):
            return answer
        # A refusal may quote what it refuses.
        secrets = (job.prompt, job.negative_prompt or "", self._key)
        return read_order(answer, self._errors, secrets, self._clock.now().timestamp())

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _request(self, job: Job, model: Model) -> httpx2.Request:
        headers = dict(JSON_HEADERS)
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return self._http.build_request(
            "POST",
            f"{self._base_url}/{model.path}",
            headers=headers,
            content=as_json({"model": model.sent_name, **flat_body_of(job, model)}),
            timeout=awaiting(model.timeout_s),
        )
