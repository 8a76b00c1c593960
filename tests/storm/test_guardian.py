"""A storm that is killed leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from tests.storm.guardian import Guardian
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
STORM = """
import subprocess, sys, time
from tests.storm.guardian import Guardian
with Guardian() as guardian:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                             start_new_session=True, stdout=subprocess.DEVNULL)
    guardian.look()
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_storm_started_is_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STORM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as storm:
        assert storm.stdout is not None
        child = psutil.Process(int(storm.stdout.readline()))
        assert child.is_running()
        storm.kill()

    wait_until(lambda: _is_gone(child), 15, "the guardian to end the child")


def test_nothing_happens_to_anybody_after_a_farewell() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        with Guardian() as guardian:
            guardian.look()
        assert child.poll() is None
        child.communicate(b"\n")
    assert child.returncode == 0


def _is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
