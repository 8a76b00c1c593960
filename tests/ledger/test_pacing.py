"""What a provider takes of a lane, whichever way it counts: the scripts themselves, in told time."""

from __future__ import annotations

import random  # noqa: TID251 - a seeded generator makes the simulation repeatable
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.bucket import CALM_SLOTS, MARGIN_S, MARGIN_STEP_S
from ledger.keys import LaneKeys
from simulator.limiter import new_limiter
from tests.ledger.clocked import BEGAN_S, clocked_ledger
from tests.ledger.provider_world import World
from tests.ledger.scene import LANE
from tests.valkey import Valkey

FLAVOURS = ("token-bucket", "fixed-window", "sliding-window")
Worlds = Callable[..., World]


@pytest.fixture
def worlds(valkey: Valkey) -> Iterator[Worlds]:
    """Makes a lane of some rate, and a provider that admits that or less."""
    with clocked_ledger(valkey.url) as (ledger, scripts):

        def make(flavour: str, rate_per_s: float, limit: float = 0.0, **world: Any) -> World:
            limiter = new_limiter(flavour, limit or rate_per_s)
            return World(ledger, scripts, limiter, rate_per_s, **world)

        yield make


def learned(lane: World) -> dict[str, int]:
    held = lane.ledger.client.hgetall(LaneKeys(LANE).bucket)
    return {name: int(held[name]) for name in ("margin_us", "calm", "cut") if name in held}


@pytest.mark.parametrize(
    ("rate_per_s", "span_s"), [(0.2, 300), (2.0, 60), (2.5, 40), (20.0, 10), (100.0, 3)]
)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_limit_is_used_and_never_met(
    worlds: Worlds, flavour: str, rate_per_s: float, span_s: float
) -> None:
    lane = worlds(flavour, rate_per_s, limit=3.0 if rate_per_s == 2.5 else 0.0)
    lane.run(span_s + 1)
    assert lane.used(BEGAN_S + 1, span_s) >= 0.99
    assert lane.refused_s == []


def test_orders_held_up_together_are_made_up_for(worlds: Worlds) -> None:
    """Nobody ordered for a third of a second: half of that is lost where every second counts."""
    lane = worlds("sliding-window", 20.0)
    lane.run(2.0)
    lane.hold_up(0.3)
    lane.run(4.0)
    assert lane.used(BEGAN_S + 1, 5) >= 0.96
    assert lane.refused_s == []


def test_a_rough_way_teaches_a_wider_margin(worlds: Worlds) -> None:
    """Orders take up to 40 ms more than others to arrive; any window may start with a late one."""
    lane = worlds("sliding-window", 20.0, way_s=0.04)
    lane.run(31)
    first_us = learned(lane)["margin_us"]
    assert (MARGIN_S + 2 * MARGIN_STEP_S) * 1e6 < first_us < 60_000
    assert learned(lane)["cut"] == 1000, "no refusal was taken for a lower limit"
    assert len(lane.refused_s) <= 8
    assert lane.used(BEGAN_S + 1, 30) >= 0.93


def test_where_nothing_is_refused_the_margin_goes_away(worlds: Worlds) -> None:
    lane = worlds("token-bucket", 100.0)
    lane.run(3.2 * CALM_SLOTS / 100)
    assert learned(lane)["margin_us"] == 0
    assert lane.refused_s == []


def test_a_margin_that_was_lessened_in_vain_is_kept_longer(worlds: Worlds) -> None:
    lane = worlds("sliding-window", 100.0, way_s=0.006)
    lane.run(20)
    assert learned(lane)["calm"] >= 2 * CALM_SLOTS
    assert lane.refused <= 0.005


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_nobody_hammers_a_limit_that_is_lower_than_we_think(worlds: Worlds, flavour: str) -> None:
    lane = worlds(flavour, 20.0, limit=10.0)
    lane.run(20)
    assert learned(lane)["cut"] < 1000
    assert len(lane.refused_s) <= 30
    assert lane.used(BEGAN_S, 20) * 2 >= 0.4


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rate_per_s=st.sampled_from([0.2, 1.0, 2.0, 2.5, 7.0, 20.0]),
    late_s=st.floats(0.0005, 0.5),
    seed=st.integers(0, 1000),
    orders=st.integers(5, 60),
    refusals=st.booleans(),
)
def test_no_window_ever_holds_more_than_is_admitted(
    worlds: Worlds, rate_per_s: float, late_s: float, seed: int, orders: int, refusals: bool
) -> None:
    """However late orders leave: counted where they leave, the limit is never exceeded."""
    limit = rate_per_s / 2 if refusals else 1000.0
    lane = worlds("sliding-window", rate_per_s, limit, late_s=late_s, dice=random.Random(seed))
    lane.run(orders / rate_per_s)
    whole = max(int(rate_per_s), 1)
    left_s = sorted(lane.left_s)
    for index, at_s in enumerate(left_s):
        within = bisect_left(left_s, at_s + whole / rate_per_s) - index
        refused_within = sum(at_s <= r < at_s + whole / rate_per_s for r in lane.refused_s)
        assert within - refused_within <= whole, "the window had no room for it"
