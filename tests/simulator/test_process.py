"""The simulator as a process: its command line, its first line, its end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulator.running import RunningSimulator

COMMAND = [sys.executable, "-m", "simulator"]


def test_help_names_every_option() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout

    for option in ("port", "rate", "running", "limiter", "journal", "exit-with-parent", "seed"):
        assert f"--{option}" in shown


@pytest.mark.parametrize(
    "options", [("--rate", "0"), ("--limiter", "guess"), ("--running", "-1"), ("--images", "huge")]
)
def test_bad_options_are_usage_errors(options: tuple[str, str]) -> None:
    ended = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_said_plainly(simulator: RunningSimulator) -> None:
    port = simulator.url.rpartition(":")[2]
    ended = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


def test_sigterm_ends_it_quickly_even_in_mid_answer(
    start: Callable[..., RunningSimulator],
) -> None:
    simulator = start()
    simulator.client.get("/_health")
    simulator.script({"on": "list", "do": {"kind": "slow", "seconds": 30}})
    waiting = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, httpx2; print('asking', flush=True);"
            "httpx2.get(sys.argv[1], headers={'Authorization': 'Bearer sk-test'}, timeout=30)",
            simulator.url + "/api/v1/tasks",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with waiting:
        assert waiting.stdout is not None
        waiting.stdout.readline()
        start_s = time.perf_counter()
        assert simulator.stop() == 0
        assert time.perf_counter() - start_s < 2


def test_it_ends_when_its_parents_end_of_stdin_closes(
    start: Callable[..., RunningSimulator],
) -> None:
    simulator = start()
    simulator.close_stdin()

    assert simulator.process.wait(timeout=5) == 0


@pytest.mark.parametrize("content", ["buy milk\n", "buy milk", "[]\n", '"x"\n{"event"'])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: str) -> None:
    other = tmp_path / "notes.txt"
    other.write_text(content)
    ended = subprocess.run(
        [*COMMAND, "--port", "0", "--journal", str(other)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "is no journal" in ended.stderr
    assert other.read_text() == content
