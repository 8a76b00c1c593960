"""Handing a manifest in: once, whatever happens, and from wherever it comes."""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from ledger.opening import open_ledger
from producer.handing_in import NotHandedIn, hand_in
from producer.manifest import open_manifest
from producer.submission import Order, check, describe, lane_limits
from schemas.catalogue import catalogue
from schemas.clock import SystemClock
from schemas.settings import Settings
from storage import LocalStorage, Unreachable
from tests.cli.command import CommandLine
from tests.valkey import Valkey

COUNTS = (
    *("pending", "released", "submitting", "running", "storing"),
    *("succeeded", "partial", "failed", "cancelled", "uncertain"),
)
FIELDS = {
    *("batch", "state", "total", *COUNTS),
    *("images", "reused", "cost", "currency", "started_at", "finished_at"),
}


class Faulty(LocalStorage):
    """A directory that goes away after a number of writes."""

    def __init__(self, root: Path, good_writes: int) -> None:
        super().__init__(root)
        self._left = good_writes

    def put(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        self._spend()
        super().put(key, data, content_type, metadata=metadata)

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        self._spend()
        super().put_file(key, path, content_type)

    def _spend(self) -> None:
        if not self._left:
            raise Unreachable("The disk has gone.")
        self._left -= 1


def chunks_of(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out" / "batches").rglob("input/*/*.gz"))


def test_submit_says_the_batch_on_stdout_and_the_rest_on_stderr(shared: CommandLine) -> None:
    ran = shared("submit", shared.manifest("cups", 3, n=2))
    quiet = shared("submit", "cups.csv", "--quiet")

    assert ran.code == 0
    assert ran.out.startswith("cups-")
    assert ran.out.count("\n") == 1
    assert "3 rows, 6 images, at most 0.96 CNY at list price" in ran.err
    assert "imagemill worker" in ran.err
    assert (quiet.code, quiet.out, quiet.err) == (0, ran.out, "")


def test_the_same_manifest_is_the_same_batch_and_its_status_adds_up(shared: CommandLine) -> None:
    first = shared("submit", shared.manifest("cups", 3), "--json").document
    second = shared("submit", "cups.csv", "--json")

    assert second.document == first
    assert "handed in before" in second.err
    (listed,) = shared("batches", "--json").documents
    assert listed == first
    status = shared("status", "--json").document
    assert status == first
    assert set(status) >= FIELDS
    assert (status["state"], status["total"], status["pending"]) == ("running", 3, 3)
    assert sum(status[name] for name in COUNTS) == status["total"]
    assert status["finished_at"] is None
    shown = shared("status", first["batch"]).out
    assert first["batch"] in shown
    assert "total" in shown
    assert chunks_of(shared.folder) == ["00001.jsonl.gz"]


def test_other_options_make_another_batch(shared: CommandLine) -> None:
    manifest = shared.write("cups.csv", "sku,prompt,model\nA1,a cup,wanx-v1\n")
    names = {
        shared("submit", manifest, *options).out
        for options in ([], ["--set", "n=2"], ["--set", "style=<anime>"])
    }

    assert len(names) == 3


def test_a_name_belongs_to_one_manifest(shared: CommandLine) -> None:
    named = ("--batch", "autumn")
    first = shared("submit", shared.manifest("cups", 2), *named)
    again = shared("submit", "cups.csv", *named)
    other = shared("submit", shared.manifest("jugs", 2), *named)
    otherwise = shared("submit", "cups.csv", *named, "--set", "style=<anime>")

    assert (first.code, first.out) == (again.code, again.out) == (0, "autumn\n")
    for refused in (other, otherwise):
        assert (refused.code, refused.out) == (2, "")
        assert "autumn" in refused.err
        assert "--batch" in refused.err
    assert len(shared("batches", "--json").documents) == 1


def test_an_unfinished_batch_has_no_results_yet(shared: CommandLine) -> None:
    batch = shared("submit", shared.manifest("cups", 2)).out.strip()
    for command, code in ((("results",), 9), (("watch", "--timeout", "0.2"), 9)):
        ran = shared(*command)

        assert (ran.code, ran.out) == (code, "")
        assert f"imagemill watch {batch}" in ran.err


def test_ctrl_c_while_waiting_is_no_fault_and_the_batch_goes_on(shared: CommandLine) -> None:
    manifest = shared.manifest("cups", 2)
    with shared.started("submit", manifest, "--wait", "--batch", "slow") as process:
        assert process.stderr is not None
        while b"0/2 done" not in process.stderr.readline():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert b"`imagemill watch slow` follows it again" in err
    assert shared("status", "slow", "--json").document["state"] == "running"


@pytest.mark.parametrize("way", ["csv", "jsonl", "csv.gz", "jsonl.gz"])
def test_a_manifest_may_come_from_a_pipe_or_be_compressed(alone: CommandLine, way: str) -> None:
    rows = {
        "csv": 'id,prompt,model\nA1,"a cup, blue",wanx-v1\nA2,a jug,flux-schnell\n',
        "jsonl": '{"id": "A1", "prompt": "a cup", "model": "wanx-v1"}\n',
    }
    form = way.split(".", maxsplit=1)[0]
    data = rows[form].encode()
    count = {"csv": "2 rows", "jsonl": "1 row"}[form]
    name = alone.write(f"orders.{way}", gzip.compress(data) if way.endswith(".gz") else data)

    read = alone("validate", name)
    piped = alone("validate", "-", "--format", form, stdin=(alone.folder / name).read_bytes())

    for ran in (read, piped):
        assert ran.code == 0, ran.err
        assert f"can be ordered: {count}" in ran.out
    assert not (alone.folder / "out").exists()


def test_a_chinese_excel_file_is_read_when_its_encoding_is_said(alone: CommandLine) -> None:
    name = alone.write("gbk.csv", "商品编码,提示词\nA1,青瓷茶具\n".encode("gb18030"))
    ran = alone("validate", name, "--encoding", "gb18030", "--model", "wanx-v1")

    assert ran.code == 0, ran.err


@pytest.fixture
def settings() -> Settings:
    return Settings(redis_url=None)


def test_a_submit_that_died_half_way_is_completed_by_the_same_command(
    shared: CommandLine, valkey: Valkey, settings: Settings, tmp_path: Path
) -> None:
    lines = [
        f"{name},a cup {name},{model}"
        for name, model in (("A1", "wanx-v1"), ("A2", "flux-schnell"))
    ]
    manifest = shared.write("cups.csv", "\n".join(["sku,prompt,model", *lines]) + "\n")
    chunks = tmp_path / "chunks"
    chunks.mkdir()
    order = Order()
    ledger = open_ledger(valkey.url)
    with open_manifest(str(shared.folder / manifest), form=None, encoding=None) as opened:
        checked = check(opened, catalogue(), order, chunks, tmp_path / "invalid.csv")
        batch = describe(checked, order, catalogue(), SystemClock().now())
        limits = lane_limits(batch.lanes, settings, catalogue())
        with pytest.raises(NotHandedIn, match="run the same command again"):
            hand_in(batch, checked.chunks, ledger, Faulty(shared.folder / "out", 1), limits)
    assert len(chunks_of(shared.folder)) == 1
    half = ledger.batches.status(batch.batch)
    ledger.close()
    assert half is not None
    assert (half.state, half.total, half.pending) == ("opening", 2, 2)

    ran = shared("submit", manifest, "--json")

    assert ran.code == 0, ran.err
    assert (ran.document["batch"], ran.document["state"]) == (batch.batch, "running")
    assert "handed in before" not in ran.err
    assert len(chunks_of(shared.folder)) == 2
    assert len(shared("batches", "--json").documents) == 1
    lanes = shared("lanes", "--json").documents
    assert [lane["waiting"] for lane in lanes] == [1, 1]
