"""Ctrl-C in the middle of a run, and going on with it: nothing left running, nothing paid twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.cli.command import CommandLine, prompt_of
from tests.waiting import wait_until

pytestmark = pytest.mark.system
ROWS = 8


def journal(folder: Path) -> list[dict[str, object]]:
    path = folder / "out" / ".imagemill" / "simulator.journal"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def orders(folder: Path) -> Counter[str]:
    """How often each prompt was ordered, and hence charged."""
    created = [event for event in journal(folder) if event["event"] == "created"]
    return Counter(str(event["order"]["prompt"]) for event in created)  # type: ignore[index] # JSON


def processes_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]


def interrupted(alone: CommandLine, *arguments: str) -> str:
    """Run a command until orders are at the provider, then press Ctrl-C; what it said."""
    before = len(orders(alone.folder))
    with alone.started(*arguments) as process:
        wait_until(lambda: len(orders(alone.folder)) >= before + 2, 30, "some orders")
        started = processes_of(process)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=25)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert len(started) >= 4, "the command itself, a server, a simulator, a worker"
    _, alive = psutil.wait_procs(started, timeout=0)
    assert alive == []
    return err.decode()


@pytest.mark.parametrize("command", [("run", "--resume"), ("watch",)], ids=" ".join)
def test_an_interrupted_run_goes_on_where_it_was(
    alone: CommandLine, command: tuple[str, ...]
) -> None:
    manifest = alone.manifest("lamps", ROWS)
    said = interrupted(alone, "run", manifest, "--simulate")
    assert "imagemill run --resume" in said
    assert 2 <= len(orders(alone.folder)) < ROWS

    status = alone("status", "--json").document
    assert status["state"] == "running"
    assert status["total"] == ROWS

    ran = alone(*command, "--json")

    assert ran.code == 0, ran.err
    assert ran.document["succeeded"] == ROWS
    assert ran.document["uncertain"] == 0
    assert orders(alone.folder) == {prompt_of("lamps", row): 1 for row in range(ROWS)}


def test_a_run_killed_outright_leaves_nothing_running_that_orders(alone: CommandLine) -> None:
    manifest = alone.manifest("chairs", ROWS)
    with alone.started("run", manifest, "--simulate") as process:
        wait_until(lambda: len(orders(alone.folder)) >= 2, 30, "some orders")
        started = processes_of(process)
        process.kill()
        process.wait()
        workers = [each for each in started if is_module(each, "worker", "simulator")]
        _, alive = psutil.wait_procs(workers, timeout=15)
        assert alive == []

    ran = alone("run", "--resume", "--json")

    assert ran.code == 0, ran.err
    assert ran.document["succeeded"] + ran.document["uncertain"] == ROWS
    assert set(orders(alone.folder).values()) == {1}


def is_module(process: psutil.Process, *modules: str) -> bool:
    try:
        line = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    return any(module in line for module in modules)
