"""Pictures inside requests and answers."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.inline import DataUri, decoded, read_data_uri


@given(st.binary(min_size=1))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert decoded(text) == data
    assert read_data_uri(f"data:image/png;base64,{text}") == DataUri("image/png", data)


@pytest.mark.parametrize(
    "text", ["", "abc", "ab c=", "YWJj\n", "a\u00e4==", "-_-_", None, 7, b"YWJj"]
)
def test_what_is_no_strict_base64_is_nothing(text: object) -> None:
    assert decoded(text) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://a.test/a.png",
        "data:image/png,plain",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png;base64,not base64",
        "data:;base64,YWJj",
        "s3://bucket/data:image/png;base64,YWJj",
        "",
    ],
)
def test_what_is_no_data_uri_is_nothing(address: str) -> None:
    assert read_data_uri(address) is None


def test_a_data_uri_may_be_written_in_capitals_and_never_shows_its_picture() -> None:
    found = read_data_uri("DATA:Image/PNG;BASE64,c2VjcmV0")
    assert found == DataUri("image/png", b"secret")
    assert "secret" not in repr(found)
