"""What the README says of choosing pictures, typed in its order on one machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import CommandLine
from tests.system.conftest import end_embedded_server

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
REVIEW = "id,image,decision\nMUG-0,MUG-0_01.png,approve\nMUG-1,MUG-1_01.png,reroll\n"


def commands() -> list[list[str]]:
    """The words of each command of the section."""
    section = README[README.index("## From pictures to approved pictures") :]
    found = re.search(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return [shlex.split(line.split("#")[0])[1:] for line in found[1].splitlines()]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[CommandLine]:
    """A machine with a finished batch, and a review of it."""
    machine = CommandLine(tmp_path, {})
    rows = [f"MUG-{i},a mug {i},wanx-v1" for i in range(3)]
    machine.write("catalog.csv", "\n".join(["sku,prompt,model", *rows]) + "\n")
    machine.write("review.csv", REVIEW)
    assert machine("run", "catalog.csv", "--simulate", "--batch", "autumn").code == 0
    yield machine
    end_embedded_server(tmp_path / "out" / ".imagemill")


@pytest.mark.system
@pytest.mark.timeout(150)  # two of the commands start a server and a worker
def test_each_command_does_what_is_said_of_it(shop: CommandLine) -> None:
    folder = shop.folder / "out" / "batches" / "autumn"
    rehearse, order, take = commands()

    ran = shop(*rehearse)
    assert (ran.code, "1 picture anew (1 row)" in ran.err) == (0, True), ran.err
    assert not (folder / "images" / "MUG-1_01_r2.png").exists()

    ran = shop(*order)
    assert ran.code == 0, ran.err
    old, new = (folder / "images" / f"MUG-1_01{end}.png" for end in ("", "_r2"))
    assert old.read_bytes() != new.read_bytes()
    assert "images/MUG-1_01_r2.png" in (folder / "index.html").read_text("utf-8")

    ran = shop(*take)
    assert ran.code == 0, ran.err
    table = (shop.folder / "approved.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in table] == ["sku", "MUG-0"]
