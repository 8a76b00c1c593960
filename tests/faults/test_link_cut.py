"""The link to the provider cut: an order is sent once, a question is asked again, a picture comes."""

from __future__ import annotations

from typing import Literal

import pytest

from schemas.states import JobState
from tests.cli.command import prompt_of
from tests.faults.points import PATIENCE_S, Action, Point
from tests.faults.scene import CHOSEN, Scene, sku_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
At = Literal["request", "answer"]


def cut(scene: Scene, batch: str, point: Point, at: At) -> None:
    """Cut the link as the chosen job's request or its answer is on it."""
    scene.staff(1)
    placed = scene.place(batch, point, Action.HOLD)
    scene.hand_in(batch)
    placed.victim()
    cuts = scene.provider_gate.cuts
    words = scene.record(batch, "ticket") or prompt_of(batch, CHOSEN)
    scene.provider_gate.cut(words, at)
    placed.let_go()
    wait_until(lambda: scene.provider_gate.cuts > cuts, PATIENCE_S, "the cut")


@pytest.mark.parametrize("at", ["request", "answer"])
def test_an_order_cut_off_is_not_sent_again_blindly(scene: Scene, at: At) -> None:
    batch = f"order-{at}"
    cut(scene, batch, Point.MARKED, at)

    chosen = scene.judge(batch, scene.now_s)[sku_of(batch, CHOSEN)]

    prompt = prompt_of(batch, CHOSEN)
    arrived = at == "answer" or chosen.state is JobState.SUCCEEDED
    assert scene.mill.orders(prompt)[prompt] == arrived


@pytest.mark.parametrize("at", ["request", "answer"])
@pytest.mark.parametrize("point", [Point.UNPOLLED, Point.UNFETCHED])
def test_a_question_or_download_cut_off_is_made_again(scene: Scene, point: Point, at: At) -> None:
    batch = f"{point}-{at}"
    cut(scene, batch, point, at)

    results = scene.judge(batch, scene.now_s)

    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    assert {result.attempts for result in results.values()} == {1}


@pytest.mark.parametrize("point", [Point.MARKED, Point.UNPOLLED, Point.HALF_FETCHED])
def test_the_provider_cut_off_for_a_while(scene: Scene, point: Point) -> None:
    """Everything is cut at once, and no request comes through until the link is back."""
    batch = f"away-{point}"
    scene.staff(1)
    placed = scene.place(batch, point, Action.HOLD)
    scene.hand_in(batch)
    placed.victim()
    refused = scene.provider_gate.refused

    scene.provider_gate.shut()
    placed.let_go()
    wait_until(lambda: scene.provider_gate.refused > refused, PATIENCE_S, "a request in vain")
    scene.provider_gate.open()

    scene.judge(batch, scene.now_s)
