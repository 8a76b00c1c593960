"""What the README says of trouble, typed in its order on one machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.exit_codes import ExitCode
from tests.cli.command import CommandLine
from tests.simulator.running import RunningSimulator
from tests.system.conftest import end_embedded_server

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CODES = {
    "run catalog.csv": ExitCode.BUDGET,
    "resume autumn": ExitCode.SOME_FAILED,
    "retry autumn --dry-run": ExitCode.OK,
    "retry autumn --class": ExitCode.SOME_FAILED,
    "retry autumn --uncertain": ExitCode.OK,
    "pause autumn": ExitCode.OK,
    "cancel autumn": ExitCode.OK,
}


def commands() -> list[list[str]]:
    """The words of each command of the section."""
    section = README[README.index("## When something goes wrong") :]
    found = re.search(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return [shlex.split(line.split("#")[0])[1:] for line in found[1].splitlines()]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[CommandLine]:
    """A machine with a key for a provider that refuses toy pistols."""
    simulator = RunningSimulator("--images", "small", "--generation-s", "0.2", "--rate", "50")
    rows = [f"MUG-{i},a mug {i},wanx-v1" for i in range(13)]
    lines = ["sku,prompt,model", *rows, "MUG-13,a toy pistol,wanx-v1"]
    (tmp_path / "catalog.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "imagemill.toml").write_text(
        '[lanes."dashscope:wanx-v1"]\nrate = "50/s"\nwindow = 20\n', encoding="utf-8"
    )
    address = f"{simulator.url}/api/v1"
    yield CommandLine(
        tmp_path, {"DASHSCOPE_API_KEY": "sk-test", "DASHSCOPE_HTTP_BASE_URL": address}
    )
    end_embedded_server(tmp_path / "out" / ".imagemill")
    simulator.stop()


@pytest.mark.system
@pytest.mark.timeout(150)  # three of the commands start a server and a worker
def test_each_command_does_what_is_said_of_it(shop: CommandLine) -> None:
    typed = commands()
    assert len(typed) == len(CODES)
    for words, (beginning, code) in zip(typed, CODES.items(), strict=True):
        assert " ".join(words).startswith(beginning)
        ran = shop(*words)
        assert ran.code == code, f"{words}: {ran.err}"

    status = shop("status", "autumn", "--json").document
    assert (status["succeeded"], status["failed"], status["cost"]) == (13, 1, "2.08")
    assert status["budgets"]["CNY"]["limit"] == "80.00"
