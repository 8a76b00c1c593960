"""A large order is asked about where somebody sits at a terminal, and nowhere else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from schemas.job import Job
from storage import LocalStorage
from tests.cli.command import PROGRAM, TIMEOUT_S, CommandLine, Ran, prompt_of
from tests.earlier_batch import leave_drawn


def typed(command_line: CommandLine, answer: bytes, *arguments: str) -> Ran:
    """A command whose stdin and stderr are a terminal, at which somebody types."""
    terminal, inside = os.openpty()
    process = subprocess.Popen(
        [str(PROGRAM), *arguments],
        cwd=command_line.folder,
        env=command_line.environment,
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    os.write(terminal, answer)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # how a terminal says that the other side has gone
        pass
    finally:
        os.close(terminal)
    out, _ = process.communicate(timeout=TIMEOUT_S)
    assert b"Traceback" not in shown
    return Ran(process.returncode, out.decode(), shown.decode())


@pytest.fixture
def careful(shared: CommandLine) -> CommandLine:
    """Whoever set up this mill wants to be asked early."""
    shared.write("imagemill.toml", '[ask]\nimages = 5\ncost = ["0.70CNY"]\n')
    return shared


def batches(command_line: CommandLine) -> int:
    return len(command_line("batches", "--json").documents)


def test_yes_orders(careful: CommandLine) -> None:
    ran = typed(careful, b"y\n", "submit", careful.manifest("cups", 6))

    assert ran.code == 0, ran.err
    assert "Order 6 images for at most 0.96 CNY? [y/N]" in ran.err
    assert ran.out.startswith("cups-")
    assert batches(careful) == 1


@pytest.mark.parametrize("answer", [b"n\n", b"\n"])
def test_anything_else_orders_nothing(careful: CommandLine, answer: bytes) -> None:
    ran = typed(careful, answer, "submit", careful.manifest("cups", 6))

    assert (ran.code, ran.out) == (10, "")
    assert "Nothing was ordered." in ran.err
    assert batches(careful) == 0
    assert not list(Path(careful.folder).rglob("*.gz"))


def test_the_cost_alone_is_reason_enough(careful: CommandLine) -> None:
    ran = typed(careful, b"n\n", "submit", careful.manifest("cups", 5))

    assert ran.code == 10
    assert "Order 5 images for at most 0.80 CNY? [y/N]" in ran.err


def test_what_is_small_is_not_asked_about(careful: CommandLine) -> None:
    ran = typed(careful, b"", "submit", careful.manifest("cups", 4))

    assert ran.code == 0, ran.err
    assert "[y/N]" not in ran.err


def test_yes_may_be_said_beforehand(careful: CommandLine) -> None:
    ran = typed(careful, b"", "submit", careful.manifest("cups", 6), "--yes")

    assert ran.code == 0, ran.err
    assert "[y/N]" not in ran.err


def test_what_was_agreed_to_is_not_asked_about_again(careful: CommandLine) -> None:
    manifest = careful.manifest("cups", 6)
    careful("submit", manifest)
    ran = typed(careful, b"", "submit", manifest)

    assert ran.code == 0, ran.err
    assert "[y/N]" not in ran.err
    assert "handed in before" in ran.err


def test_what_is_drawn_already_is_not_asked_about(careful: CommandLine) -> None:
    manifest = careful.manifest("cups", 6)
    storage = LocalStorage(careful.folder / "out", fsync=False)
    for number in range(6):
        name = f"cups-{number:03}"
        lane, prompt = "dashscope:wanx-v1@default", prompt_of("cups", number)
        leave_drawn(storage, Job(id=name, line=number + 2, lane=lane, prompt=prompt, name=name))
    ran = typed(careful, b"", "submit", manifest)

    assert ran.code == 0, ran.err
    assert "[y/N]" not in ran.err
    assert "6 rows, of which 6 are already done, 0 images, at most 0.00 CNY" in ran.err
    afresh = typed(careful, b"n\n", "submit", manifest, "--fresh")
    assert "Order 6 images for at most 0.96 CNY? [y/N]" in afresh.err


def test_no_terminal_is_no_one_to_ask(careful: CommandLine) -> None:
    manifest = careful.manifest("cups", 600)
    ran = careful("submit", manifest, stdin=b"n\n")

    assert ran.code == 0, ran.err
    assert "[y/N]" not in ran.err


def test_a_run_is_asked_about_too(alone: CommandLine) -> None:
    alone.write("imagemill.toml", "[ask]\nimages = 1\n")
    manifest = alone.manifest("cups", 2)
    ran = typed(alone.with_variables(DASHSCOPE_API_KEY="sk-test"), b"n\n", "run", manifest)

    assert ran.code == 10, ran.err
    assert "Order 2 images for at most 0.32 CNY? [y/N]" in ran.err
    assert alone("batches", "--json").documents == []
