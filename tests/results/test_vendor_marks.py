"""What a provider wrote into its picture is kept, byte for byte, and counts before ours."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.labels.container import NoRoom
from results.labels.packet import PACKET_LIMIT_BYTES, Unlabelled, extended
from results.labels.writing import labelled
from schemas.finishing import Label
from tests.results.metadata import (
    AIGC,
    ALL,
    EXT,
    MADE_BY_AI,
    RDF,
    TYPES,
    drawn,
    jpeg_segments,
    only,
    packet_of,
    pixels,
    png_chunk,
    told,
    webp_chunks,
    with_jpeg_packet,
    with_jpeg_segment,
    with_png_chunk,
    with_png_packet,
    with_webp_chunk,
)

X = 'xmlns:x="adobe:ns:meta/"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
THEIR_AIGC = '{"Label":"1","ContentProducer":"001191110102MAD55U9H0F10002","ProduceID":"7"}'


def meta(rdf: str) -> bytes:
    return f"<x:xmpmeta {X}>{rdf}</x:xmpmeta>".encode()


def described(inner: str = "", attributes: str = "") -> bytes:
    return meta(
        f'<rdf:RDF {RDF}><rdf:Description rdf:about="" {DC} {attributes}>{inner}'
        "</rdf:Description></rdf:RDF>"
    )


PLAIN = described("<dc:source>vendor</dc:source>")
PACKETS = {
    "plain": PLAIN,
    "wrapped": b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    + PLAIN
    + b" " * 2000
    + b'<?xpacket end="w"?>',
    "with a mark of its order": b"\xef\xbb\xbf" + PLAIN,
    "without a wrapper": f'<rdf:RDF {RDF}><rdf:Description {DC} dc:source="vendor"/></rdf:RDF>'.encode(),
    "another prefix": PLAIN.replace(b"rdf:", b"r:").replace(b":rdf", b":r"),
    "about something": PLAIN.replace(b'about=""', b'about="uuid:&quot;7&quot;"'),
    "an end in a comment": described("<!-- </rdf:RDF> --><dc:source>vendor</dc:source>"),
    "an end in text": described("<dc:source>vendor</dc:source><dc:x><![CDATA[</rdf:RDF>]]></dc:x>"),
    "signs in attributes": described("", "dc:source='vendor' dc:title='a > b / >'"),
}
PUT: dict[str, Callable[[bytes], bytes]] = {
    "PNG": with_png_packet,
    "JPEG": with_jpeg_packet,
    "WEBP": lambda packet: drawn("WEBP", xmp=packet),
}


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
@pytest.mark.parametrize("form", TYPES)
def test_a_packet_is_extended(form: str, packet: bytes) -> None:
    file = PUT[form](packet)
    found = labelled(file, TYPES[form], ALL).file
    new, more = packet_of(found), len(packet_of(found)) - len(packet)
    put_at = [at for at in range(len(packet)) if new[:at] + new[at + more :] == packet]
    assert any(new[at:].startswith(b"<rdf:Description") for at in put_at)
    said = told(found)
    assert (said["source"], said["DigitalSourceType"]) == ("vendor", MADE_BY_AI)
    assert pixels(found) == pixels(file)
    assert labelled(found, TYPES[form], ALL).file is found


def test_an_empty_packet_is_filled() -> None:
    for rdf in (f"<rdf:RDF {RDF}/>", f"<rdf:RDF {RDF} />", f"<rdf:RDF {RDF}></rdf:RDF>"):
        found = labelled(with_png_packet(meta(rdf)), "image/png", only(Label.IPTC)).file
        assert told(found) == {"about": "", "DigitalSourceType": MADE_BY_AI}


def test_properties_are_about_what_the_others_are_about() -> None:
    """All of a packet's properties speak of one thing (ISO 16684-1, 7.4)."""
    packet = extended(PACKETS["about something"], only(Label.IPTC).labels)
    assert packet.count(b"about=") == 2
    assert b"""rdf:about='uuid:"7"'""" in packet


def test_a_packet_with_a_zero_at_its_end_is_read() -> None:
    packet = extended(PLAIN + b"\0\0", ALL.labels)
    assert b"TC260:AIGC" in packet
    assert packet.endswith(b"</x:xmpmeta>")


@pytest.mark.parametrize(
    "packet",
    [
        described("", f'{EXT} Iptc4xmpExt:DigitalSourceType="{COMPOSITE}"'),
        described(
            f"<e:DigitalSourceType {EXT.replace('Iptc4xmpExt=', 'e=')}>{COMPOSITE}</e:DigitalSourceType>"
        ),
    ],
    ids=["attribute", "element"],
)
def test_what_the_provider_says_counts(packet: bytes) -> None:
    said = told(labelled(with_png_packet(packet), "image/png", ALL).file)
    assert said["DigitalSourceType"] == COMPOSITE
    assert json.loads(said["AIGC"])["ContentProducer"] == "dashscope"


def test_the_providers_own_aigc_label_stays_the_only_one() -> None:
    packet = described(f"<TC260:AIGC {AIGC}>{THEIR_AIGC}</TC260:AIGC>")
    for form, put in PUT.items():
        said = told(labelled(put(packet), TYPES[form], ALL).file)
        assert (said["AIGC"], said["DigitalSourceType"]) == (THEIR_AIGC, MADE_BY_AI)


THEIRS = f'{{"AIGC":{THEIR_AIGC}}}'
TIFF = b"MM\0*\0\0\0\x08" + b"\0\0\0\0\0\0"
"""With a table of no entries; what follows is as a comment would lie there."""
ASCII_COMMENT = b"Exif\0\0" + TIFF + b"ASCII\0\0\0" + THEIRS.encode()
WIDE_COMMENT = TIFF + b"UNICODE\0" + THEIRS.encode("utf-16-be")
TEXT, PACKED_TEXT = (
    b"AIGC\0" + THEIR_AIGC.encode(),
    b"AIGC\0\0" + zlib.compress(THEIR_AIGC.encode()),
)
ELSEWHERE = {
    "a text of a PNG": ("PNG", with_png_chunk(drawn("PNG"), b"tEXt", TEXT)),
    "a packed text": ("PNG", with_png_chunk(drawn("PNG"), b"zTXt", PACKED_TEXT)),
    "Exif of a PNG": ("PNG", with_png_chunk(drawn("PNG"), b"eXIf", WIDE_COMMENT)),
    "Exif of a JPEG": ("JPEG", with_jpeg_segment(drawn("JPEG"), 0xE1, ASCII_COMMENT)),
    "a comment": ("JPEG", with_jpeg_segment(drawn("JPEG"), 0xFE, f"AIGC{THEIR_AIGC}".encode())),
    "Exif of a WebP": (
        "WEBP",
        with_webp_chunk(drawn("WEBP", icc_profile=b"c"), b"EXIF", WIDE_COMMENT),
    ),
}


@pytest.mark.parametrize(("form", "file"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_an_aigc_label_may_lie_elsewhere(form: str, file: bytes) -> None:
    found = labelled(file, TYPES[form], ALL).file
    packet = packet_of(found)
    assert (b"TC260" in packet, b"DigitalSourceType" in packet) == (False, True)
    assert labelled(file, TYPES[form], only(Label.TC260)).file is file


SEAL = b"JP\0\1\0\0\0\1" + b"\0\0\0\x40jumb\0\0\0\x1ejumdc2pa\0\x11\0\x10c2pa\0"
SEALED: dict[str, Callable[[bytes], bytes]] = {
    "PNG": lambda file: with_png_chunk(file, b"caBX", SEAL),
    "JPEG": lambda file: with_jpeg_segment(file, 0xEB, SEAL),
    "WEBP": lambda file: with_webp_chunk(file, b"C2PA", SEAL),
}


@pytest.mark.parametrize("form", TYPES)
def test_a_c2pa_manifest_is_untouched_and_said_to_be_broken(form: str) -> None:
    file = SEALED[form](drawn(form, icc_profile=b"colours"))
    found, broken = labelled(file, TYPES[form], ALL)
    assert broken
    if form == "PNG":
        assert png_chunk(b"caBX", SEAL) in found
    elif form == "JPEG":
        assert (0xEB, SEAL) in jpeg_segments(found)
    else:
        assert webp_chunks(found)[b"C2PA"] == SEAL
    assert told(found)["DigitalSourceType"] == MADE_BY_AI


@pytest.mark.parametrize("form", TYPES)
def test_a_seal_is_not_broken_where_nothing_must_be_said(form: str) -> None:
    """Neither for parameters, nor where the provider's marks are there."""
    marked = labelled(drawn(form), TYPES[form], only(Label.ALL)).file
    file = SEALED[form](marked)
    assert labelled(file, TYPES[form], ALL) == (file, False)


def test_parameters_give_way_where_a_jpeg_has_no_room() -> None:
    file = with_jpeg_packet(described(f"<dc:x>{'x' * 64_500}</dc:x>"))
    said = told(labelled(file, "image/jpeg", ALL).file)
    assert said["DigitalSourceType"] == MADE_BY_AI
    assert "AIPromptInformation" not in said


def test_a_jpeg_without_any_room_stays_as_it_is() -> None:
    with pytest.raises(NoRoom, match="no room for 6"):
        labelled(with_jpeg_packet(described(f"<dc:x>{'x' * 65_000}</dc:x>")), "image/jpeg", ALL)


def test_a_compressed_packet_is_read_and_written_plainly() -> None:
    found = labelled(with_png_packet(PLAIN, compressed=True), "image/png", ALL).file
    assert b"<dc:source>vendor</dc:source>" in found
    assert told(found)["source"] == "vendor"


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + PLAIN
UNREADABLE = {
    "no XML": (b"not a packet at all", "cannot be read"),
    "cut off": (PLAIN[:-9], "cannot be read"),
    "two bytes a sign": (PLAIN.decode().encode("utf-16"), "cannot be read"),
    "without rdf": (meta("<nothing/>"), "no rdf:RDF"),
    "entities": (LAUGHS, "entities"),
    "endless": (b" " * (PACKET_LIMIT_BYTES + 1), "has 4,194,305 bytes"),
}


@pytest.mark.parametrize(("packet", "why"), UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_packet_nobody_can_read_is_left_alone(form: str, packet: bytes, why: str) -> None:
    with pytest.raises(Unlabelled, match=why):
        labelled(PUT[form](packet), TYPES[form], ALL)


def test_a_packed_bomb_is_not_unpacked() -> None:
    with pytest.raises(Unlabelled, match="unpacks to more"):
        labelled(with_png_packet(b" " * 50_000_000, compressed=True), "image/png", ALL)


def test_of_two_packets_none_counts() -> None:
    png = with_png_packet(PLAIN)
    start, end = png.index(b"iTXt") - 4, png.index(b"IDAT") - 4
    twice = png[:end] + png[start:end] + png[end:]
    with pytest.raises(Unlabelled, match="several"):
        labelled(twice, "image/png", ALL)


FILES = {form: put(PLAIN) for form, put in PUT.items()}


@pytest.mark.parametrize("form", TYPES)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_left_alone(form: str, share: float) -> None:
    file = FILES[form]
    with pytest.raises(Unlabelled):
        labelled(file[: int(len(file) * share)], TYPES[form], ALL)


@pytest.mark.parametrize("form", TYPES)
@given(luck=st.data())
def test_whatever_happened_to_the_bytes_only_one_error_comes(
    form: str, luck: st.DataObject
) -> None:
    changed = bytearray(SEALED[form](FILES[form]))
    for _ in range(luck.draw(st.integers(1, 8))):
        changed[luck.draw(st.integers(0, len(changed) - 1))] = luck.draw(st.integers(0, 255))
    with suppress(Unlabelled):
        labelled(bytes(changed), TYPES[form], ALL)
