"""Labels are written, read back by another library, and change no pixel."""

from __future__ import annotations

import io
import json
from typing import Any

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.labels.marks import TEXT_LIMIT, Origin, marks
from results.labels.writing import labelled
from schemas.finishing import Label
from simulator.pictures import draw, small
from simulator.tasks import Order
from tests.results.metadata import (
    ALL,
    MADE_BY_AI,
    ORIGIN,
    TYPES,
    drawn,
    jpeg_segments,
    only,
    pixels,
    told,
)

FORMS = [
    pytest.param("PNG", mode, {}, id=f"PNG-{mode}")
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
] + [
    pytest.param("JPEG", "L", {}, id="JPEG-L"),
    pytest.param("JPEG", "RGB", {}, id="JPEG"),
    pytest.param("JPEG", "CMYK", {}, id="JPEG-CMYK"),
    pytest.param("JPEG", "RGB", {"progressive": True}, id="JPEG-progressive"),
    pytest.param("JPEG", "RGB", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}, id="JPEG-exif"),
    pytest.param("WEBP", "RGB", {}, id="WEBP"),
    pytest.param("WEBP", "RGBA", {}, id="WEBP-alpha"),
    pytest.param("WEBP", "RGB", {"lossless": True}, id="WEBP-lossless"),
    pytest.param("WEBP", "RGBA", {"lossless": True}, id="WEBP-lossless-alpha"),
    pytest.param("WEBP", "RGB", {"icc_profile": b"colours"}, id="WEBP-extended"),
]


def label(file: bytes, form: str, wanted: Any = ALL) -> bytes:
    return labelled(file, TYPES[form], wanted).file


@pytest.mark.parametrize(("form", "mode", "options"), FORMS)
def test_labels_are_read_back_and_pixels_stay(
    form: str, mode: str, options: dict[str, Any]
) -> None:
    file = drawn(form, mode, **options)
    found = label(file, form)
    assert pixels(found) == pixels(file)
    said = told(found)
    assert said["DigitalSourceType"] == MADE_BY_AI
    assert json.loads(said["AIGC"]) == {
        "Label": "1",
        "ContentProducer": "dashscope",
        "ProduceID": "task-1-01",
        "ReservedCode1": "",
        "ContentPropagator": "dashscope",
        "PropagateID": "task-1-01",
        "ReservedCode2": "",
    }
    assert said["AISystemUsed"] == "wanx-v1 (dashscope)"
    assert said["AIPromptInformation"] == "一只青瓷茶杯 & <saucer>\nNegative prompt: text, 水印"
    assert (said["Seed"], said["Size"], said["Ticket"]) == ("42", "24x16", "task-1")


@pytest.mark.parametrize("form", TYPES)
def test_labelled_again_a_file_stays_as_it_is(form: str) -> None:
    once = label(drawn(form), form)
    assert label(once, form) == once
    other = Origin("somebody", "9", "stability", "core", "another prompt")
    assert label(once, form, marks(Label.ALL, other)) == once


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize(
    ("wanted", "there", "missing"),
    [(Label.IPTC, "DigitalSourceType", "AIGC"), (Label.TC260, "AIGC", "DigitalSourceType")],
)
def test_only_what_is_asked_for_is_written(
    form: str, wanted: Label, there: str, missing: str
) -> None:
    said = told(label(drawn(form), form, only(wanted)))
    assert said.keys() == {"about", there}
    assert missing not in said


@pytest.mark.parametrize("form", TYPES)
def test_without_marks_a_file_is_not_touched(form: str) -> None:
    file = drawn(form)
    assert label(file, form, marks(Label.NONE, ORIGIN)) is file


def test_what_else_a_file_says_is_kept() -> None:
    exif = PIL.Image.Exif()
    exif[0x010E] = "a cup"
    options: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": b"colours"}
    for form in TYPES:
        file = label(drawn(form, **options), form)
        with PIL.Image.open(io.BytesIO(file)) as image:
            assert image.getexif()[0x010E] == "a cup", form
            assert image.info["icc_profile"] == b"colours", form


def test_jfif_and_exif_stay_first_in_a_jpeg() -> None:
    """Readers look for them there and nowhere else."""
    exif = PIL.Image.Exif()
    exif[0x010E] = "a cup"
    file = drawn("JPEG", exif=exif.tobytes(), comment=b"hello")
    before, after = jpeg_segments(file), jpeg_segments(label(file, "JPEG"))
    assert [data[:4] for _, data in after[:3]] == [b"JFIF", b"Exif", b"http"]
    assert after[:2] + after[3:] == before


def test_what_follows_the_picture_is_kept() -> None:
    for form in TYPES:
        file = drawn(form)
        assert label(file + b"trailer", form) == label(file, form) + b"trailer", form


@pytest.mark.parametrize("extension", ["png", "jpg", "webp"])
def test_every_form_the_simulator_makes(extension: str) -> None:
    order = Order("", "wanx-v1", "一只茶杯", 1, 3, (320, 200), "", {}, format=extension)
    content_type = TYPES[{"jpg": "JPEG"}.get(extension, extension.upper())]
    for file in (draw(order, 0), small(order, 0, "task & 1", 40_000)):
        found = labelled(file, content_type, ALL).file
        assert pixels(found) == pixels(file)
        assert told(found)["DigitalSourceType"] == MADE_BY_AI


pictures = st.builds(
    lambda form, mode, size, options: (form, drawn(form, mode, size, **options)),
    st.sampled_from(sorted(TYPES)),
    st.sampled_from(["L", "RGB"]),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.fixed_dictionaries(
        {},
        optional={
            "icc_profile": st.binary(min_size=1, max_size=99),
            "quality": st.integers(1, 95),
            "lossless": st.booleans(),
        },
    ),
)
words = st.text(max_size=60)


@given(pictures, words, words, st.none() | st.integers(0, 2**32), words)
def test_whatever_the_picture_and_its_origin_are(
    picture: tuple[str, bytes], prompt: str, negative: str, seed: int | None, ticket: str
) -> None:
    form, file = picture
    origin = Origin(
        'produc"er 某', ticket, "p", "m", prompt, negative or None, seed, 1, 1, ticket or None
    )
    wanted = marks(Label.ALL, origin)
    found = label(file, form, wanted)
    assert pixels(found) == pixels(file)
    said = told(found)
    assert said["DigitalSourceType"] == MADE_BY_AI
    assert json.loads(said["AIGC"])["ContentProducer"] == "produc_er__"
    assert label(found, form, wanted) == found


def test_a_prompt_as_long_as_a_book_is_cut() -> None:
    origin = Origin("p", "1", "p", "m", "茶" * 100_000, "杯" * 100_000)
    found = label(drawn("JPEG"), "JPEG", marks(Label.ALL, origin))
    prompt, _, negative = told(found)["AIPromptInformation"].partition("\nNegative prompt: ")
    assert (len(prompt), len(negative)) == (TEXT_LIMIT, TEXT_LIMIT)
    assert prompt.endswith("茶…")


def test_signs_that_xml_cannot_hold_are_left_out() -> None:
    origin = Origin("p", "1", "p", "m", "a\x00b\x1bc\ud800d\r\ne\ufffef")
    found = label(drawn("PNG"), "PNG", marks(Label.ALL, origin))
    assert told(found)["AIPromptInformation"] == "abcd\nef"
