"""Forms as HTTP libraries write them."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.multipart import BadMultipart, read_multipart

HEAD = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n'


@given(content=st.binary(max_size=200), text=st.text(alphabet="abc \r\n猫-", max_size=30))
def test_what_a_library_writes_is_read_byte_for_byte(content: bytes, text: str) -> None:
    request = httpx2.Request(
        "POST",
        "http://localhost/",
        data={"prompt": text},
        files={"image": ('猫 name=".png', content, "image/png")},
    )
    prompt, image = read_multipart(request.headers["content-type"], request.read())

    assert (prompt.name, prompt.text, prompt.file_name) == ("prompt", text, None)
    assert (image.name, image.content) == ("image", content)
    assert image.file_name is not None


def test_an_empty_field_that_only_makes_it_a_form() -> None:
    request = httpx2.Request("POST", "http://localhost/", files={"none": ""})
    (part,) = read_multipart(request.headers["content-type"], request.read())

    assert (part.name, part.content) == ("none", b"")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, HEAD + b"a\r\n--b--\r\n"),
        ("application/json", HEAD + b"a\r\n--b--\r\n"),
        ("multipart/form-data", HEAD + b"a\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", HEAD + b"a\r\n"),
        ("multipart/form-data; boundary=b", HEAD + b"a\r\n--b\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\na\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", HEAD[:-4] + b"\r\n--b--\r\n"),
    ],
)
def test_what_is_no_form_is_bad(content_type: str | None, body: bytes) -> None:
    with pytest.raises(BadMultipart):
        read_multipart(content_type, body)
