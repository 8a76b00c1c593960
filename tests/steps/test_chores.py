"""Loading and sealing chunks, closing batches: each as often as it happens to be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.keys import IN_MOTION, LaneKeys
from ledger.opening import Ledger
from schemas.batch import BatchStatus
from schemas.result import JobResult
from schemas.states import JobState
from storage import NotFound, Unreachable
from tests.steps.mill import BATCH, LANE, Mill, chunk, job
from worker import chores
from worker.tools import Tools

OTHER = "dashscope:flux-schnell@default"
RESULTS = "batches/night/results/dashscope-wanx-v1@default/00001.jsonl"


def close(batch: str, tools: Tools) -> bool:
    """Close a batch that can be closed; whether it could."""
    document = chores.to_close(batch, tools)
    if document is not None:
        chores.close(document, tools)
    return document is not None


def finish(mill: Mill) -> None:
    """Let every job end; nothing is sealed or closed on the way."""
    for lane in mill.ledger.lanes.names():
        for step in ("submit", "poll", "store"):
            for handout in mill.hand_out(lane):
                mill.desk.step(step, handout.claim)
            mill.let_time_pass()


def status(mill: Mill) -> BatchStatus:
    found = mill.ledger.batches.status(BATCH)
    assert found is not None
    return found


def files(mill: Mill) -> dict[str, bytes]:
    return {found.key: mill.storage.get(found.key) for found in mill.storage.list("batches/")}


def test_loading_twice_makes_every_job_ready_once(mill: Mill) -> None:
    mill.hand_in([job("SKU-1"), job("SKU-2")])
    mill.ledger.lanes.tick([LANE], 30, 100)
    assert chores.load(LANE, chunk(2), mill.tools)
    before = mill.snapshot()
    assert not chores.load(LANE, chunk(2), mill.tools)
    assert mill.snapshot() == before
    assert mill.ledger.client.lrange(LaneKeys(LANE).ready(BATCH), 0, -1) == [
        "night/SKU-1",
        "night/SKU-2",
    ]


def test_a_request_in_the_ledger_has_no_row(mill: Mill) -> None:
    claim = mill.released(row={"sku": "SKU-1", "our own column": "a secret plan"})
    assert "secret" not in mill.record(claim)["request"]


def test_loading_a_sealed_chunk_changes_nothing(mill: Mill) -> None:
    mill.hand_in([job()])
    finish(mill)
    assert chores.seal(LANE, chunk(), mill.tools)
    before = mill.snapshot()
    assert not chores.load(LANE, chunk(), mill.tools)
    assert mill.snapshot() == before


def test_a_chunk_that_is_missing_in_storage_stays_to_be_loaded(mill: Mill) -> None:
    mill.hand_in([job()])
    mill.ledger.lanes.tick([LANE], 30, 100)
    key = "batches/night/input/dashscope-wanx-v1@default/00001.jsonl.gz"
    data = mill.storage.get(key)
    mill.storage.delete(key)
    with pytest.raises(NotFound):
        chores.load(LANE, chunk(), mill.tools)
    mill.storage.put(key, data, "application/gzip")
    mill.let_time_pass()
    (due,) = mill.ledger.lanes.tick([LANE], 30, 100)[LANE].chores
    assert (due.what, due.chunk) == ("load", chunk())
    assert chores.load(LANE, due.chunk, mill.tools)


def test_sealing_writes_results_in_the_manifests_order(mill: Mill) -> None:
    rows: list[dict[str, Any]] = [
        {"sku": f"SKU-{i}", "note": "=1+1", "colour": None} for i in (3, 1, 2)
    ]
    mill.hand_in([job(row["sku"], row=row, line=n) for n, row in enumerate(rows, 2)])
    mill.provider.withheld.add("nobody")
    finish(mill)
    assert chores.seal(LANE, chunk(3), mill.tools)
    lines = mill.storage.get(RESULTS).decode().splitlines()
    results = [JobResult.model_validate_json(line) for line in lines]
    assert [result.row for result in results] == rows
    assert [list(result.row) for result in results] == [["sku", "note", "colour"]] * 3
    assert [(result.id, result.line) for result in results] == [
        ("SKU-3", 2),
        ("SKU-1", 3),
        ("SKU-2", 4),
    ]
    assert {result.state for result in results} == {JobState.SUCCEEDED}


def test_sealing_forgets_the_records_and_twice_is_harmless(mill: Mill) -> None:
    mill.hand_in([job()])
    finish(mill)
    assert chores.seal(LANE, chunk(), mill.tools)
    assert not [key for key in map(str, mill.ledger.client.keys()) if IN_MOTION.fullmatch(key)]
    before = mill.snapshot(), files(mill)
    assert not chores.seal(LANE, chunk(), mill.tools)
    assert (mill.snapshot(), files(mill)) == before


def test_a_seal_that_died_before_the_ledger_knew_is_done_again(mill: Mill) -> None:
    mill.hand_in([job()])
    finish(mill)
    mill.storage.down_for = "/results/"
    with pytest.raises(Unreachable):
        chores.seal(LANE, chunk(), mill.tools)
    assert mill.ledger.lanes.in_motion(LANE, chunk())
    mill.storage.down_for = ""
    assert chores.seal(LANE, chunk(), mill.tools)


def test_a_chunk_with_an_open_job_is_not_sealed(mill: Mill) -> None:
    mill.released()
    with pytest.raises(ValueError, match="a job without a result"):
        chores.seal(LANE, chunk(), mill.tools)
    assert mill.ledger.lanes.in_motion(LANE, chunk())


def test_a_batch_is_closed_when_all_lanes_are_sealed(mill: Mill) -> None:
    mill.hand_in([job("SKU-1"), job("SKU-2", lane=OTHER, line=3)])
    assert not close(BATCH, mill.tools)
    finish(mill)
    assert chores.seal(LANE, chunk(), mill.tools)
    assert not close(BATCH, mill.tools)
    assert status(mill).state == "running"
    assert chores.seal(OTHER, chunk(), mill.tools)
    assert close(BATCH, mill.tools)
    assert (status(mill).state, status(mill).succeeded) == ("finished", 2)
    for name in ("results.jsonl", "results.csv", "index.html"):
        assert mill.storage.get(f"batches/night/{name}")


def test_a_batch_is_closed_once_and_stays_as_it_is(mill: Mill) -> None:
    mill.hand_in([job()])
    finish(mill)
    chores.seal(LANE, chunk(), mill.tools)
    assert close(BATCH, mill.tools)
    before = files(mill), status(mill)
    mill.clock.passed_s += 60
    mill.ledger.batches.look_at(BATCH)
    assert not close(BATCH, mill.tools)
    assert (files(mill), status(mill)) == before
    assert mill.ledger.batches.due(10) == []


def test_a_close_that_died_before_the_ledger_knew_is_done_again(mill: Mill) -> None:
    mill.hand_in([job()])
    finish(mill)
    chores.seal(LANE, chunk(), mill.tools)
    mill.storage.down_for = "index.html"
    with pytest.raises(Unreachable):
        close(BATCH, mill.tools)
    assert status(mill).finished_at is None
    written = mill.storage.get("batches/night/results.csv")
    mill.storage.down_for = ""
    assert close(BATCH, mill.tools)
    assert mill.storage.get("batches/night/results.csv") == written


def test_a_batch_nobody_knows_is_not_closed(mill: Mill) -> None:
    assert not close("no-such-batch", mill.tools)


def test_a_batch_still_being_handed_in_is_not_closed(mill: Mill, ledger: Ledger) -> None:
    document = mill.hand_in([job("SKU-1")])
    finish(mill)
    chores.seal(LANE, chunk(), mill.tools)
    more = document.model_copy(update={"lanes": {LANE: 1, OTHER: 1}, "total": 2})
    more = more.model_copy(update={"currencies": dict.fromkeys(more.lanes, "CNY")})
    ledger.client.hset("mill:{batch/night}:record", "document", more.model_dump_json())
    assert not close(BATCH, mill.tools)
