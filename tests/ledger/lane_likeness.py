"""Whether Redis is as the model says, key by key."""

from __future__ import annotations

from typing import Any

from ledger.keys import LaneKeys
from ledger.opening import Ledger
from tests.ledger.lane_model import LaneModel

MINUTE_MS = 60_000
"""No example takes so long; moments differ by more."""


def assert_alike(ledger: Ledger, keys: LaneKeys, model: LaneModel) -> None:
    """Everything is the same; the model takes over the server's times."""
    _assert_places_alike(ledger, keys, model)
    _assert_hashes_alike(ledger, keys, model)


def _assert_places_alike(ledger: Ledger, keys: LaneKeys, model: LaneModel) -> None:
    batches = sorted(model.counts)
    pipe = ledger.client.pipeline(transaction=False)
    for key in (keys.ready, keys.waiting):
        pipe.lrange(key, 0, -1)
    pipe.smembers(keys.window)
    pipe.zrange(keys.tickets, 0, -1)
    for key in (keys.agenda, keys.chores):
        pipe.zrange(key, 0, -1, withscores=True)
    pipe.hkeys(keys.holds)
    for batch in batches:
        pipe.lrange(keys.parked_jobs(batch), 0, -1)
        pipe.lrange(keys.parked_chunks(batch), 0, -1)
    ready, waiting, window, tickets, agenda, chores, held, *parked = pipe.execute()
    assert (ready, waiting) == (list(model.ready), list(model.waiting))
    assert (set(window), set(tickets)) == (model.window, model.tickets)
    _adopt_moments(model.agenda, agenda)
    _adopt_moments(model.chores, chores)
    assert set(held) == {f"{why}:{batch}" for batch, all_ in model.holds.items() for why in all_}
    for batch in batches:
        assert parked.pop(0) == list(model.parked_jobs[batch])
        assert parked.pop(0) == list(model.parked_chunks[batch])


def _assert_hashes_alike(ledger: Ledger, keys: LaneKeys, model: LaneModel) -> None:
    batches, chunks, refs = sorted(model.counts), sorted(model.chunks), sorted(model.jobs)
    pipe = ledger.client.pipeline(transaction=False)
    for key in [keys.tally, *map(keys.counts, batches)]:
        pipe.hgetall(key)
    for key in [*map(keys.chunk, chunks), *map(keys.job, refs)]:
        pipe.hgetall(key)
    tally, *hashes = pipe.execute()
    assert _figures(tally) == _figures({**model.tally, "loading": model.loading})
    for batch in batches:
        assert _figures(hashes.pop(0)) == _figures(model.counts[batch])
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
