"""How looks at processes and servers become figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from bench.endurance import Sample, tenths
from bench.peers.contestants import Spent
from bench.rows import write_manifest
from bench.server_work import work_between


def test_cpu_is_counted_from_the_last_look_before_a_moment() -> None:
    spent = Spent([(10.0, 1.0), (11.0, 1.5), (12.0, 4.0)])
    assert spent.since(11.5) == 2.5
    assert spent.since(9.0) == 4.0
    assert spent.since(13.0) == 0.0
    assert Spent().since(0.0) == 0.0


def test_a_process_that_has_ended_has_still_used_what_it_used() -> None:
    spent = Spent([(10.0, 3.0)])
    spent.look([])
    assert spent.looks[-1][1] == 3.0


def test_the_first_and_the_last_tenth_of_a_batch() -> None:
    seen = [Sample(float(n), ended, 100.0 + n, 5.0) for n, ended in enumerate((0, 4, 10, 50, 90))]
    first, last = tenths([*seen, Sample(9.0, 100, 120.0, 5.0)], jobs=100)
    assert [sample.ended for sample in first] == [4, 10]
    assert [sample.ended for sample in last] == [90, 100]
    first, last = tenths(seen[3:4], jobs=100)
    assert first == last == [seen[3]]


def test_what_a_server_did_is_shared_by_the_jobs() -> None:
    names = (
        "used_cpu_user",
        "used_cpu_sys",
        "eventloop_duration_sum",
        "eventloop_cycles",
        "scripts",
        "total_commands_processed",
        "total_net_input_bytes",
    )
    before = dict.fromkeys(names, 10.0)
    after = dict.fromkeys(names, 30.0)
    work = work_between(before, after, jobs=10)
    assert work.cpu_ms == pytest.approx(4000.0)
    assert work.busy_ms == pytest.approx(0.002)
    assert work.scripts == pytest.approx(2.0)


def test_a_manifest_has_the_same_rows_in_both_forms(tmp_path: Path) -> None:
    table, lines = tmp_path / "mugs.csv", tmp_path / "mugs.jsonl"
    for path in (table, lines):
        write_manifest(path, 5)
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [{**row, "n": str(row["n"])} for row in found] == rows
    assert len({row["prompt"] for row in rows}) == 5
