"""The plan of a storm: the same seed, the same plan; and all of what was wished for is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.storm.plan import Freeze, Kill, RestartRedis, Wish, make_plan, rows

WISH = Wish(seed=1, jobs=400, kills=12, redis_restarts=2, freezes=3, workers=3, faults=0.1)

wishes = st.builds(
    Wish,
    seed=st.integers(0, 10**6),
    jobs=st.integers(1, 300),
    kills=st.integers(0, 20),
    redis_restarts=st.integers(0, 4),
    freezes=st.integers(0, 6),
    workers=st.integers(1, 5),
    faults=st.sampled_from([0.0, 0.05, 1.0]),
)


@given(wishes)
def test_the_same_seed_makes_the_same_plan(wish: Wish) -> None:
    assert make_plan(wish) == make_plan(wish)
    assert make_plan(wish).digest == make_plan(wish).digest


def test_another_seed_makes_another_plan() -> None:
    digests = {make_plan(replace(WISH, seed=seed)).digest for seed in range(20)}
    assert len(digests) == 20


@given(wishes)
def test_all_that_was_wished_for_is_in_it_and_in_order(wish: Wish) -> None:
    plan = make_plan(wish)
    kinds = Counter(type(event.strike) for event in plan.events)
    wished = {Kill: wish.kills, Freeze: wish.freezes, RestartRedis: wish.redis_restarts}
    assert kinds == Counter({kind: count for kind, count in wished.items() if count})
    moments = [event.after_jobs for event in plan.events]
    assert moments == sorted(moments)
    assert all(0 <= moment < wish.jobs for moment in moments)
    for event in plan.events:
        if isinstance(event.strike, Kill | Freeze):
            assert 0 <= event.strike.slot < wish.workers


def test_as_many_rows_meet_a_fault_as_were_wished_for() -> None:
    everywhere = make_plan(replace(WISH, faults=1.0)).faults
    assert Counter(fault["on"] for fault in everywhere) == dict.fromkeys(
        ("create", "get", "download"), WISH.jobs
    )
    assert make_plan(replace(WISH, faults=0.0)).faults == ()
    some = make_plan(replace(WISH, jobs=5000)).faults
    assert 0.08 < len(some) / (3 * 5000) < 0.12


def test_a_fault_meets_one_row_only() -> None:
    prompts = list(rows(1200).values())
    assert len(set(prompts)) == 1200
    assert [prompt for prompt in prompts if prompts[100] in prompt] == [prompts[100]]
