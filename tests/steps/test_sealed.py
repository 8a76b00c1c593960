"""Where a certificate is named, stored pictures are signed with it; a paid picture is never lost for it."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from results.labels.sealing import CannotSeal, Parent, Sealer
from results.labels.seals import is_sealed, without_seal
from results.remarks import remarks
from schemas import layout
from schemas.c2pa_section import C2paSection
from schemas.finishing import Finishing, Label
from schemas.result import Image, JobResult, Rendition, Sidecar
from schemas.states import JobState
from tests.results.metadata import drawn, told
from tests.results.signers import signer
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, SECOND, THIRD, night, rows
from worker.fetching import Fetched
from worker.outcomes import Ended
from worker.signing import sealer_of
from worker.steps import store

WITH_RENDITIONS = Finishing(renditions=["square-64.jpg", "shop=fit-16.webp", "full.avif"])
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    return Sealer(*signer(), "es256")


class Broken(Sealer):
    """Fails at every file."""

    def __init__(self) -> None:
        pass

    def seal(
        self,
        file: bytes,  # noqa: ARG002 - whatever it is
        content_type: str,  # noqa: ARG002 - likewise
        *,
        agent: str | None,  # noqa: ARG002 - likewise
        parent: Parent | None,  # noqa: ARG002 - likewise
    ) -> bytes:
        raise CannotSeal("the certificate has expired")


class FailsAtWebp(Sealer):
    """Fails at files of one form."""

    def seal(
        self, file: bytes, content_type: str, *, agent: str | None, parent: Parent | None
    ) -> bytes:
        if content_type == "image/webp":
            raise CannotSeal("it is too small")
        return super().seal(file, content_type, agent=agent, parent=parent)


def signing(mill: Mill, sealer: Sealer | None) -> None:
    mill.configure()
    mill.tools = replace(mill.tools, sealer=sealer)
    mill.desk._tools = mill.tools


def stored(mill: Mill, **changes: object) -> tuple[JobResult, Image, bytes]:
    claim = mill.storing(**changes)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    (image,) = result.images
    return result, image, mill.storage.get(image.key)


def one(results: list[JobResult]) -> Image:
    (result,) = results
    (image,) = result.images
    return image


def test_a_stored_picture_is_labelled_and_signed(mill: Mill, sealer: Sealer) -> None:
    signing(mill, sealer)
    _, image, data = stored(mill)
    assert sealer.holds(data, "image/png")
    assert told(data)["Ticket"] == "task-1"
    assert (image.sealed, image.unsealed) == (True, "")
    assert (image.sha256, image.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    sidecar = Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))
    assert (sidecar.image, sidecar.seal_broken) == (image, False)


def test_a_providers_seal_is_whole_in_ours(mill: Mill, sealer: Sealer) -> None:
    theirs = Sealer(*signer("The Provider"), "es256")
    file = theirs.seal(drawn("JPEG"), "image/jpeg", agent=None, parent=None)
    mill.host.troubles["/1.png"].append(Fetched(file))
    signing(mill, sealer)
    _, image, data = stored(mill)
    assert sealer.holds(data, "image/jpeg")
    sidecar = Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))
    assert not sidecar.seal_broken


def test_a_batch_without_labels_gets_its_files_as_they_came(mill: Mill, sealer: Sealer) -> None:
    signing(mill, sealer)
    _, image, data = stored(mill, finishing=Finishing(label=Label.NONE))
    assert (image.sealed, is_sealed(data, "image/png")) == (False, False)


def test_what_cannot_be_signed_is_stored_and_says_so(
    mill: Mill, caplog: pytest.LogCaptureFixture
) -> None:
    signing(mill, Broken())
    with caplog.at_level(logging.WARNING):
        result, image, data = stored(mill)
    assert result.state is JobState.SUCCEEDED
    assert "DigitalSourceType" in told(data)
    assert image.unsealed == "the certificate has expired"
    assert remarks(result) == "The picture is not signed: the certificate has expired."
    assert "picture.unsealed" in [record.message for record in caplog.records]


def test_stored_twice_the_first_file_counts_for_both(mill: Mill, sealer: Sealer) -> None:
    """A signature is never the same again; what is stored is what either result says."""
    signing(mill, sealer)
    held = mill.desk._take(mill.storing(n=2, finishing=WITH_RENDITIONS))
    assert held is not None
    first, second = store(held, mill.tools), store(held, mill.tools)
    assert isinstance(first, Ended)
    assert isinstance(second, Ended)
    assert first.result.images == second.result.images
    for image in second.result.images:
        files: list[Image | Rendition] = [image, *image.renditions]
        for each in files:
            assert hashlib.sha256(mill.storage.get(each.key)).hexdigest() == each.sha256


@pytest.mark.parametrize("rubbish", [b"half", drawn("PNG")])
def test_what_lies_there_and_is_something_else_is_replaced(
    mill: Mill, sealer: Sealer, rubbish: bytes
) -> None:
    signing(mill, sealer)
    mill.storage.put("batches/night/images/SKU-1_01.png", rubbish, "image/png")
    _, image, data = stored(mill)
    assert hashlib.sha256(data).hexdigest() == image.sha256
    assert sealer.holds(data, "image/png")


def test_renditions_are_labelled_and_signed(mill: Mill, sealer: Sealer) -> None:
    signing(mill, sealer)
    _, image, _ = stored(mill, finishing=WITH_RENDITIONS)
    files = {each.content_type: mill.storage.get(each.key) for each in image.renditions}
    assert list(files) == ["image/jpeg", "image/webp", "image/avif"]
    for each in image.renditions:
        data = files[each.content_type]
        assert {"DigitalSourceType", "AIGC"} <= told(data).keys()
        assert (each.sha256, each.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert each.sealed == sealer.holds(data, each.content_type)
    assert [each.sealed for each in image.renditions] == [True, True, False]
    sidecar = Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))
    assert sidecar.image == image


def test_a_batch_without_labels_gets_renditions_without_a_signature(
    mill: Mill, sealer: Sealer
) -> None:
    signing(mill, sealer)
    _, image, _ = stored(mill, finishing=WITH_RENDITIONS.model_copy(update={"label": Label.NONE}))
    assert [each.sealed for each in image.renditions] == [False, False, False]


def test_a_rendition_that_cannot_be_signed_says_so_and_is_signed_later(
    mill: Mill, sealer: Sealer
) -> None:
    signing(mill, FailsAtWebp(*signer(), "es256"))
    (result,) = night(mill, FIRST, rows("A", finishing=WITH_RENDITIONS))
    assert (
        remarks(result).partition(". ")[2]
        == "The picture's rendition shop=fit-16.webp is not signed: it is too small."
    )
    signing(mill, sealer)
    first, second = one([result]), one(night(mill, SECOND, rows("A", finishing=WITH_RENDITIONS)))
    assert second.key == first.key
    assert [each.sealed for each in second.renditions] == [True, True, False]
    assert [
        each == other for each, other in zip(second.renditions, first.renditions, strict=True)
    ] == [
        True,
        False,
        True,
    ]


def test_what_was_drawn_before_is_signed_now(mill: Mill, sealer: Sealer) -> None:
    first = one(night(mill, FIRST, rows("A")))
    signing(mill, sealer)
    second = one(night(mill, SECOND, rows("A")))
    data = mill.storage.get(second.key)
    assert (second.sealed, sealer.holds(data, "image/png")) == (True, True)
    assert without_seal(data, "image/png") == mill.storage.get(first.key)
    third = one(night(mill, THIRD, rows("A")))
    assert (third, len(mill.provider.ordered)) == (second, 1)


def test_what_was_signed_before_is_pointed_at_also_where_nobody_signs(
    mill: Mill, sealer: Sealer
) -> None:
    signing(mill, sealer)
    first = one(night(mill, FIRST, rows("A")))
    signing(mill, None)
    assert one(night(mill, SECOND, rows("A"))) == first


def test_a_drawing_that_nobody_can_sign_is_pointed_at(mill: Mill, sealer: Sealer) -> None:
    mill.host.troubles["/1.png"].append(Fetched(SVG))
    signing(mill, sealer)
    first = one(night(mill, FIRST, rows("A")))
    assert (first.content_type, first.sealed) == ("image/svg+xml", False)
    assert one(night(mill, SECOND, rows("A"))) == first


@pytest.mark.parametrize("signs", [True, False])
def test_a_signed_picture_is_labelled_anew(mill: Mill, sealer: Sealer, *, signs: bool) -> None:
    signing(mill, sealer)
    night(mill, FIRST, rows("A"))
    signing(mill, sealer if signs else None)
    image = one(night(mill, SECOND, rows("A", finishing=Finishing(label=Label.IPTC))))
    data = mill.storage.get(image.key)
    assert "AIGC" not in told(data)
    assert (image.sealed, is_sealed(data, "image/png")) == (signs, signs)
    sidecar = Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))
    assert not sidecar.seal_broken


def test_a_signed_picture_comes_out_as_it_was_delivered(mill: Mill, sealer: Sealer) -> None:
    signing(mill, sealer)
    night(mill, FIRST, rows("A"))
    image = one(night(mill, SECOND, rows("A", finishing=Finishing(label=Label.NONE))))
    sidecar = Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))
    assert image.sha256 == sidecar.vendor_sha256


def test_settings_name_two_files(tmp_path: Path) -> None:
    certificate, key = tmp_path / "shop.pem", tmp_path / "shop.key"
    section = C2paSection(certificate=certificate, key=key)
    with pytest.raises(CannotSeal, match=r"shop\.pem cannot be read: No such file"):
        sealer_of(section)
    certificate.write_bytes(signer().certificates)
    key.write_bytes(signer("Another").key)
    with pytest.raises(CannotSeal, match=r"^\[c2pa\]: .* cannot be signed with as es256: "):
        sealer_of(section)
    key.write_bytes(signer().key)
    assert sealer_of(section) is not None
    assert sealer_of(C2paSection()) is None
    with pytest.raises(ValueError, match="belong together"):
        C2paSection(certificate=certificate)
