"""A mill with something to look at, and the pages that show it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.opening import Ledger
from schemas.failure import ErrorClass
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, night, rows
from tests.steps.scripted_provider import trouble
from tests.ui.running import Pages, command_line_of, running_pages
from tests.valkey import Valkey
from worker.providers.port import Refused


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the mill of each test has its files."""
    return tmp_path_factory.mktemp("mill")


@pytest.fixture
def mill(ledger: Ledger, place: Path) -> Mill:
    """One finished batch, a row of which was refused."""
    shutil.rmtree(place / "store", ignore_errors=True)
    mill = Mill(ledger, place)
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    night(mill, FIRST, rows("MUG-1", "MUG-2", "杯子-3"))
    return mill


@pytest.fixture(scope="module")
def running(place: Path, valkey: Valkey) -> Iterator[Pages]:
    """One process for all tests here: it keeps nothing that a test could notice."""
    with running_pages(command_line_of(place, valkey)) as found:
        yield found


@pytest.fixture
def pages(mill: Mill, running: Pages) -> Pages:
    return running
