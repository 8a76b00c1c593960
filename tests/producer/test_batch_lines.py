"""Lines of an OpenAI batch are a manifest as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producer.row import Broken, Row
from tests.producer.manifests import complaints, given, jobs

BODY = {"model": "gpt-image-1", "prompt": "a cat", "n": 2, "size": "1024x1024", "quality": "low"}


def line(**changes: Any) -> str:
    envelope = {
        "custom_id": "row-17",
        "method": "POST",
        "url": "/v1/images/generations",
        "body": BODY,
    }
    return json.dumps({**envelope, **changes}, ensure_ascii=False) + "\n"


def test_a_line_is_a_row_of_what_its_body_asks_for() -> None:
    (job,) = jobs(line())
    assert (job.id, job.lane) == ("row-17", "openai:gpt-image-1@default")
    assert (job.prompt, job.n) == ("a cat", 2)
    assert job.parameters == {"size": "1024x1024", "quality": "low"}


def test_the_columns_are_those_of_id_and_body() -> None:
    with given(line() + line(custom_id="row-18", body={**BODY, "user": "me"})) as manifest:
        first, second = manifest.rows()
        assert list(manifest.columns) == ["custom_id", *BODY, "user"]
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.cells == {"custom_id": "row-17", **BODY}
    assert first.body == tuple(BODY)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"method": "GET"}, 'has the method "GET"; an order is a POST'),
        ({"method": None}, "has the method something else; an order is a POST"),
        ({"url": "/v1/chat/completions"}, 'asks "/v1/chat/completions"; only /v1/images/generations'),
        ({"url": "/v1/images/edits"}, 'asks "/v1/images/edits"; only /v1/images/generations'),
        ({"url": 5}, "asks something else; only /v1/images/generations"),
        ({"body": "a cat"}, 'has no body; write "body": {"model": ..., "prompt": ...}'),
        ({"url": "\x1b[31m"}, 'asks "\\x1b[31m"; only'),
    ],
)  # fmt: skip
def test_another_request_is_a_problem_of_its_line(changes: dict[str, Any], complaint: str) -> None:
    with given(line() + line(**changes)) as manifest:
        _, broken = manifest.rows()
    assert isinstance(broken, Broken)
    assert str(broken.problem).startswith(f"line 2: the line {complaint}")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"model": "gpt-imag-1"}, 'column model: "gpt-imag-1" is no known model of openai; did you mean gpt-image-1?'),
        ({"model": "wanx-v1"}, 'column model: "wanx-v1" is no known model of openai; did you mean dashscope:wanx-v1?'),
        ({"qualty": "high"}, 'column qualty: "high" gpt-image-1 has no parameter qualty; it has: background, '),
        ({"steps": 4}, 'column steps: "4" gpt-image-1 has no parameter steps; it has: background, '),
        ({"title": "x"}, 'column title: "x" gpt-image-1 has no parameter title; it has: background, '),
        ({"n": 11}, 'column n: "11" must be a whole number from 1 to 10'),
        ({"prompt": ""}, "column prompt: must not be empty"),
    ],
)  # fmt: skip
def test_a_body_is_a_request_and_every_field_of_it_counts(
    body: dict[str, Any], complaint: str
) -> None:
    (found,) = complaints(line(body={**BODY, **body}))
    assert found.startswith(f"line 1, {complaint}")


def test_how_the_picture_comes_is_not_the_lines_business() -> None:
    (job,) = jobs(line(body={**BODY, "response_format": "b64_json"}))
    assert "response_format" not in job.parameters


def test_a_provider_may_be_named_in_line_or_model_or_option() -> None:
    wanx = {"model": "wanx-v1", "prompt": "a cat"}
    lanes = {"dashscope:wanx-v1@default"}
    assert {job.lane for job in jobs(line(body=wanx, provider="dashscope"))} == lanes
    assert {job.lane for job in jobs(line(body={**wanx, "model": "dashscope:wanx-v1"}))} == lanes
    assert {job.lane for job in jobs(line(body=wanx), sets=["provider=dashscope"])} == lanes
    assert {job.lane for job in jobs(line(body={"prompt": "a cat"}), "wanx-v1")} == lanes


def test_other_json_lines_may_still_have_a_url_of_their_own() -> None:
    (job,) = jobs('{"id": 1, "prompt": "cup", "url": "https://shop.example/1"}\n', "wanx-v1")
    assert job.row["url"] == "https://shop.example/1"
