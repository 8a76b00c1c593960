"""docs/nightly.md: its batch file, its commands and its message do what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.keys import BROKER_PREFIX
from ledger.opening import open_ledger
from producer.beat import PATIENCE_S
from producer.fetched_manifest import UNPACKED_LIMIT_BYTES
from producer.nights import GRACE_S
from producer.web_manifest import DURATION_LIMIT_S, REDIRECTS, SIZE_LIMIT_BYTES
from schemas import queues
from schemas.batch_file import BatchFile
from tests.cli.command import CommandLine
from tests.valkey import run_valkey
from worker.broker import BODY_LIMIT_BYTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CommandLine]:
    (tmp_path / "valkey").mkdir()
    (tmp_path / "desk").mkdir()
    with run_valkey(tmp_path / "valkey") as server:
        yield CommandLine(tmp_path / "desk", {"IMAGEMILL_REDIS_URL": server.url})


def test_the_commands_work_one_after_the_other(desk: CommandLine) -> None:
    desk.manifest("catalog", 3)
    desk.write("batch.toml", blocks("toml")[0])
    said = []
    for line in blocks("sh")[0].splitlines():
        ran = desk(*shlex.split(line)[1:])
        assert ran.code == 0, f"{line}\n{ran.err}"
        said.append(ran)
    assert "catalog.csv was uploaded as it is now" in said[0].err
    assert "3 rows, 3 images" in said[0].err
    assert "0 1 * * * Asia/Shanghai" in said[1].out
    assert said[3].out.startswith("nightly-20")
    with open_ledger(desk.variables["IMAGEMILL_REDIS_URL"]).client as client:
        assert client.exists("mill:{schedule/nightly}:record") == 0


def test_the_message_is_one_that_is_taken() -> None:
    (program,) = blocks("python")
    assert BROKER_PREFIX in program
    assert f'queue="{queues.INGEST}"' in program
    assert queues.step_task("ingest") in program
    found = re.search(r"args=\[\"(.+?)\", '(.+?)'\]", program)
    assert found is not None
    order = BatchFile.model_validate_json(found[2][:-1] + f', "manifest": "{found[1]}"}}')
    assert order.batch == "autumn"
    assert f"at most {BODY_LIMIT_BYTES // 1024} KB" in PAGE


def test_the_limits_are_the_ones_there_are() -> None:
    assert f"{SIZE_LIMIT_BYTES // 1024**2} MB and ten minutes at most" in SECURITY
    assert DURATION_LIMIT_S == 600
    assert f"{UNPACKED_LIMIT_BYTES // 1024**3} GB unpacked" in SECURITY
    assert REDIRECTS == 3
    assert "at most three redirects" in SECURITY
    assert f"for {GRACE_S / 60:.0f} minutes" in PAGE
    assert (PATIENCE_S, "for an hour" in PAGE) == (3600, True)
