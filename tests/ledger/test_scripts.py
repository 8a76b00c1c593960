"""Scripts survive a server that forgot them; the server's refusals become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from ledger.errors import (
    LedgerBroken,
    LedgerDenied,
    LedgerError,
    LedgerFull,
    LedgerMisnamed,
    LedgerUnreachable,
    translated,
)
from ledger.keys import LANES, LEADER
from ledger.moves import Move, Moved, move_call
from ledger.opening import Ledger, open_ledger
from ledger.scripts import Call
from schemas.states import JobState
from tests.ledger.scene import Scene
from tests.valkey import Valkey


def test_scripts_the_server_forgot_are_loaded_again(ledger: Ledger) -> None:
    assert ledger.fleet.lead("a", 60)
    ledger.client.script_flush()
    assert ledger.fleet.lead("a", 60)


def test_forgotten_scripts_in_a_pipeline_run_once_each_and_in_order(ledger: Ledger) -> None:
    ledger.client.script_flush()
    replies = ledger.scripts.run_all(
        [
            Call("lead", [LEADER], ["a", 60_000]),
            Call("lead", [LEADER], ["b", 60_000]),
            Call("nudge", [LANES], ["x", 0]),
            Call("take_turns", [LANES], [60_000, 10]),
        ]
    )
    assert replies[:3] == [1, 0, 1]
    assert replies[3][1:] == ["x"]


def test_one_forgotten_script_among_known_ones_runs_once(ledger: Ledger) -> None:
    ledger.client.script_flush()
    ledger.client.script_load(ledger.scripts._sources["nudge"])
    replies = ledger.scripts.run_all(
        [Call("nudge", [LANES], ["x", 0]), Call("lead", [LEADER], ["a", 60_000])]
    )
    assert replies == [1, 1]


def test_a_nudge_never_stays_ahead_of_a_forgotten_script_it_follows(ledger: Ledger) -> None:
    """A restarted server has some scripts already, which another client is just loading."""
    ledger.client.zadd(LANES, {"x": 1})
    ledger.client.script_flush()
    ledger.client.script_load(ledger.scripts._sources["nudge"])
    ledger.scripts.run_all(
        [Call("take_turns", [LANES], [60_000, 10]), Call("nudge", [LANES], ["x", 0])]
    )
    assert ledger.fleet.due_lanes(60, 10)[1] == ["x"]


def test_a_move_and_its_nudge_survive_forgotten_scripts(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.ledger.fleet.due_lanes(60, 10)
    scene.ledger.client.script_flush()
    assert scene.move(claim, Move(JobState.RELEASED, JobState.FAILED)) is Moved.YES
    assert scene.ledger.fleet.due_lanes(60, 10)[1] == [scene.lane]
    scene.assert_sums(1)


def test_every_script_compiles_under_the_name_it_is_called_by(ledger: Ledger) -> None:
    for name, source in ledger.scripts._sources.items():
        assert ledger.client.script_load(source) == ledger.scripts._digests[name]


def test_a_failing_script_is_our_error_and_those_before_it_ran(ledger: Ledger) -> None:
    calls = [Call("nudge", [LANES], ["x", 0]), Call("nudge", [LANES], ["y", "no number"])]
    with pytest.raises(LedgerBroken, match="should not happen"):
        ledger.scripts.run_all(calls)
    assert ledger.client.zrange(LANES, 0, -1) == ["x"]


def test_a_key_of_another_type_is_our_error(ledger: Ledger) -> None:
    ledger.client.set(LANES, "text", ex=60)
    with pytest.raises(LedgerBroken):
        ledger.fleet.due_lanes(1, 1)


@contextmanager
def _setting(ledger: Ledger, name: str, value: str, usual: str) -> Iterator[None]:
    ledger.client.config_set(name, value)
    try:
        yield
    finally:
        ledger.client.config_set(name, usual)


def test_a_full_server_changes_nothing_and_says_so(scene: Scene) -> None:
    (claim,) = scene.released(1)
    before = scene.snapshot()
    with (
        _setting(scene.ledger, "maxmemory", "1", usual="0"),
        pytest.raises(LedgerFull, match="maxmemory"),
    ):
        scene.ledger.scripts.run(
            move_call(claim, "night/00001/1", Move(JobState.RELEASED, JobState.SUBMITTING))
        )
    assert scene.snapshot() == before


def test_a_wrong_password_is_denied(ledger: Ledger, valkey: Valkey) -> None:
    stranger = open_ledger(valkey.url.replace("//", "//nobody:wrong@"), patient=False)
    with pytest.raises(LedgerDenied):
        stranger.fleet.lead("a", 1)
    stranger.close()


def test_a_user_without_rights_is_denied(ledger: Ledger, valkey: Valkey) -> None:
    ledger.client.acl_setuser(
        "reader", enabled=True, nopass=True, categories=["+@read"], keys=["*"]
    )
    reader = open_ledger(valkey.url.replace("//", "//reader:x@"), patient=False)
    with pytest.raises(LedgerError) as caught:
        reader.fleet.lead("a", 1)
    reader.close()
    ledger.client.acl_deluser("reader")
    assert type(caught.value) is LedgerDenied


def test_nobody_listening_is_unreachable() -> None:
    nobody = open_ledger("redis://127.0.0.1:1/0", patient=False)
    with pytest.raises(LedgerUnreachable, match="IMAGEMILL_REDIS_URL"):
        nobody.fleet.now_ms()
    nobody.close()


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://localhost", "redis://host:port/0"])
def test_an_address_that_is_none_is_said_at_once(url: str) -> None:
    with pytest.raises(LedgerMisnamed, match="redis://host:6379/0"):
        open_ledger(url)


def test_translation_keeps_the_cause_and_lets_others_through() -> None:
    cause = redis.ConnectionError("gone")
    with pytest.raises(LedgerUnreachable) as caught, translated():
        raise cause
    assert caught.value.__cause__ is cause
    with pytest.raises(KeyError), translated():
        raise KeyError("not redis-py's")
