"""Any sequence of calls leaves Redis as the model in plain Python says."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger import holds, rounds
from ledger.keys import LaneKeys
from ledger.moves import Claim, Move, mark_call, move_call
from ledger.opening import Ledger
from ledger.turns import set_stride
from schemas.batch import ChunkRef, Hold, LaneRound, Priority
from schemas.lane import LaneLimits
from schemas.states import ENDED_STATES, IN_PLAY_STATES, OPEN_STATES, JobState
from tests.ledger.lane_drain import drain
from tests.ledger.lane_likeness import assert_alike
from tests.ledger.lane_model import LaneModel
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import LANE
from tests.ledger.worker_moves import MARK, moves_from

KEYS = LaneKeys(LANE)
LEASE_S = 600.0
BATCHES = st.sampled_from(["day", "night"])
HELD = st.sampled_from(["evening", "evening", "day", "night"])
PRIORITIES = st.sampled_from(Priority)
SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=3)
HAPPENINGS = (
    ["report"] * 12
    + ["dispatch"] * 6
    + ["time_passes"] * 3
    + ["load"] * 3
    + ["seal"] * 2
    + ["mark"] * 6
    + ["hold"] * 3
    + ["unhold"] * 3
    + ["withdraw"] * 2
    + ["hand_in", "another_round", "forget_holds", "renew", "prioritize"]
    + ["nobody_does_the_chore", "stop_or_resume"]
)
UNDER_WAY = set(OPEN_STATES) - {JobState.PENDING}


class LaneMachine(RuleBasedStateMachine):
    """Producers, dispatchers and workers, some of them late or wrong, on one lane."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.claims: dict[str, int] = {}
        self.sound = False
        self.ledger.client.flushall()

    @initialize(
        window=st.integers(2, 6),
        rate=st.sampled_from([0.001, 0.1]),
        burst=st.integers(2, 5),
        sizes=SIZES,
        priority=PRIORITIES,
    )
    def open(
        self, window: int, rate: float, burst: int, sizes: list[int], priority: Priority
    ) -> None:
        """A lane with the first chunk loaded and some of its jobs released: work to begin with."""
        self.ledger.lanes.open(LANE, LaneLimits(rate_per_s=rate, burst=burst, window=window))
        self.model = LaneModel(window_limit=window, slots=burst)
        self._hand_in("evening", sizes, priority)
        self._tick(room=5)
        self._load(ChunkRef(batch="evening", number=1, size=sizes[0]))
        self.redis_is_as_the_model_says()
        self._tick(room=2)

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One rule, so that what matters most happens most."""
        self.sound = False
        happening = data.draw(st.sampled_from(HAPPENINGS))
        getattr(self, happening)(data)

    def hand_in(self, data: st.DataObject) -> None:
        self._hand_in(data.draw(BATCHES), data.draw(SIZES), data.draw(PRIORITIES))

    def _hand_in(self, batch: str, sizes: list[int], priority: Priority) -> None:
        chunks = [ChunkRef(batch=batch, number=n, size=size) for n, size in enumerate(sizes, 1)]
        handed_in = self.ledger.lanes.hand_in(LANE, batch, chunks, priority)
        assert handed_in == self.model.hand_in(batch, chunks, priority)

    def prioritize(self, data: st.DataObject) -> None:
        """Also a batch that is held, is over, or is not handed in yet."""
        batch, priority = data.draw(HELD), data.draw(PRIORITIES)
        self.ledger.scripts.run(set_stride(LANE, batch, priority))
        self.model.turns.prioritize(batch, priority)

    def dispatch(self, data: st.DataObject) -> None:
        self._tick(data.draw(st.sampled_from([0, 1, 2, 5, 5, 5])))

    def _tick(self, room: int) -> None:
        tick = self.ledger.lanes.tick([LANE], LEASE_S, room)[LANE]
        now_ms = float(self.ledger.fleet.now_ms())
        lease_ms = LEASE_S * 1000
        found = [(h.claim.ref, str(h.state), h.claim.number, h.handouts) for h in tick.handouts]
        expected = self.model.take_due(now_ms, lease_ms, room)
        expected += self.model.take_cancelled(now_ms, lease_ms, room)
        expected += [
            (ref, "released", claim, 1) for ref, claim in self.model.release(now_ms, lease_ms, room)
        ]
        assert found == expected
        chores = [f"{chore.what}:{chore.chunk}" for chore in tick.chores]
        assert self.model.take_chores(now_ms, lease_ms, room, chores)
        assert (tick.next_s is not None) == self.model.has_work()

    def load(self, data: st.DataObject) -> None:
        """A load that was asked for, that was done before, or that nobody asked for."""
        asked = [name for name, chunk in self.model.chunks.items() if not chunk.loaded]
        waiting = [name for names in self.model.turns.waiting.values() for name in names]
        names = asked or [*self.model.chunks, *waiting]
        if names:
            self._load(ChunkRef.parse(data.draw(st.sampled_from(names))))

    def _load(self, chunk: ChunkRef) -> None:
        jobs = [(job, "{}") for job in _jobs(chunk)]
        assert self.ledger.lanes.load(LANE, chunk, jobs) == self.model.load(chunk, _jobs(chunk))

    def seal(self, _data: st.DataObject) -> None:
        for name in [n for n, chunk in self.model.chunks.items() if chunk.ended == chunk.size]:
            chunk = ChunkRef.parse(name)
            assert self.ledger.lanes.seal(LANE, chunk, _jobs(chunk))
            assert self.model.seal(chunk, _jobs(chunk))
            assert not self.ledger.lanes.seal(LANE, chunk, _jobs(chunk))
            assert not self.ledger.lanes.load(LANE, chunk, [(job, "{}") for job in _jobs(chunk)])

    def report(self, data: st.DataObject) -> None:
        """A worker's outcome: mostly of the holder, who mostly knows the state."""
        under_way = [ref for ref, job in self.model.jobs.items() if job.state in UNDER_WAY]
        refs = 5 * sorted(under_way) + sorted(self.model.jobs)
        if not refs:
            return
        ref = data.draw(st.sampled_from(refs))
        job = self.model.jobs[ref]
        claim = job.claim + data.draw(st.sampled_from([0] * 8 + [-1, 1]))
        believed = st.sampled_from([job.state] * 16 + list(OPEN_STATES))
        source = data.draw(believed.filter(lambda state: state in OPEN_STATES))
        self._move_twice(Claim(LANE, ref, claim), job.chunk, data.draw(moves_from(source)))

    def _move_twice(self, claim: Claim, chunk: str, move: Move) -> None:
        call = move_call(claim, chunk, move)
        first, second = self.ledger.scripts.run(call), self.ledger.scripts.run(call)
        now_ms = float(self.ledger.fleet.now_ms())
        moved = self.model.move(claim.ref, claim.number, move, now_ms)
        assert (first, second) == (moved, moved)

    def mark(self, data: st.DataObject) -> None:
        """A request is about to leave; the call is sent twice."""
        refs = sorted(ref for ref, job in self.model.jobs.items() if job.state in IN_PLAY_STATES)
        if refs:
            ref = data.draw(st.sampled_from(refs))
            number = self.model.jobs[ref].claim - data.draw(st.sampled_from([0] * 8 + [1]))
            call = mark_call(Claim(LANE, ref, number), MARK)
            first, second = self.ledger.scripts.run(call), self.ledger.scripts.run(call)
            now_ms = float(self.ledger.fleet.now_ms())
            assert first == second
            assert first[0] == self.model.mark(ref, number, MARK, now_ms)

    def hold(self, data: st.DataObject) -> None:
        """Also a batch that is not handed in yet, or is over."""
        batch, reason = data.draw(HELD), data.draw(st.sampled_from(Hold))
        self.ledger.batches.hold(batch, [LANE], reason)
        self.model.hold(batch, reason, float(self.ledger.fleet.now_ms()))

    def unhold(self, data: st.DataObject) -> None:
        batch, reason = data.draw(HELD), data.draw(st.sampled_from(Hold))
        assert self.ledger.batches.unhold(batch, [LANE], reason) == self.model.unhold(batch, reason)

    def forget_holds(self, data: st.DataObject) -> None:
        batch = data.draw(HELD)
        self.ledger.scripts.run(holds.forget(LANE, batch))
        self.model.forget_holds(batch)

    def withdraw(self, _data: st.DataObject) -> None:
        for name in [name for name in self.model.chores if name.startswith("withdraw:")]:
            chunk = ChunkRef.parse(name.removeprefix("withdraw:"))
            part = LaneRound(chunks=[chunk], states={JobState.CANCELLED: chunk.size}, images=1)
            assert self.ledger.lanes.withdraw(LANE, chunk, part)
            assert self.model.withdraw(chunk, part)
            assert not self.ledger.lanes.withdraw(LANE, chunk, part)

    def another_round(self, data: st.DataObject) -> None:
        """Some of what has ended is run again; an older round, handed in late, changes nothing."""
        batch = data.draw(HELD)
        if self.model.over(batch):
            counts = self.model.counts[batch]
            number = max(counts["round"], 1) + data.draw(st.sampled_from([1, 1, 0, 2]))
            state = max(ENDED_STATES, key=lambda each: counts[each])
            chunk = ChunkRef(batch=batch, round=max(number, 2), number=1, size=counts[state])
            part = LaneRound(
                chunks=[chunk], states={state: chunk.size}, images=data.draw(st.integers(0, 1))
            )
            call = rounds.hand_in_round(LANE, batch, number, part)
            assert self.ledger.scripts.run(call) == self.model.hand_in_round(batch, number, part)
            assert not self.ledger.scripts.run(call)

    def renew(self, data: st.DataObject) -> None:
        for ref in data.draw(
            st.lists(st.sampled_from(sorted(self.model.jobs) or [""]), max_size=2)
        ):
            if ref:
                claim = self.model.jobs[ref].claim - data.draw(st.sampled_from([0, 0, 1]))
                until = float(self.ledger.fleet.now_ms()) + 900_000
                renewed = self.ledger.jobs.renew([Claim(LANE, ref, claim)], 900)
                assert renewed == [self.model.renew(ref, claim, until)]

    def time_passes(self, data: st.DataObject) -> None:
        """For some jobs: a lease runs out, a poll or a retry is due."""
        if self.model.agenda:
            refs = st.lists(st.sampled_from(sorted(self.model.agenda)), min_size=1, max_size=3)
            for ref in data.draw(refs):
                score = data.draw(st.integers(1, 1000))
                self.ledger.client.zadd(KEYS.agenda, {ref: score}, xx=True)
                self.model.agenda[ref] = score

    def nobody_does_the_chore(self, _data: st.DataObject) -> None:
        for chore in self.model.chores:
            self.ledger.client.zadd(KEYS.chores, {chore: 1}, xx=True)
            self.model.chores[chore] = 1.0

    def stop_or_resume(self, _data: st.DataObject) -> None:
        if self.model.stopped:
            assert self.ledger.lanes.resume(LANE)
        else:
            self.ledger.lanes.stop(LANE, "arrears")
        self.model.stopped = not self.model.stopped

    @invariant()
    def redis_is_as_the_model_says(self) -> None:
        assert_alike(self.ledger, KEYS, self.model)
        self.sound = True

    @invariant()
    def every_job_is_where_its_state_says(self) -> None:
        """Held against Redis by the invariant above: the model is only the shorter way to ask."""
        model = self.model
        for ref, job in model.jobs.items():
            ready = model.turns.ready[ref.split("/", 1)[0]].count(ref)
            places = ready + (ref in model.agenda)
            assert places == (job.state in OPEN_STATES), f"{ref} is {job.state}"
            assert job.claim >= self.claims.get(ref, 0), f"the claim of {ref} went back"
            self.claims[ref] = job.claim
        assert model.window == {r for r, job in model.jobs.items() if job.state in IN_PLAY_STATES}
        handed_in = sum(_total(counts) for counts in model.counts.values())
        assert _total(model.tally) == handed_in
        for state in JobState:
            assert model.tally[state] == sum(c[state] for c in model.counts.values()) >= 0
        turns = model.turns
        for batch in turns.strides:
            free = batch not in model.holds
            assert (batch in turns.turns) == (free and bool(turns.ready[batch])), batch
            lined_up = batch in turns.backlog[turns.strides[batch]]
            assert lined_up == (free and bool(turns.waiting[batch])), f"{batch} waits for ever"

    def teardown(self) -> None:
        """Whatever happened: what is cancelled comes to its end, and leaves nothing in motion."""
        if self.sound:
            for batch in self.model.holds.keys() - self.model.counts.keys():
                for reason in Hold:  # of what never came nobody else forgets it
                    self.ledger.batches.unhold(batch, [LANE], reason)
            drain(self.ledger, LANE, self.model.counts, _jobs)
            assert_nothing_in_motion(self.ledger)


def _jobs(chunk: ChunkRef) -> list[str]:
    return [f"c{chunk.number}j{index}" for index in range(chunk.size)]


def _total(figures: Any) -> int:
    return sum(figures[state] for state in JobState)


def test_any_sequence_of_calls(ledger: Ledger) -> None:
    machine = type("Machine", (LaneMachine,), {"ledger": ledger})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=30, stateful_step_count=60, deadline=None)
    )
