"""References that stand in a job for a picture."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.layout import input_picture_key, is_input_picture
from schemas.picture_reference import BucketObject, PublicUrl, StoredPicture, read_reference

SHA = hashlib.sha256(b"1").hexdigest()


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("https://host/a b?c#d", PublicUrl("https://host/a b?c#d")),
        ("HTTP://HOST/a", PublicUrl("HTTP://HOST/a")),
        ("s3://bucket/夜 班/a?b#c.png", BucketObject("bucket", "夜 班/a?b#c.png")),
        ("S3://bucket/a", BucketObject("bucket", "a")),
        (f"inputs/{SHA[:2]}/{SHA}.png", StoredPicture(f"inputs/{SHA[:2]}/{SHA}.png")),
        (f"inputs/00/{SHA}.png", None),
        (f"inputs/{SHA[:2]}/{SHA}", None),
        ("s3://bucket", None),
        ("s3://bucket/", None),
        ("s3:///key", None),
        ("pictures/a.png", None),
        ("", None),
    ],
)
def test_a_text_means_one_thing(
    text: str, reference: PublicUrl | BucketObject | StoredPicture | None
) -> None:
    assert read_reference(text) == reference


@given(st.binary(), st.sampled_from(["png", "jpg", "bmp", "webp", "tiff", "gif"]))
def test_what_is_uploaded_is_found_again(data: bytes, extension: str) -> None:
    key = input_picture_key(hashlib.sha256(data).hexdigest(), extension)
    assert is_input_picture(key)
    assert read_reference(key) == StoredPicture(key)
