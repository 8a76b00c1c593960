"""The server is killed and started again: everything acknowledged is still there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.moves import Move, Moved, move_call
from ledger.opening import Ledger, open_ledger
from schemas.states import BatchState, JobState
from tests.ledger.leftovers import assert_keys_accounted_for
from tests.ledger.scene import Scene
from tests.valkey import Valkey


@pytest.fixture
def kept(mortal: Valkey) -> Iterator[Ledger]:
    opened = open_ledger(mortal.url)
    yield opened
    opened.close()


def test_everything_acknowledged_survives_sigkill(mortal: Valkey, kept: Ledger) -> None:
    scene = Scene(kept)
    kept.batches.open(scene.document(6), 1000)
    claims = scene.released(4, 2)
    for claim, state in zip(claims, JobState, strict=False):
        scene.bring(claim, state)
    kept.batches.start("night")
    before = scene.snapshot()
    assert before
    mortal.kill()
    mortal.restart()
    assert scene.snapshot() == before
    assert kept.batches.state("night") is BatchState.RUNNING
    scene.assert_sums(6)
    assert_keys_accounted_for(kept)


def test_work_continues_after_a_kill_without_opening_anew(mortal: Valkey, kept: Ledger) -> None:
    scene = Scene(kept)
    (claim,) = scene.released(1)
    for target in (JobState.SUBMITTING, JobState.RUNNING, JobState.STORING, JobState.SUCCEEDED):
        mortal.kill()
        mortal.restart()
        scene.go(claim, target)
    assert [chore.what for chore in scene.tick().chores] == ["seal"]
    scene.assert_sums(1)


def test_a_move_made_before_the_kill_is_not_made_again(mortal: Valkey, kept: Ledger) -> None:
    scene = Scene(kept)
    (claim,) = scene.released(1)
    move = Move(JobState.RELEASED, JobState.SUBMITTING, delay_s=60, attempts=1)
    call = move_call(claim, scene.record(claim.ref)["chunk"], move)
    assert kept.scripts.run(call) == 1
    mortal.kill()
    mortal.restart()
    assert kept.scripts.run(call) == 1
    assert scene.record(claim.ref)["attempts"] == "1"
    assert scene.move(claim, move) is Moved.LOST


def test_a_stopped_server_keeps_everything_and_its_port(mortal: Valkey, kept: Ledger) -> None:
    kept.fleet.book({"lane": 0.0}, "0")
    port = mortal.port
    mortal.restart()
    assert mortal.port == port
    assert kept.fleet.due_lanes(60, 10)[1] == ["lane"]


def test_writes_are_on_disk_before_they_are_acknowledged(kept: Ledger) -> None:
    config = kept.client.config_get("append*")
    assert (config["appendonly"], config["appendfsync"]) == ("yes", "always")
    assert kept.client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
