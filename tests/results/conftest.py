from __future__ import annotations

from pathlib import Path

import pytest

from schemas.result import JobResult
from storage.local import LocalStorage
from tests.results.orders import image, result
from tests.results.written_workbook import stored


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage", fsync=False)


@pytest.fixture
def done(storage: LocalStorage) -> JobResult:
    """A row of two pictures, which are stored."""
    images = [image("b", 2, seed=8), image("b", 1, seed=7)]
    stored(storage, *images)
    return result(
        2,
        id="杯-1",
        n=2,
        images=images,
        cost_micro=320_000,
        row={"sku": "杯-1", "prompt": "=1+1", "条码": "0069012345678"},
    )
