"""What is read out of answers in OpenAI's form, whoever gave them."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failure import ErrorClass
from tests.worker.openai_scene import B64, KEY, NOW_S, PICTURE, PROMPT
from worker.policy.classification import OPENAI
from worker.providers.exchange import Answer, parse
from worker.providers.openai_answers import LIFETIME_S, read_order
from worker.providers.port import Done, InlinePicture, Refused, RemotePicture, Unanswered

TOS = (
    "https://ark-content-generation-v2-cn-beijing.tos-cn-beijing.volces.com/a.jpeg"
    "?X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Date=20261120T215500Z&X-Tos-Expires=86400"
    "&X-Tos-Signature=ab%2Bc"
)
AZURE = (
    "https://oaidalleapiprodscus.blob.core.windows.net/private/img-1.png"
    "?st=2026-11-20T21%3A00%3A00Z&se=2026-11-20T23%3A00%3A00Z&sp=r&sig=a%2Bb%3D"
)
BOS = (
    "https://aigc-t2p.bj.bcebos.com/a.png"
    "?authorization=bce-auth-v1%2Fak%2F2026-11-20T21%3A55%3A00Z%2F86400%2F%2Fsig"
)


def read(body: Any, status: int = 200, **headers: str) -> Done | Refused | Unanswered:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status, httpx2.Headers(named), data, parse(data))
    return read_order(answer, OPENAI, (PROMPT, KEY), NOW_S)


def done(body: Any) -> Done:
    found = read(body)
    assert isinstance(found, Done)
    return found


def refused(body: Any, status: int, **headers: str) -> Refused:
    found = read(body, status, **headers)
    assert isinstance(found, Refused)
    return found


def test_base64_and_addresses_may_come_side_by_side() -> None:
    url = "http://10.0.0.7:8000/files/a.png"
    found = done({"data": [{"b64_json": B64}, {"url": url}]})
    assert found.pictures == (InlinePicture(1, PICTURE), RemotePicture(2, url, NOW_S + LIFETIME_S))
    assert found.failures == ()
    assert found.charged is None


@pytest.mark.parametrize("field", ["b64_json", "url"])
def test_a_data_uri_is_a_picture_too(field: str) -> None:
    found = done({"data": [{field: f"data:image/png;base64,{B64}"}]})
    assert found.pictures == (InlinePicture(1, PICTURE),)


@pytest.mark.parametrize(
    ("url", "lifetime_s"),
    [(TOS, 86400 - 300), (AZURE, 3600), (BOS, 86400 - 300), ("https://x.example/a.png", 3600)],
)
def test_an_address_works_as_long_as_its_signature_says_and_stays_byte_for_byte(
    url: str, lifetime_s: float
) -> None:
    assert done({"data": [{"url": url}]}).pictures == (RemotePicture(1, url, NOW_S + lifetime_s),)


def test_siliconflow_calls_them_images_and_tells_its_seed() -> None:
    body = {"images": [{"url": "https://x.example/a.png"}], "timings": {}, "seed": 7}
    found = done(body)
    assert isinstance(found.pictures[0], RemotePicture)
    assert found.facts == {"seed": 7}


def test_a_picture_that_failed_by_itself_keeps_its_place_and_is_not_billed() -> None:
    error = {"code": "OutputImageSensitiveContentDetected", "message": "may be sensitive"}
    body = {
        "data": [{"url": TOS}, {"error": error}, {"url": TOS}],
        "usage": {"generated_images": 2, "output_tokens": 8, "total_tokens": 8},
    }
    found = done(body)
    assert [picture.index for picture in found.pictures] == [1, 3]
    (failure,) = found.failures
    assert failure.index == 2
    assert failure.error_class is ErrorClass.MODERATED
    assert found.charged is None
    assert found.facts["usage"]["generated_images"] == 2


def test_what_the_provider_bills_counts() -> None:
    body = {"data": [{"url": TOS}, {}], "usage": {"generated_images": 2}}
    assert done(body).charged == 2


def test_a_damaged_picture_was_drawn_all_the_same() -> None:
    found = done({"data": [{"b64_json": "%%%"}, {"b64_json": B64}]})
    assert found.pictures == (InlinePicture(2, PICTURE),)
    assert [(one.index, one.code) for one in found.failures] == [(1, "NoPicture")]
    assert found.charged == 2


@pytest.mark.parametrize("body", [{"data": []}, {"data": [{}]}, {"data": ["x"]}, {"images": []}])
def test_an_answer_without_pictures_says_so(body: Any) -> None:
    found = done(body)
    assert found.pictures == ()
    assert found.failures[0].code == "NoPicture"


def test_the_prompt_as_it_was_rewritten_is_kept() -> None:
    found = done({"data": [{"b64_json": B64, "revised_prompt": "a cat"}]})
    assert found.actual_prompt == "a cat"


def test_a_usage_of_unreasonable_size_is_not_kept() -> None:
    assert done({"data": [{"url": TOS}], "usage": {"x": "y" * 5000}}).facts == {}


@pytest.mark.parametrize(
    ("status", "body", "error_class", "code", "message"),
    [
        (
            400,
            {"error": {"code": "moderation_blocked", "type": "t", "message": "no", "param": None}},
            ErrorClass.MODERATED,
            "moderation_blocked",
            "no",
        ),
        (
            400,
            {"error": {"code": None, "type": "invalid_request_error", "message": "size"}},
            ErrorClass.INVALID,
            "invalid_request_error",
            "size",
        ),
        (
            400,
            {"code": 20012, "message": "Model does not exist.", "data": None},
            ErrorClass.MODEL_GONE,
            "20012",
            "Model does not exist.",
        ),
        (401, b'"Invalid token"', ErrorClass.ACCOUNT, "HTTP 401", "HTTP 401"),
        (
            404,
            {"object": "error", "message": "no such model", "type": "NotFoundError", "code": 404},
            ErrorClass.MODEL_GONE,
            "404",
            "no such model",
        ),
        (
            422,
            {"detail": [{"loc": ["body", "size"], "msg": "Field required", "type": "missing"}]},
            ErrorClass.INVALID,
            "HTTP 422",
            "body.size: Field required",
        ),
        (
            500,
            {"error": "CUDA out of memory"},
            ErrorClass.TRANSIENT,
            "HTTP 500",
            "CUDA out of memory",
        ),
        (500, {"detail": "Internal"}, ErrorClass.TRANSIENT, "HTTP 500", "Internal"),
        (200, {"error": {"code": "x", "message": "m"}}, ErrorClass.TRANSIENT, "x", "m"),
        (302, b"", ErrorClass.ACCOUNT, "HTTP 302", "HTTP 302"),
        (413, b"<html>", ErrorClass.INVALID, "HTTP 413", "HTTP 413"),
    ],
)
def test_an_error_is_read_in_whatever_form_it_comes(
    status: int, body: Any, error_class: ErrorClass, code: str, message: str
) -> None:
    failure = refused(body, status).failure
    assert (failure.error_class, failure.code, failure.message) == (error_class, code, message)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"garbage"),
        (200, b""),
        (200, {"id": "as-1"}),
        (200, {"type": "list", "code": 0}),
        (500, b"<html>oops</html>"),
        (502, {"error": {"message": "bad gateway"}}),
        (503, b""),
        (504, {"error": {"message": "timeout"}}),
        (524, b""),
    ],
)
def test_an_answer_that_says_nothing_of_the_order_may_have_been_paid_for(
    status: int, body: Any
) -> None:
    assert isinstance(read(body, status), Unanswered)


def test_neither_prompt_nor_key_nor_signature_are_repeated() -> None:
    words = f"{PROMPT} refused for {KEY}, see {TOS}"
    for body in ({"error": {"message": words}}, {"detail": words}, {"error": words}):
        message = refused(body, 400).failure.message
        assert PROMPT not in message
        assert KEY not in message
        assert "X-Tos-Signature" not in message
    entry = {"error": {"code": "InvalidParameter", "message": words}}
    assert PROMPT not in done({"data": [entry]}).failures[0].message


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        ({"retry_after": "Fri, 20 Nov 2026 22:00:30 GMT"}, 30.0),
        ({"retry_after": "Fri, 20 Nov 2026 21:00:00 GMT"}, 0.0),
        ({"x_ratelimit_reset_requests": "12"}, 12.0),
        ({"x_ratelimit_reset_requests": "1m2s"}, 62.0),
        ({"x_ratelimit_reset_images": "120ms"}, 0.12),
        ({"x_ratelimit_reset_requests": "1h0m3.5s"}, 3603.5),
        ({"x_ratelimit_reset_requests": "soon"}, None),
        ({"x_ratelimit_reset_requests": ""}, None),
        # The limit that is used up counts; where none says so, the first to be reset.
        (
            {
                "x_ratelimit_reset_requests": "1s",
                "x_ratelimit_reset_images": "40s",
                "x_ratelimit_remaining_images": "0",
            },
            40.0,
        ),
        ({"x_ratelimit_reset_requests": "1s", "x_ratelimit_reset_tokens": "6m0s"}, 1.0),
    ],
)
def test_a_pause_is_as_long_as_the_headers_say(
    headers: dict[str, str], pause_s: float | None
) -> None:
    body = {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}
    found = refused(body, 429, **headers)
    assert found.failure.error_class is ErrorClass.THROTTLED
    assert found.retry_after_s == pause_s


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "images", "error", "code", "message", "url", "b64_json"])
            | st.sampled_from(["usage", "generated_images", "detail", "loc", "msg", "type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([200, 400, 429, 500, 502]))
def test_no_document_breaks_the_reading(document: Any, status: int) -> None:
    assert isinstance(read(document, status), Done | Refused | Unanswered)
