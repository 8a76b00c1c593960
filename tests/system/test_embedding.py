"""Programs that order without the command line, with all that makes their pictures running."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from producer import Batch, BatchStatus, submit
from schemas.batch_file import BatchFile
from schemas.intake import order_id
from schemas.settings import Settings, load_settings
from schemas.states import JobState
from tests.cli import forked
from tests.cli.command import CommandLine, prompt_of
from tests.docs.blocks import blocks
from tests.program import program
from tests.seaweed import Seaweed
from tests.system.conftest import end_embedded_server
from tests.system.mill import Mill
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = "embedding.md"


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed) -> Iterator[Mill]:
    """A mill with a worker and a beat; manifests and pictures lie in a bucket."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("embedding")
        found = Mill(folder / "mill", stack, seaweed)
        found.start_workers(1)
        beat = WorkerProcess(found.command_line, folder / "beat.log", forked.command, ["beat"])
        stack.callback(beat.kill)
        wait_until(lambda: bool(found.ledger.fleet.beats()), 60, "a beat")
        yield found


@pytest.fixture
def settings(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """As a program of the fleet finds them: in its environment."""
    for name, value in mill.command_line.variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def ran(
    desk: CommandLine, *command: str, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=desk.folder,
        env=desk.environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


def rows(name: str, count: int) -> list[dict[str, Any]]:
    return [{"sku": f"{name}-{row}", "prompt": prompt_of(name, row)} for row in range(count)]


def test_a_program_orders_waits_and_reads_its_pictures(mill: Mill, settings: Settings) -> None:
    seen: list[BatchStatus] = []
    batch = submit(rows("bowls", 8), model="wanx-v1", batch="bowls", set={"n": 2}, budget="9CNY")

    status = batch.wait(timeout_s=60, progress=seen.append)

    assert (status.succeeded, status.images, status.cost) == (8, 16, "2.56")
    assert (seen[0].total, seen[-1]) == (8, status)
    with batch:
        results = list(batch.results())
        for result in results:
            assert result.state is JobState.SUCCEEDED
            for image in result.images:
                assert hashlib.sha256(batch.read(image)).hexdigest() == image.sha256
                assert batch.location(image).startswith("s3://")
    assert [result.id for result in results] == [f"bowls-{row}" for row in range(8)]
    again = submit(rows("bowls", 8), model="wanx-v1", batch="bowls", set={"n": 2}, budget="9CNY")
    assert (again.new, again.wait(timeout_s=10)) == (False, status)
    assert set(mill.orders(" bowls ").values()) == {1}


def test_a_program_withdraws_what_it_ordered(mill: Mill, settings: Settings) -> None:
    batch = submit(rows("vases", 400), model="wanx-v1", batch="vases")
    wait_until(lambda: batch.status().ended > 0, 30, "a first vase")
    batch.cancel()
    status = Batch("vases").wait(timeout_s=60)
    assert status.cancelled > 0
    assert status.succeeded + status.cancelled == 400
    assert sum(mill.orders(" vases ").values()) == status.succeeded


def test_the_pages_program_does_what_it_says(mill: Mill) -> None:
    desk = mill.command_line
    first, second = blocks(PAGE, "python")
    ordered = ran(desk, sys.executable, "-c", first)
    assert ordered.returncode == 0, ordered.stderr
    assert ordered.stdout.startswith("MUG-1 succeeded ['s3://"), ordered.stdout
    places = {
        "redis://redis.internal:6379/0": desk.variables["IMAGEMILL_REDIS_URL"],
        "s3://pictures/mill": desk.variables["IMAGEMILL_STORAGE_URL"],
    }
    for shown, real in places.items():
        assert shown in second
        second = second.replace(shown, real)
    looked = ran(desk, sys.executable, "-c", second)
    assert looked.stdout == "finished: 1 of 1, 0.32 CNY\n", looked.stderr


def test_a_program_of_another_language_orders_by_a_message(mill: Mill) -> None:
    lines = ["sku,prompt", *(f"L-{row},{prompt_of('lamps', row)}" for row in range(3))]
    mill.storage.put("exports/lamps.csv", "\n".join(lines).encode(), "text/csv")
    address = mill.storage.location("exports/lamps.csv")
    order = json.dumps({"model": "wanx-v1", "batch": "lamps", "budget": "5CNY"})
    sends = (program("node"), str(EXAMPLES / "order.mjs"), mill.valkey.url, address, order)
    for _ in range(2):  # a message that may have been lost is sent again
        sent = ran(mill.command_line, *sends)
        assert (sent.returncode, sent.stderr) == (0, "")

    wait_until(lambda: mill.ledger.batches.state("lamps") is not None, 40, "the batch")
    assert mill.finished("lamps").succeeded == 3
    assert len(mill.results("lamps")) == 3
    assert set(mill.orders(" lamps ").values()) == {1}


def test_the_pages_message_is_taken_and_what_is_wrong_with_it_said(mill: Mill) -> None:
    """As it stands on the page: its manifest is nowhere, and that is found out by who reads it."""
    (message,) = blocks(PAGE, "json")
    mill.ledger.client.lpush("mill:broker:ingest", message)

    order = BatchFile.model_validate(
        {"manifest": "s3://shop/export.csv", "model": "wanx-v1", "batch": "autumn"}
    )

    def said() -> str:
        status = mill.ledger.intakes.status(order_id(order))
        return "" if status is None else status.said

    wait_until(lambda: bool(said()), 40, "the beat's word on it")
    assert "s3://shop/export.csv" in said()


def test_a_shop_that_has_no_server_orders_waits_and_takes(alone: CommandLine) -> None:
    example = str(EXAMPLES / "shop.py")
    first = ran(alone, sys.executable, example)
    shelf = sorted(path.name for path in (alone.folder / "shelf").iterdir())
    shutil.rmtree(alone.folder / "shelf")
    second = ran(alone, sys.executable, example)

    assert (first.returncode, first.stderr) == (0, "")
    assert "shop-autumn is new." in first.stdout
    assert "0.64 CNY" in first.stdout
    assert first.stdout.endswith("3 of 3 products have their pictures in shelf.\n")
    assert shelf == ["JUG-1-1.png", "MUG-1-1.png", "MUG-1-2.png", "MUG-2-1.png"]
    assert (second.returncode, second.stderr) == (0, "")
    assert "shop-autumn is there already." in second.stdout
    assert sorted(path.name for path in (alone.folder / "shelf").iterdir()) == shelf


WAITS_TWICE = """
from producer import WaitedTooLong, submit

batch = submit(
    [{"sku": f"A{n}", "prompt": f"a jar, number {n}"} for n in range(6)],
    model="wanx-v1", batch="jars", simulate=True,
)
try:
    batch.wait(timeout_s=0)
except WaitedTooLong as error:
    print(error)
print(batch.status().total, batch.wait().succeeded)
batch.cancel()
print(batch.status().state)
"""


def test_waiting_anew_goes_on_and_a_name_of_the_programs_own_is_no_hindrance(
    alone: CommandLine,
) -> None:
    """Its folder has a worker.py of its own, as many projects have."""
    alone.write("worker.py", "raise SystemExit('not this one')\n")
    found = ran(alone, sys.executable, "-c", WAITS_TWICE)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines() == [
        "jars is not finished after 0 s, and nobody works on it now; wait again.",
        "6 6",
        "finished",
    ]
    end_embedded_server(alone.folder / "out" / ".imagemill")
