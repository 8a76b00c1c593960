"""results.xlsx as another library reads it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from results.workbook import (
    BOOK_LIMITS,
    BookLimits,
    Places,
    Shown,
    write_workbook,
)
from schemas.batch import Batch
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import batch, failure, picture, result

COLUMNS = ("sku", "prompt", "条码")

REFUSED = result(
    3,
    JobState.FAILED,
    failures=[failure()],
    row={"sku": "-5", "prompt": "+toy pistol", "条码": None},
)


def stored(storage: LocalStorage, *images: Image) -> None:
    for one in images:
        storage.put(one.key, picture(size=(64, 48)), "image/png")


def written(
    tmp_path: Path,
    storage: LocalStorage,
    results: Iterable[JobResult],
    of: Sequence[str] | Batch = COLUMNS,
    limits: BookLimits = BOOK_LIMITS,
    **places: Any,
) -> tuple[Any, Shown]:
    path = tmp_path / "r.xlsx"
    made = of if isinstance(of, Batch) else batch(of)
    shown = write_workbook(results, path, made, Places(storage, **places), limits)
    return openpyxl.load_workbook(path)["results"], shown


def rows(sheet: Any) -> list[dict[str, Any]]:
    header, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in body]


def media(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as parts:
        return [parts.read(name) for name in parts.namelist() if name.startswith("xl/media/")]
