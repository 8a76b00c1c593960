"""A bucket that is away for a while: the pictures come later, and none is paid for twice."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from schemas.states import JobState
from tests.seaweed import Seaweed
from tests.system.gate import Gate
from tests.system.mill import Mill
from tests.waiting import wait_until

pytestmark = pytest.mark.system
ROWS = 30


def test_pictures_wait_for_their_bucket(tmp_path: Path, seaweed: Seaweed) -> None:
    with ExitStack() as stack:
        mill = Mill(tmp_path / "bucket", stack, seaweed)
        gate = stack.enter_context(Gate(seaweed.endpoint_url))
        (worker,) = mill.start_workers(1, IMAGEMILL_S3_ENDPOINT_URL=gate.url)
        batch = mill.submit(mill.command_line.manifest("tiles", ROWS))
        wait_until(lambda: mill.status(batch).succeeded >= 5, 20, "some pictures")

        gate.shut()
        wait_until(lambda: mill.status(batch).storing >= 8, 20, "pictures that wait")
        wait_until(lambda: gate.refused >= 8, 20, "tries in vain")
        assert mill.status(batch).succeeded < ROWS
        assert mill.status(batch).failed == 0
        gate.open()

        status = mill.finished(batch)
        results = mill.results(batch)
        assert status.succeeded == ROWS
        assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
        assert {result.attempts for result in results.values()} == {1}
        mill.check_pictures(results)
        assert set(mill.orders().values()) == {1}
        mill.check_nothing_in_motion()
        assert worker.process.poll() is None
        # Whatever was tried in vain is one line of the log each, not a traceback.
        assert "step.broke" not in worker.log()
