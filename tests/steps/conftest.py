"""A mill on the shared server."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.opening import Ledger
from tests.steps.mill import Mill


@pytest.fixture
def mill(ledger: Ledger, tmp_path: Path) -> Mill:
    return Mill(ledger, tmp_path)
