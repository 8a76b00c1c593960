"""Results and storages for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import PIL.Image

from schemas.batch import Batch, ChunkRef
from schemas.failure import ErrorClass, Failure
from schemas.layout import image_key, results_chunk
from schemas.result import Image, JobResult, Rendition
from schemas.states import JobState
from storage.port import Storage

BATCH = "shop-20261120"
LANE = "dashscope:wanx-v1@default"


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48)) -> bytes:
    written = BytesIO()
    PIL.Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


def image(name: str, index: int = 1, *, seed: int | None = None, batch: str = BATCH) -> Image:
    return Image(
        key=image_key(batch, name, index, "png"),
        index=index,
        sha256="0" * 64,
        size_bytes=100,
        width=64,
        height=48,
        content_type="image/png",
        seed=seed,
    )


def rendition(of: Image, spec: str, place: str, **fields: Any) -> Rendition:
    name, _, ending = spec.rpartition("=")[2].rpartition(".")
    given: dict[str, Any] = {
        "name": spec.partition("=")[0] if "=" in spec else name,
        "spec": spec,
        "key": f"batches/{BATCH}/renditions/{place}",
        "sha256": "1" * 64,
        "made_of": of.sha256,
        "size_bytes": 50,
        "width": 32,
        "height": 24,
        "content_type": f"image/{ending}",
        **fields,
    }
    return Rendition(**given)


def result(line: int = 2, state: JobState = JobState.SUCCEEDED, **fields: Any) -> JobResult:
    given: dict[str, Any] = {
        "id": f"SKU-{line}",
        "line": line,
        "state": state,
        "lane": LANE,
        "model": "wanx-v1",
        "n": 1,
        "attempts": 1,
        "currency": "CNY",
        "prompt": "a blue cup",
        **fields,
    }
    return JobResult(**given)


def failure(error_class: ErrorClass = ErrorClass.MODERATED, **fields: Any) -> Failure:
    given: dict[str, Any] = {"code": "DataInspectionFailed", "message": "", **fields}
    return Failure(error_class=error_class, **given)


def batch(columns: Iterable[str] = ("sku", "prompt"), **fields: Any) -> Batch:
    given: dict[str, Any] = {
        "batch": BATCH,
        "manifest": "shop.csv",
        "manifest_sha256": "0" * 64,
        "columns": list(columns),
        "total": 1,
        "lanes": {LANE: 1},
        "currencies": {LANE: "CNY"},
        "created_at": "2026-11-20T22:00:00Z",
        **fields,
    }
    return Batch(**given)


def seal(
    storage: Storage,
    results: list[JobResult],
    *,
    number: int = 1,
    lane: str = LANE,
    round_: int = 1,
) -> None:
    chunk = ChunkRef(batch=BATCH, round=round_, number=number, size=len(results))
    lines = "".join(one.model_dump_json() + "\n" for one in results)
    storage.put(results_chunk(lane, chunk), lines.encode(), "application/x-ndjson")
