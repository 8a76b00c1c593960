"""Whether Redis is as the model says, key by key."""

from __future__ import annotations

from typing import Any

from ledger.keys import LaneKeys
from ledger.opening import Ledger
from ledger.turns import stride
from schemas.batch import Priority
from tests.ledger.lane_model import LaneModel
from tests.ledger.turns_model import TurnsModel

MINUTE_MS = 60_000
"""No example takes so long; moments differ by more."""


def assert_alike(ledger: Ledger, keys: LaneKeys, model: LaneModel) -> None:
    """Everything is the same; the model takes over the server's times."""
    _assert_places_alike(ledger, keys, model)
    _assert_turns_alike(ledger, keys, model.turns)
    _assert_hashes_alike(ledger, keys, model)


def _assert_places_alike(ledger: Ledger, keys: LaneKeys, model: LaneModel) -> None:
    pipe = ledger.client.pipeline(transaction=False)
    pipe.smembers(keys.window)
    pipe.zrange(keys.tickets, 0, -1)
    for key in (keys.agenda, keys.chores):
        pipe.zrange(key, 0, -1, withscores=True)
    pipe.hkeys(keys.holds)
    window, tickets, agenda, chores, held = pipe.execute()
    assert (set(window), set(tickets)) == (model.window, model.tickets)
    _adopt_moments(model.agenda, agenda)
    _adopt_moments(model.chores, chores)
    assert set(held) == {f"{why}:{batch}" for batch, all_ in model.holds.items() for why in all_}


def _assert_turns_alike(ledger: Ledger, keys: LaneKeys, model: TurnsModel) -> None:
    batches, strides = sorted(model.strides), [stride(priority) for priority in Priority]
    pipe = ledger.client.pipeline(transaction=False)
    pipe.hgetall(keys.loading)
    for key in (keys.turns, *(keys.backlog(str(each)) for each in strides)):
        pipe.zrange(key, 0, -1, withscores=True)
    for batch in batches:
        pipe.lrange(keys.ready(batch), 0, -1)
        pipe.lrange(keys.waiting(batch), 0, -1)
    loading, turns, *rest = pipe.execute()
    assert {chunk: int(each) for chunk, each in loading.items()} == model.loading
    assert dict(turns) == model.turns
    for each in strides:
        assert dict(rest.pop(0)) == model.backlog[each]
    for batch in batches:
        assert rest.pop(0) == list(model.ready[batch])
        assert rest.pop(0) == list(model.waiting[batch])


def _assert_hashes_alike(ledger: Ledger, keys: LaneKeys, model: LaneModel) -> None:
    batches, chunks, refs = sorted(model.counts), sorted(model.chunks), sorted(model.jobs)
    pipe = ledger.client.pipeline(transaction=False)
    for key in [keys.tally, *map(keys.counts, batches)]:
        pipe.hgetall(key)
    for key in [*map(keys.chunk, chunks), *map(keys.job, refs)]:
        pipe.hgetall(key)
    tally, *hashes = pipe.execute()
    turns = model.turns
    assert _figures(tally) == _figures({**model.tally, "turn": turns.present})
    for batch in batches:
        own = {"stride": turns.strides[batch], "turn": turns.own.get(batch, 0)}
        figures = hashes.pop(0)
        assert figures.pop("first_failure", None) == model.first_failures.get(batch)
        assert _figures(figures) == _figures({**model.counts[batch], **own})
    for name in chunks:
        chunk, held = model.chunks[name], hashes.pop(0)
        assert (int(held["size"]), int(held["ended"])) == (chunk.size, chunk.ended)
        assert ("loaded" in held) == chunk.loaded
    for ref, record in zip(refs, hashes, strict=True):
        job = model.jobs[ref]
        assert record["state"] == job.state
        assert int(record["claim"]) == job.claim
        assert int(record["attempts"]) == job.attempts
        assert int(record.get("handouts", 0)) == job.handouts


def _figures(figures: Any) -> dict[str, int]:
    """Nothing counted and a count of nothing are the same."""
    return {str(name): int(value) for name, value in figures.items() if int(value)}


def _adopt_moments(expected: dict[str, float], found: list[tuple[str, float]]) -> None:
    """The same names at about the same times; from now on the server's times count."""
    times = dict(found)
    assert times.keys() == expected.keys()
    for name, moment in times.items():
        assert abs(moment - expected[name]) < MINUTE_MS, name
    expected.update(times)
