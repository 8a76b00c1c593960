"""A storage that stumbles when told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.steps.storages import StumblingStorage


@pytest.fixture
def storage(tmp_path: Path) -> StumblingStorage:
    return StumblingStorage(tmp_path / "store")
