"""Labels of ours come out again, so that a picture can be labelled as another batch wants it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.labels.marks import Marks, marks
from results.labels.packet import Unlabelled
from results.labels.removing import without_labels
from results.labels.writing import labelled
from schemas.finishing import Label
from tests.results.metadata import (
    AIGC,
    ALL,
    EXT,
    ORIGIN,
    RDF,
    TYPES,
    drawn,
    packet_of,
    pixels,
    told,
    with_jpeg_packet,
    with_png_chunk,
    with_png_packet,
    with_webp_chunk,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><g/></svg>'
FILES = {
    "PNG": (drawn("PNG"), "image/png"),
    "PNG-alpha": (drawn("PNG", "RGBA"), "image/png"),
    "JPEG": (drawn("JPEG"), "image/jpeg"),
    "WebP": (drawn("WEBP"), "image/webp"),
    "WebP-lossless-alpha": (drawn("WEBP", "RGBA", lossless=True), "image/webp"),
    "WebP-extended": (drawn("WEBP", icc_profile=b"colours"), "image/webp"),
    "SVG": (SVG, "image/svg+xml"),
}
THEIRS = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about="urn:it"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>theirs</dc:source></rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
).encode()
WANTED = st.builds(
    lambda label, producer, prompt, parameters: marks(
        label, replace(ORIGIN, producer=producer, prompt=prompt), parameters=parameters
    ),
    st.sampled_from([Label.ALL, Label.IPTC, Label.TC260]),
    st.sampled_from(["dashscope", "001191110102MAD55U9H0F10002"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.booleans(),
)


@pytest.mark.parametrize("form", FILES)
def test_the_file_is_the_providers_again(form: str) -> None:
    file, content_type = FILES[form]
    found = labelled(file, content_type, ALL).file
    assert found != file
    assert without_labels(found, content_type) == file


@pytest.mark.parametrize("form", FILES)
@given(first=WANTED, second=WANTED)
def test_labelled_anew_it_is_as_if_the_first_labels_had_never_been(
    form: str, first: Marks, second: Marks
) -> None:
    file, content_type = FILES[form]
    bare = without_labels(labelled(file, content_type, first).file, content_type)
    assert labelled(bare, content_type, second) == labelled(file, content_type, second)


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        pytest.param(with_png_packet(THEIRS), "image/png", id="PNG"),
        pytest.param(with_jpeg_packet(THEIRS), "image/jpeg", id="JPEG"),
        pytest.param(
            with_webp_chunk(FILES["WebP-extended"][0], b"XMP ", THEIRS), "image/webp", id="WebP"
        ),
    ],
)
def test_a_providers_words_stay(file: bytes, content_type: str) -> None:
    found = labelled(file, content_type, ALL).file
    bare = without_labels(found, content_type)
    assert packet_of(bare) == THEIRS
    assert pixels(bare) == pixels(file)


def test_a_packed_packet_keeps_its_words_and_loses_ours() -> None:
    found = labelled(with_png_packet(THEIRS, compressed=True), "image/png", ALL).file
    assert told(without_labels(found, "image/png")) == {"about": "urn:it", "source": "theirs"}


@pytest.mark.parametrize("form", FILES)
def test_where_nothing_of_ours_is_nothing_changes(form: str) -> None:
    file, content_type = FILES[form]
    assert without_labels(file, content_type) is file or content_type == "image/svg+xml"
    assert without_labels(file, content_type) == file


def test_labels_that_others_wrote_are_not_ours_to_remove() -> None:
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about=""'
        f' {EXT} {AIGC} Iptc4xmpExt:DigitalSourceType="x"><TC260:AIGC>{{"Label":"1"}}</TC260:AIGC>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    file = with_png_packet(packet)
    assert without_labels(file, "image/png") is file


def test_of_what_was_written_twice_the_last_goes() -> None:
    """A picture of ours that went in, and came out with its metadata."""
    once = labelled(drawn("PNG"), "image/png", marks(Label.IPTC, ORIGIN, parameters=False)).file
    twice = labelled(once, "image/png", ALL).file
    assert without_labels(twice, "image/png") == once


def test_metadata_that_cannot_be_read_are_said_to_be() -> None:
    packet = b"XML:com.adobe.xmp\0\0\0\0\0" + THEIRS
    twice = with_png_chunk(with_png_packet(THEIRS), b"iTXt", packet)
    with pytest.raises(Unlabelled):
        without_labels(twice, "image/png")


def test_every_form_that_is_labelled_is_tried() -> None:
    assert {content_type for _, content_type in FILES.values()} == {
        *TYPES.values(),
        "image/svg+xml",
    }
