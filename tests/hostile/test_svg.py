"""Drawings that may hold scripts: kept as files, handed out as attachments, never shown by us."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import cast

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.opening import Ledger
from results.picture import NotAPicture, PictureFacts, inspect, thumbnail
from results.svg import SVG_LIMIT_BYTES
from schemas import layout
from schemas.states import JobState
from storage.local import LocalStorage
from storage.s3 import S3Storage
from storage.s3_options import S3Options
from tests.results.orders import BATCH, image, result
from tests.results.rendered_sheet import render
from tests.results.sheet_reader import SheetReader
from tests.seaweed import Seaweed
from tests.steps.mill import Mill
from worker.fetching import Fetched

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
SCRIPTED = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<svg {NAMESPACE} width="640" height="480px"'
    ' onload="alert(1)"><script>alert(document.domain)</script><foreignObject>'
    '<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:alert(2)"/></foreignObject>'
    '<image href="http://169.254.169.254/latest"/></svg>'
).encode()
LABELS = re.compile(rb"<metadata .*?</metadata>", re.DOTALL)
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="640" height="480"', (640, 480)),
        ('width="12.6px" height=" 7 "', (13, 7)),
        ('viewBox="0 0 300 150"', (300, 150)),
        ('viewBox="-5,-5 , 30.4,15"', (30, 15)),
        ('width="100%" height="50%" viewBox="0 0 8 4"', (8, 4)),
        ('width="10" viewBox="0 0 8 4"', (8, 4)),
        ('width="10cm" height="5cm"', (0, 0)),
        ('width="-4" height="4"', (0, 0)),
        ('width="9999999" height="1"', (0, 0)),
        ('width="1e9" height="NaN"', (0, 0)),
        ('viewBox="0 0 8"', (0, 0)),
        ("", (0, 0)),
    ],
)
def test_the_root_says_the_size(attributes: str, size: tuple[int, int]) -> None:
    drawing = f"\ufeff <!-- a --><svg {NAMESPACE} {attributes}><g/></svg>".encode()
    assert inspect(drawing) == PictureFacts(*size, "image/svg+xml", "svg")


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (b"<svg/>", "markup"),
        (b"<html><body><svg xmlns='http://www.w3.org/2000/svg'/></body></html>", "markup"),
        (b"<!DOCTYPE html><p>hi", "markup"),
        (b"<Error><Code>NoSuchKey</Code></Error>", "markup"),
        (b"<", "markup"),
        (SCRIPTED[:-3], "damaged SVG"),
        (SCRIPTED + b"<script/>", "damaged SVG"),
        (SCRIPTED + b"\0", "damaged SVG"),
        (SCRIPTED.decode().encode("utf-16"), "neither"),
        (SCRIPTED.replace(b"alert", b"\xff"), "markup"),
        (f"<!DOCTYPE svg [{LAUGHS}]><svg {NAMESPACE}>&l9;</svg>".encode(), "entities"),
        (
            f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg {NAMESPACE}/>'.encode(),
            "entities",
        ),
        (SCRIPTED + b" " * SVG_LIMIT_BYTES, "bytes of markup"),
    ],
)
def test_other_markup_is_no_picture(page: bytes, words: str) -> None:
    with pytest.raises(NotAPicture, match=words):
        inspect(page)


def test_a_drawing_may_name_its_document_type() -> None:
    public = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    assert inspect(public + f"<svg {NAMESPACE}/>".encode()).extension == "svg"


@pytest.mark.parametrize("encoding", ["utf-7", "gbk", "idna", "zlib", "unicode_escape", "no-such"])
def test_a_drawing_chooses_no_codec(encoding: str) -> None:
    assert inspect(SCRIPTED.replace(b"UTF-8", encoding.encode())).width == 640


def test_no_small_picture_is_made_of_a_drawing() -> None:
    with pytest.raises(NotAPicture):
        thumbnail(SCRIPTED)


@given(st.binary(max_size=60), st.integers(0, len(SCRIPTED)))
def test_whatever_is_done_to_a_drawing_one_error_comes(noise: bytes, at: int) -> None:
    for data in (b"<" + noise, SCRIPTED[:at] + noise + SCRIPTED[at:]):
        try:
            assert not inspect(data).may_be_shown
        except NotAPicture:
            assert data != SCRIPTED


@pytest.fixture
def bucket(seaweed: Seaweed) -> Iterator[S3Storage]:
    options = S3Options(
        endpoint_url=seaweed.endpoint_url,
        access_key_id=seaweed.access_key,
        secret_access_key=seaweed.secret_key,
    )
    storage = S3Storage(seaweed.bucket, "svg", options)
    yield storage
    storage.close()


def test_a_bucket_hands_a_drawing_out_to_be_saved(
    ledger: Ledger, tmp_path: Path, bucket: S3Storage
) -> None:
    mill = Mill(ledger, tmp_path)
    claim = mill.storing()
    object.__setattr__(mill.tools, "storage", bucket)
    mill.host.troubles["task-1"].append(Fetched(SCRIPTED))
    mill.desk.step("store", claim)

    (stored,) = mill.result(claim).images
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert (stored.width, stored.height, stored.content_type) == (640, 480, "image/svg+xml")
    assert stored.key.endswith("_01.svg")
    assert LABELS.sub(b"", bucket.get(stored.key)) == SCRIPTED
    answer = bucket._client.head_object(Bucket=bucket._bucket, Key=bucket._name(stored.key))
    assert answer["ContentType"] == "image/svg+xml"
    assert answer["ContentDisposition"] == "attachment"
    assert bucket.head(layout.thumbnail_key(stored.key)) is None
    assert bucket.head(layout.sidecar_key(stored.key)) is not None


def test_the_contact_sheet_links_to_a_drawing_and_never_shows_it(bucket: S3Storage) -> None:
    drawing = image("a").model_copy(
        update={
            "key": layout.image_key(BATCH, "a", 1, "svg"),
            "content_type": "image/svg+xml",
            "width": 0,
            "height": 0,
        }
    )
    bucket.put(drawing.key, SCRIPTED, drawing.content_type)
    page = render(cast(LocalStorage, bucket), result(images=[drawing]), result(3, images=[drawing]))

    read = SheetReader(page)
    for card in read.cards:
        link = card.one("a", "picture")
        assert (link.attributes["href"], link.attributes["download"]) == ("images/a_01.svg", "")
        assert card.one("span", "blank").text == "No preview"
        assert card.all("img") == []
        assert "no size" in [one.text for one in card.all("dd")]
    assert "alert(" not in page
    # What opens a picture on the page itself passes over what is to be saved.
    assert '.closest(".picture:not([download])")' in page


def test_a_picture_stays_a_picture(bucket: S3Storage) -> None:
    out = BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(out, "PNG")
    bucket.put("a.png", out.getvalue(), inspect(out.getvalue()).content_type)
    answer = bucket._client.head_object(Bucket=bucket._bucket, Key=bucket._name("a.png"))
    assert "ContentDisposition" not in answer
