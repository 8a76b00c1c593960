"""Renditions can be fetched by whoever gets links to the pictures."""

from __future__ import annotations

import json
from pathlib import Path

from producer.result_files import ResultFiles
from results.links import Links
from storage.local import LocalStorage
from tests.results.orders import batch, image, rendition, result, seal


class Signing(LocalStorage):
    """Hands out addresses, as a bucket does."""

    def presigned(self, key: str, lifetime_s: float) -> str | None:
        return f"https://bucket.test/{key}?for={lifetime_s:g}"


def test_each_rendition_has_an_address_of_its_own(tmp_path: Path) -> None:
    storage = Signing(tmp_path / "store", fsync=False)
    one = image("a")
    made = rendition(one, "full.webp", "full/a_01.webp")
    seal(storage, [result(images=[one.model_copy(update={"renditions": [made]})])])

    ResultFiles(batch(), storage, Links(storage, 60.0)).write_jsonl(tmp_path / "r.jsonl")
    (found,) = json.loads((tmp_path / "r.jsonl").read_text("utf-8"))["images"]
    assert found["url"] == f"https://bucket.test/{one.key}?for=60"
    assert found["renditions"][0]["url"] == f"https://bucket.test/{made.key}?for=60"
