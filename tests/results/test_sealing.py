"""Pictures are signed, and what was signed is read back; a pixel or a label changed is noticed."""

from __future__ import annotations

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import c2pa  # type: ignore[import-untyped]  # it has no types
import pytest

from results.labels.marks import MADE_BY_AI
from results.labels.sealing import CannotSeal, Parent, Sealer
from results.labels.seals import is_sealed, without_seal
from results.labels.writing import labelled
from tests.http_server import QuietHandler, serving
from tests.results.metadata import (
    ALL,
    RDF,
    TYPES,
    drawn,
    pixels,
    told,
    with_jpeg_segment,
    with_png_chunk,
    with_png_packet,
)
from tests.results.signers import signer

AGENT = "wanx-v1 (dashscope)"
FORMS = [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("WEBP", "RGBA")]


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    return Sealer(*signer(), "es256")


def manifests(file: bytes, content_type: str) -> tuple[str, list[dict[str, Any]]]:
    """Whether it is true, and its manifests, the newest first."""
    with c2pa.Reader(content_type, io.BytesIO(file)) as reader:
        found = json.loads(reader.json())
    newest = found["active_manifest"]
    others = [one for name, one in found["manifests"].items() if name != newest]
    return found["validation_state"], [found["manifests"][newest], *others]


def actions(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = [
        one for one in manifest["assertions"] if one["label"].partition(".v")[0] == "c2pa.actions"
    ]
    (one,) = found
    said: list[dict[str, Any]] = one["data"]["actions"]
    return said


def seal(sealer: Sealer, file: bytes, content_type: str, delivered: bytes | None = None) -> bytes:
    parent = None if delivered is None else Parent(delivered, content_type)
    return sealer.seal(file, content_type, agent=AGENT, parent=parent)


@pytest.mark.parametrize(("form", "mode"), FORMS)
def test_a_labelled_picture_is_signed_and_read_back(sealer: Sealer, form: str, mode: str) -> None:
    content_type = TYPES[form]
    file = labelled(drawn(form, mode), content_type, ALL).file
    found = seal(sealer, file, content_type)
    state, (manifest,) = manifests(found, content_type)
    assert state == "Valid"
    (made,) = actions(manifest)
    assert (made["action"], made["digitalSourceType"]) == ("c2pa.created", MADE_BY_AI)
    assert made["softwareAgent"]["name"] == AGENT
    assert manifest["signature_info"]["issuer"] == "The Shop"
    assert (pixels(found), told(found)) == (pixels(file), told(file))
    assert sealer.holds(found, content_type)
    assert len(found) - len(file) < 10_000, "no thumbnail"


@pytest.mark.parametrize(("form", "mode"), FORMS)
def test_what_is_signed_can_be_had_without(sealer: Sealer, form: str, mode: str) -> None:
    content_type = TYPES[form]
    file = labelled(drawn(form, mode), content_type, ALL).file
    found = seal(sealer, file, content_type)
    assert (is_sealed(file, content_type), is_sealed(found, content_type)) == (False, True)
    assert without_seal(found, content_type) == file
    assert without_seal(file, content_type) is file


@pytest.mark.parametrize("form", TYPES)
def test_a_manifest_that_came_along_is_kept_and_true(sealer: Sealer, form: str) -> None:
    content_type = TYPES[form]
    theirs = Sealer(*signer("The Provider"), "es256")
    delivered = seal(theirs, drawn(form), content_type)
    written = labelled(delivered, content_type, ALL)
    assert written.seal_broken
    assert not sealer.holds(written.file, content_type)
    found = seal(sealer, written.file, content_type, delivered)
    state, (ours, earlier) = manifests(found, content_type)
    assert state == "Valid"
    assert [one["action"] for one in actions(ours)] == ["c2pa.opened", "c2pa.edited.metadata"]
    assert [one["relationship"] for one in ours["ingredients"]] == ["parentOf"]
    assert earlier["signature_info"]["issuer"] == "The Provider"
    assert actions(earlier)[0]["digitalSourceType"] == MADE_BY_AI


@pytest.mark.parametrize("form", TYPES)
def test_a_file_of_another_form_keeps_what_its_picture_says(sealer: Sealer, form: str) -> None:
    picture = seal(sealer, drawn("PNG"), "image/png")
    parent = Parent(picture, "image/png", "picture", "c2pa.transcoded")
    found = sealer.seal(drawn(form), TYPES[form], agent=None, parent=parent)
    state, (ours, earlier) = manifests(found, TYPES[form])
    assert state == "Valid"
    assert [one["action"] for one in actions(ours)] == ["c2pa.opened", "c2pa.transcoded"]
    assert actions(earlier)[0]["digitalSourceType"] == MADE_BY_AI


@pytest.mark.parametrize("form", TYPES)
def test_what_was_changed_since_does_not_hold(sealer: Sealer, form: str) -> None:
    content_type = TYPES[form]
    found = seal(sealer, drawn(form), content_type)
    assert sealer.holds(found, content_type)
    assert not sealer.holds(labelled(found, content_type, ALL).file, content_type)
    assert not sealer.holds(drawn(form), content_type)


@pytest.mark.parametrize("form", TYPES)
def test_two_of_one_picture_are_the_same_but_for_their_moment(sealer: Sealer, form: str) -> None:
    content_type = TYPES[form]
    file = drawn(form)
    first, second = (seal(sealer, file, content_type) for _ in range(2))
    assert first != second
    assert sealer.same(first, second, content_type)
    assert not sealer.same(file, second, content_type), "not signed"
    assert not sealer.same(seal(sealer, drawn(form), content_type), second, content_type)
    assert not sealer.same(first[: len(first) // 2], second, content_type)


def test_many_threads_sign_at_once(sealer: Sealer) -> None:
    files = [drawn("JPEG") for _ in range(16)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda file: seal(sealer, file, "image/jpeg"), files))
    assert [without_seal(one, "image/jpeg") for one in found] == files
    assert all(sealer.holds(one, "image/jpeg") for one in found)


def test_a_file_that_cannot_be_signed_says_why(sealer: Sealer) -> None:
    with pytest.raises(CannotSeal):
        seal(sealer, b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "image/png")


@pytest.mark.parametrize(
    ("certificates", "key"),
    [
        pytest.param(signer().certificates, signer("Another").key, id="another's key"),
        pytest.param(b"nothing", signer().key, id="no certificate"),
        pytest.param(signer().certificates, b"", id="no key"),
    ],
)
def test_what_cannot_sign_is_refused_at_once(certificates: bytes, key: bytes) -> None:
    with pytest.raises(CannotSeal) as caught:
        Sealer(certificates, key, "es256")
    assert b"PRIVATE" not in str(caught.value).encode()


def test_a_key_of_another_kind_is_refused_at_once() -> None:
    with pytest.raises(CannotSeal):
        Sealer(*signer(), "ed25519")


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(CannotSeal, match=r"pip install 'imagemill\[c2pa\]'"):
        Sealer(*signer(), "es256")


def test_an_address_that_a_picture_names_is_never_asked(sealer: Sealer) -> None:
    asked: list[str] = []

    class Listening(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the server's name for it
            asked.append(self.path)
            self.answer(404, b"")

    with serving(Listening) as url:
        packet = (
            f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about=""'
            f' xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{url}/manifest"/>'
            "</rdf:RDF></x:xmpmeta>"
        )
        file = with_png_packet(packet.encode())
        sealed = seal(sealer, file, "image/png", file)
        sealer.holds(sealed, "image/png")
        sealer.holds(with_png_chunk(file, b"caBX", b"nothing"), "image/png")
    assert asked == []


def test_a_manifest_in_several_segments_goes_as_a_whole() -> None:
    file = drawn("JPEG")
    part = b"JP\0\1" + b"\0\0\0\1\0\0\0\x20jumb"
    found = with_jpeg_segment(file, 0xEB, part + b"the rest")
    found = with_jpeg_segment(found, 0xEB, part + b"c2pa")
    other = with_jpeg_segment(found, 0xEB, b"JP\0\2\0\0\0\1\0\0\0\x20jumb360")
    assert without_seal(found, "image/jpeg") == file
    assert b"jumb360" in without_seal(other, "image/jpeg")


def test_of_what_cannot_be_read_nothing_is_known() -> None:
    assert not is_sealed(with_png_chunk(drawn("PNG"), b"caBX", b"x")[:60], "image/png")
    assert not is_sealed(b"<svg/>", "image/svg+xml")
