"""What is told before anything is ordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from producer.consent import question
from producer.estimate import (
    Estimate,
    LaneStanding,
    Prospect,
    costs_micro,
    estimated,
    images_to_order,
)
from producer.estimate_text import render
from producer.lane_time import Bound
from producer.tally import AlreadyDone, Tally
from producer.validation import validate
from schemas.asking import AskSection
from schemas.catalogue import catalogue
from schemas.lane import LaneLimits
from schemas.money import Amount
from tests.producer.manifests import checker
from tests.producer.manifests import given as manifest

WANX, FLUX = "dashscope:wanx-v1@default", "dashscope:flux-schnell@default"
CORE = "stability:stable-image-core@default"
ROWS = """sku,prompt,model,n
MUG-1,a stoneware mug,wanx-v1,2
MUG-2,一只青瓷茶杯,wanx-v1,
MUG-1,the same id,wanx-v1,
JUG-1,a jug,flux-schnell,
JUG-2,a jug,wanx-v1,9
POT-1,a pot,stable-image-core,
"""


def tally_of(content: str) -> Tally:
    tally = Tally(catalogue())
    with manifest(content) as opened:
        for checked in validate(opened, checker()):
            tally.add(checked)
    return tally


def prospect(
    content: str = ROWS, standings: Mapping[str, Any] | None = None, **more: Any
) -> Prospect:
    tally = tally_of(content)
    found = {lane: LaneStanding(tally.model(lane).limits) for lane in tally.lanes} | dict(
        standings or {}
    )
    return Prospect("autumn", "catalog.csv", tally, found, **more)


def told(content: str = ROWS, **more: Any) -> Estimate:
    return estimated(prospect(content, **more))


def test_rows_images_and_money_add_up() -> None:
    found = told()

    assert (found.rows, found.invalid, found.repeated, found.to_order) == (6, 2, 1, 4)
    assert found.images == 5
    assert found.already_done is None
    prices = {lane.lane: lane.cost for lane in found.lanes}
    assert prices[WANX] == "0.48"
    assert set(prices) == {WANX, FLUX, CORE}
    assert set(found.costs) == {"CNY", "USD"}
    assert [(part.provider, part.images) for part in found.providers] == [
        ("dashscope", 4),
        ("stability", 1),
    ]
    assert sum(lane.images for lane in found.lanes) == found.images


def test_each_lane_says_how_long_it_takes_and_why() -> None:
    found = told()

    (wanx,) = (lane for lane in found.lanes if lane.lane == WANX)
    typical_s = catalogue().find("wanx-v1", "dashscope").typical_s
    assert (wanx.takes_s, wanx.bound, wanx.running) == (2 * typical_s, Bound.RUNNING, 1)
    assert found.takes_s == max(lane.takes_s for lane in found.lanes)
    assert found.slowest_lane in {WANX, FLUX, CORE}


def test_limits_set_by_hand_and_learned_times_count() -> None:
    slow = LaneStanding(LaneLimits(rate_per_s=1 / 60, window=50), pinned=True, learned_s=4.0)
    (wanx,) = (lane for lane in told(standings={WANX: slow}).lanes if lane.lane == WANX)

    assert (wanx.bound, wanx.pinned, wanx.window) == (Bound.RATE, True, 50)
    assert wanx.takes_s == pytest.approx(60 + 4)


def test_rows_of_other_batches_make_it_longer_at_most() -> None:
    content = "sku,prompt,model\nA,a cup,wanx-v1\n"
    limits = catalogue().find("wanx-v1", "dashscope").limits
    alone = told(content)
    shared = told(content, standings={WANX: LaneStanding(limits, ahead=9)})

    assert shared.takes_s == alone.takes_s == alone.shared_takes_s
    assert shared.shared_takes_s == pytest.approx(10 * alone.takes_s)


def test_what_is_there_already_is_neither_counted_nor_paid() -> None:
    done = AlreadyDone(rows={WANX: 2}, images={WANX: 3}, costs_micro={WANX: 480_000})
    given = prospect(done=done)
    found = estimated(given)

    assert (found.already_done, found.to_order, found.images) == (2, 2, 2)
    (wanx,) = (lane for lane in found.lanes if lane.lane == WANX)
    assert (wanx.rows, wanx.cost, wanx.takes_s, wanx.shared_takes_s) == (0, "0.00", 0, 0)
    assert images_to_order(given.tally, done) == 2
    assert costs_micro(given.tally, done)["CNY"] == given.tally.costs()["CNY"] - 480_000
    assert found.costs["CNY"] == next(lane.cost for lane in found.lanes if lane.lane == FLUX)


def test_a_batch_that_is_there_orders_nothing() -> None:
    found = told(handed_in_before=True)

    assert (found.to_order, found.images, found.costs, found.takes_s) == (0, 0, {}, 0)
    assert (found.rows, found.first) == (6, [])
    said = render(found)
    assert "handed in before" in said
    assert "already done" not in said


def test_a_daily_cap_that_does_not_cover_it_makes_days_of_it() -> None:
    rows = "".join(f"A{i},a cup,wanx-v1\n" for i in range(7))
    caps = {("dashscope", "default"): Amount.parse("0.50CNY")}
    found = told("sku,prompt,model\n" + rows, daily_caps=caps)

    (capped,) = found.capped
    assert (capped.account, capped.days) == ("dashscope@default", 3)  # 1.12 CNY
    assert "at least 3 days" in render(found)


@pytest.mark.parametrize("cap", ["1.12CNY", "0.01USD"])
def test_a_cap_that_covers_it_or_is_in_another_currency_says_nothing(cap: str) -> None:
    rows = "".join(f"A{i},a cup,wanx-v1\n" for i in range(7))
    caps = {("dashscope", "default"): Amount.parse(cap)}
    assert told("sku,prompt,model\n" + rows, daily_caps=caps).capped == []


def test_the_first_orders_are_shown_as_they_would_be_sent() -> None:
    first = told().first

    assert [order.id for order in first] == ["MUG-1", "MUG-2", "JUG-1"]
    assert [order.line for order in first] == [2, 3, 5]
    assert first[1].prompt == "一只青瓷茶杯"
    assert first[0].keys == [
        "batches/autumn/images/MUG-1_01.*",
        "batches/autumn/images/MUG-1_02.*",
    ]


def test_a_person_reads_all_of_it() -> None:
    standing = LaneStanding(
        LaneLimits(rate_per_s=0.5, window=30), pinned=True, ahead=1, hindrance="stopped: Arrearage"
    )
    said = render(told(standings={WANX: standing}))

    for words in (
        "autumn",
        "6, of which 2 cannot be ordered (1 repeats an earlier row's id)",
        "not looked up",
        "at most",
        " CNY + ",
        "dashscope: ",
        "stability: ",
        "30 a minute may be ordered (set by hand)",
        "1 row of other batches shares the lane",
        "stopped: Arrearage",
        "MUG-1: a stoneware mug",
        "batches/autumn/images/MUG-1_02.*",
    ):
        assert words in said, words


def test_a_prompt_is_one_line_on_a_terminal_whatever_is_in_it() -> None:
    rows = 'sku,prompt,model\nA,"a cup\x1b[31m\nof tea",wanx-v1\n'
    said = render(told(rows))

    assert "a cup\\x1b[31m\\nof tea" in said
    assert "\x1b" not in said


def test_a_budget_that_is_not_enough_says_how_far_it_goes() -> None:
    found = told("sku,prompt,model\nA,a,wanx-v1\nB,b,wanx-v1\n", budgets={"CNY": 160_000})

    assert found.shortfalls == ["about 1 of 2 rows fit into the budget of 0.16 CNY"]
    assert found.shortfalls[0] in render(found)


def test_a_manifest_without_a_good_row_costs_nothing() -> None:
    found = told("sku,prompt,model\n,a,wanx-v1\n")

    assert (found.to_order, found.images, found.costs, found.slowest_lane) == (0, 0, {}, None)
    assert "nothing" in render(found)


@pytest.mark.parametrize(
    ("images", "costs", "asked"),
    [
        (100, {"CNY": 20_000_000}, False),
        (101, {"CNY": 0}, True),
        (1, {"CNY": 20_000_001}, True),
        (1, {"CNY": 1, "USD": 3_000_001}, True),
        (1, {"EUR": 1}, True),
        (100, {"EUR": 0}, False),
        (0, {}, False),
    ],
)
def test_a_large_order_is_asked_about(images: int, costs: dict[str, int], asked: bool) -> None:
    assert (question(images, costs, AskSection()) is not None) == asked


def test_the_question_names_images_and_every_currency() -> None:
    said = question(1, {"CNY": 50_000_000, "USD": 1_000_000}, AskSection())
    assert said == "Order 1 image for at most 50.00 CNY + 1.00 USD?"


def test_settings_decide_what_is_large() -> None:
    strict = AskSection(images=0, cost=())
    lax = AskSection(images=10**6, cost=("1000cny",))
    assert question(1, {"CNY": 0}, strict) is not None
    assert question(1000, {"CNY": 160_000_000}, lax) is None
