"""`[c2pa]` in imagemill.toml: pictures come out signed, or nothing is ordered at all."""

from __future__ import annotations

import io
import json

import c2pa  # type: ignore[import-untyped]  # it has no types
import pytest

from tests.cli.command import CommandLine
from tests.results.signers import signer

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
RUN = ("run", "orders.csv", "--simulate", "--json")


def prepared(alone: CommandLine, key: bytes) -> None:
    """An order, and a certificate with that key."""
    (alone.folder / "orders.csv").write_text("sku,prompt,model\nMUG,a mug,wanx-v1\n")
    (alone.folder / "shop.pem").write_bytes(signer().certificates)
    (alone.folder / "shop.key").write_bytes(key)
    (alone.folder / "imagemill.toml").write_text(
        '[c2pa]\ncertificate = "shop.pem"\nkey = "shop.key"\n'
    )


def test_pictures_come_out_signed(alone: CommandLine) -> None:
    prepared(alone, signer().key)
    ran = alone(*RUN, timeout_s=90)
    assert ran.code == 0, ran.err
    (picture,) = alone.folder.glob("out/batches/*/images/MUG_01.png")
    with c2pa.Reader("image/png", io.BytesIO(picture.read_bytes())) as reader:
        found = json.loads(reader.json())
    assert found["validation_state"] == "Valid"


def test_with_another_key_no_worker_starts(alone: CommandLine) -> None:
    prepared(alone, signer("Another").key)
    ran = alone(*RUN, timeout_s=60)
    assert ran.code == 7
    assert "[c2pa]: shop.pem and shop.key cannot be signed with as es256" in ran.err
    assert "Go on with: imagemill run --resume" in ran.err
    assert "PRIVATE KEY" not in ran.err
    assert not list(alone.folder.glob("out/batches/*/images/*"))
