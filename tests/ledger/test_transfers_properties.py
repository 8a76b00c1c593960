"""However workers that divert rows interleave and die, each row is in one lane in the end, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.opening import Ledger
from schemas.batch import ChunkRef
from schemas.lane import ACCOUNT_FAULT
from schemas.states import JobState
from tests.ledger.scene import Scene

LANES = [f"dashscope:wanx-v1@{name}" for name in "abc"]
SIZES = (3, 2, 4, 2)
STATES = [
    JobState.RELEASED, JobState.SUBMITTING, JobState.RUNNING, JobState.STORING, JobState.SUCCEEDED,
    JobState.PENDING,
]  # fmt: skip


class Turn(NamedTuple):
    """What one of the workers does next."""

    worker: int
    source: int
    target: int
    dies: bool


TURNS = st.lists(
    st.builds(Turn, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.booleans()),
    max_size=40,
)


class World:
    """Three lanes of one batch; what each arrived chunk consists of is kept as storage would."""

    def __init__(self, ledger: Ledger, loaded: int, states: list[JobState]) -> None:
        ledger.client.flushall()
        self.ledger = ledger
        self.scenes = [Scene(ledger, lane=lane) for lane in LANES]
        self.input: dict[tuple[str, str], list[str]] = {}
        first = self.scenes[0]
        for chunk in first.hand_in(*SIZES):
            self.input[first.lane, str(chunk)] = first.jobs_of(chunk)
        for _ in range(loaded):
            self.load(first)
        first.open()
        for claim, state in zip(first.release(len(states)), states, strict=False):
            first.bring(claim, state)
        for scene in self.scenes:
            scene.ledger.lanes.stop(scene.lane, "Arrearage", fault=ACCOUNT_FAULT)
        self.paid = {
            name
            for name, (_, state) in self.jobs().items()
            if state not in (None, JobState.PENDING)
        }

    def load(self, scene: Scene) -> None:
        scene.tick(room=1000)
        for text in self.loading(scene):
            names = self.input[scene.lane, text]
            chunk = ChunkRef.parse(text)
            assert self.ledger.lanes.load(scene.lane, chunk, [(name, "{}") for name in names])

    def loading(self, scene: Scene) -> list[str]:
        return [str(text) for text in self.ledger.client.hkeys(scene.keys.loading)]

    def work(self, source: int, target: int) -> Iterator[None]:
        """One transfer; whoever does it may die, or be overtaken, wherever it yields."""
        transfers = self.ledger.transfers
        found = transfers.begin(LANES[source], "night", LANES[target])
        yield
        if found is None:
            return
        names = self.input[found.source, str(found.chunk)]
        moved = [name for name in names if not found.jobs or name in found.jobs]
        assert len(moved) == found.size
        self.input[found.target, str(found.arrives_as)] = moved
        yield
        transfers.receive(found)
        yield
        transfers.end(found)

    def jobs(self) -> dict[str, tuple[str, JobState | None]]:
        """Each job with its lane, and its state where it is loaded. None is in two places."""
        found: list[tuple[str, tuple[str, JobState | None]]] = []
        for scene in self.scenes:
            for text in [*scene.waiting(), *self.loading(scene)]:
                found += [(name, (scene.lane, None)) for name in self.input[scene.lane, text]]
            for key in self.ledger.client.scan_iter(f"{scene.keys.job_prefix}*", count=1000):
                ref = str(key).removeprefix(scene.keys.job_prefix)
                state = JobState(scene.record(ref)["state"])
                found.append((ref.partition("/")[2], (scene.lane, state)))
        assert not [name for name, times in Counter(name for name, _ in found).items() if times > 1]
        return dict(found)

    def finish(self) -> None:
        """Somebody sound looks at each lane and ends what is under way."""
        for scene in self.scenes:
            found = self.ledger.transfers.under_way(scene.lane, "night")
            if found is not None:
                source = LANES.index(found.source)
                for _ in self.work(source, LANES.index(found.target)):
                    pass


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 3), st.lists(st.sampled_from(STATES), max_size=6), TURNS)
def test_no_row_is_lost_and_none_is_there_twice(
    ledger: Ledger, loaded: int, states: list[JobState], turns: list[Turn]
) -> None:
    world = World(ledger, loaded, states)
    before = world.jobs()
    assert len(before) == sum(SIZES)
    workers: dict[int, Iterator[None]] = {}
    for turn in turns:
        if turn.source == turn.target:
            world.load(world.scenes[turn.source])
            continue
        work = workers.pop(turn.worker, None) or world.work(turn.source, turn.target)
        if not turn.dies and next(work, "done") is None:
            workers[turn.worker] = work
    for work in workers.values():  # those who were slow wake up, however late
        for _ in work:
            pass
    world.finish()
    after = world.jobs()
    assert set(after) == set(before)
    for name in world.paid:
        assert after[name] == before[name], name
    _check_figures(world, after)


def _check_figures(world: World, jobs: dict[str, tuple[str, JobState | None]]) -> None:
    for scene in world.scenes:
        there = [state for lane, state in jobs.values() if lane == scene.lane]
        here = Counter(state or JobState.PENDING for state in there)
        counts = scene.states(scene.keys.counts("night"))
        assert counts == scene.states(scene.keys.tally)
        assert {state: number for state, number in counts.items() if number} == dict(here)
        _check_ready(scene)


def _check_ready(scene: Scene) -> None:
    """What is pending and loaded waits in exactly one place."""
    places = Counter([*scene.ready(), *scene.agenda()])
    assert not [ref for ref, times in places.items() if times > 1]
    for ref in places:
        assert scene.record(ref), f"{ref} waits and is not there"
