from __future__ import annotations

from pathlib import Path

import pytest

from storage.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage", fsync=False)
