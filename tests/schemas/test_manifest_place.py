"""Addresses of manifests that any process can read, and what is none."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas import layout
from schemas.batch_file import BatchFile
from schemas.intake import Intake, order_id
from schemas.manifest_place import (
    BucketManifest,
    ManifestSection,
    StoredManifest,
    WebManifest,
    is_remote,
    read_place,
)

STORED = layout.manifest_key("ab" * 32, "春 季.csv")


@pytest.mark.parametrize(
    ("text", "place", "name", "shown"),
    [
        (
            "https://shop.example/a/night.csv?sig=secret",
            WebManifest("https://shop.example/a/night.csv?sig=secret"),
            "night.csv",
            "https://shop.example/a/night.csv",
        ),
        (
            "https://shop.example/%E6%98%A5.csv",
            WebManifest("https://shop.example/%E6%98%A5.csv"),
            "春.csv",
            "https://shop.example/%E6%98%A5.csv",
        ),
        (
            "s3://shop/a b/night.xlsx",
            BucketManifest("shop", "a b/night.xlsx"),
            "night.xlsx",
            "s3://shop/a b/night.xlsx",
        ),
        (STORED, StoredManifest(STORED), "春-季.csv", "春-季.csv (uploaded)"),
    ],
)
def test_an_address_has_a_place_and_a_name(text: str, place: object, name: str, shown: str) -> None:
    found = read_place(text)
    assert found == place
    assert (found.name, found.shown) == (name, shown)


@pytest.mark.parametrize(
    "text",
    ["night.csv", "/etc/passwd", "-", "", "file:///etc/passwd", "ftp://a/b", "s3://shop", "https://",
     "manifests/../secret", "../" + STORED, f"manifests/ab/{'cd' * 32}/x"],
)  # fmt: skip
def test_a_path_of_one_machine_is_no_address(text: str) -> None:
    assert not is_remote(text)
    with pytest.raises(ValueError, match=r"s3://bucket/key"):
        read_place(text)


def test_an_intake_takes_addresses_only() -> None:
    order = BatchFile(manifest="/data/night.csv")
    with pytest.raises(ValidationError, match="path of one machine"):
        Intake(id="order:1", order=order, asked_at="2026-02-01T00:00:00+00:00")


def test_the_same_order_is_the_same_intake() -> None:
    one = BatchFile(manifest="s3://shop/a.csv", model="wanx-v1")
    assert order_id(one) == order_id(BatchFile(manifest="s3://shop/a.csv", model="wanx-v1"))
    assert order_id(one) != order_id(BatchFile(manifest="s3://shop/a.csv"))


@pytest.mark.parametrize("host", ["http://erp", "erp/path", "a b", "erp:port", ""])
def test_an_own_host_is_a_host(host: str) -> None:
    with pytest.raises(ValidationError, match=r"erp\.internal"):
        ManifestSection(own_hosts=[host])
    assert ManifestSection(own_hosts=["ERP.internal:8443"]).own_hosts == ["erp.internal:8443"]
