"""systemd itself reads the units."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.processes import DEPLOY, procfile
from tests.program import program

UNITS = sorted(DEPLOY.glob("*.service"))


def verify(unit: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """As systemd sees it, with a program that is there."""
    text = unit.read_text(encoding="utf-8").replace("/opt/imagemill/.venv", sys.prefix)
    copy = folder / unit.name
    copy.write_text(text)
    command = [program("systemd-analyze"), "verify", "--man=no", str(copy)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_process_has_a_unit() -> None:
    assert [unit.stem for unit in UNITS] == sorted(f"imagemill-{name}" for name in procfile())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_a_unit(unit: Path, tmp_path: Path) -> None:
    ran = verify(unit, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_systemd_says_what_it_does_not_know(tmp_path: Path) -> None:
    broken = tmp_path / "broken.service"
    broken.write_text(UNITS[0].read_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    (tmp_path / "copy").mkdir()
    assert "NoNewPrivilege" in verify(broken, tmp_path / "copy").stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_names_an_environment_that_has_an_example(unit: Path) -> None:
    files = re.findall(r"^EnvironmentFile=/etc/imagemill/(.+)$", unit.read_text(), re.MULTILINE)
    assert files
    assert [name for name in files if not (DEPLOY / f"{name}.example").exists()] == []


def test_processes_of_one_machine_listen_on_ports_of_their_own() -> None:
    ports = {}
    for unit in UNITS:
        files = re.findall(r"^EnvironmentFile=/etc/imagemill/(.+)$", unit.read_text(), re.MULTILINE)
        # A later file's variables take the place of an earlier one's.
        text = "".join((DEPLOY / f"{name}.example").read_text() for name in files)
        found = re.findall(r"^IMAGEMILL_METRICS__PORT=(\d+)$", text, re.MULTILINE)
        if "imagemill worker" in unit.read_text():
            ports[unit.stem] = found[-1]
    assert len(ports) == 2
    assert len(set(ports.values())) == len(ports)
