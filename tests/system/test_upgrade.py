"""A fleet whose ledger a newer release takes over: who knows only older records leaves, and says why."""

from __future__ import annotations

import pytest

from ledger.version import LEDGER_VERSION
from tests.system.mill import Mill
from tests.waiting import wait_until

pytestmark = pytest.mark.system


def test_older_workers_leave_and_nobody_older_begins(mill: Mill) -> None:
    (worker,) = mill.start_workers(1)
    mill.ledger.version.check()

    mill.ledger.version.admit(LEDGER_VERSION + 1)

    wait_until(lambda: worker.process.poll() is not None, 30, "the worker to leave")
    assert worker.process.returncode == 0, "it ended in order"
    assert [entry for entry in worker.entries() if entry["event"] == "ledger.newer"]

    another = mill.start_worker()
    assert another.process.wait(30) == 7
    assert f"records of version {LEDGER_VERSION + 1}" in another.log()

    for words in (("status",), ("submit", mill.command_line.manifest("mugs", 1))):
        ran = mill.command_line(*words)
        assert ran.code == 7, ran.err
        assert f"knows versions up to {LEDGER_VERSION}" in ran.err
    assert mill.ledger.batches.names() == []
