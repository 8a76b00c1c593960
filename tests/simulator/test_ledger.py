"""What the simulator says it was asked and charged, and how it is set up while it runs."""

from __future__ import annotations

import hashlib
import time

import pytest

from tests.simulator.running import KEY, RunningSimulator


def test_a_task_in_the_ledger(simulator: RunningSimulator) -> None:
    before_ms = time.time_ns() / 1e6
    task_id = simulator.created("a 猫", n=2, seed=5)
    output = simulator.ended(task_id)
    simulator.anonymous.get(output["results"][0]["url"])
    (task,) = simulator.ledger()["tasks"]

    assert task["task_id"] == task_id
    assert (task["model"], task["prompt"], task["n"]) == ("wanx-v1", "a 猫", 2)
    assert task["parameters"] == {"n": 2, "seed": 5}
    assert (task["state"], task["images_charged"], task["downloads"]) == ("SUCCEEDED", 2, 1)
    assert task["queries"] >= 2
    assert task["account"] == hashlib.sha256(KEY.encode()).hexdigest()[:16]
    assert before_ms - 1000 < task["submitted_at"] <= task["started_at"] < task["finished_at"]
    assert task["finished_at"] <= task["told_at"] <= time.time_ns() / 1e6


def test_the_key_is_shown_nowhere(simulator: RunningSimulator) -> None:
    simulator.created()

    assert KEY not in simulator.client.get("/_ledger").text


def test_totals_and_counts(simulator: RunningSimulator) -> None:
    simulator.ended(simulator.created(n=3))
    simulator.ended(simulator.created("a bikini"))
    simulator.create(n=7)
    ledger = simulator.ledger()

    assert ledger["totals"] == {
        "accepted_creates": 2,
        "images_charged": 3,
        "tasks_charged": 1,
        "tasks_by_state": {"PENDING": 0, "RUNNING": 0, "SUCCEEDED": 1, "FAILED": 1, "CANCELED": 0},
    }
    assert ledger["requests"]["create"] == {"200": 2, "400": 1}
    assert ledger["throttled"] == {}
    model = ledger["models"]["wanx-v1"]
    assert (model["accepted_creates"], model["images_charged"]) == (2, 3)
    assert model["arrivals_ms"] == [task["submitted_at"] for task in ledger["tasks"]]


def test_nothing_is_charged_before_the_end(simulator: RunningSimulator) -> None:
    simulator.configure(generation_s=60)
    simulator.created()

    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_the_ledger_can_be_filtered_and_paged(simulator: RunningSimulator) -> None:
    simulator.configure(generation_s=60, running=1)
    for prompt in ("red cat", "blue cat", "red dog"):
        simulator.created(prompt)

    def prompts(**asked: str) -> list[str]:
        return [task["prompt"] for task in simulator.ledger(**asked)["tasks"]]

    assert prompts(prompt="red") == ["red cat", "red dog"]
    assert prompts(state="RUNNING") == ["red cat"]
    assert prompts(model="flux-dev") == []
    assert prompts(offset="1", limit="1") == ["blue cat"]
    assert prompts(limit="0") == []
    assert simulator.ledger(limit="0")["matching"] == 3
    assert simulator.ledger(limit="0")["totals"]["accepted_creates"] == 3
    assert simulator.client.get("/_ledger", params={"limit": "x"}).status_code == 400


def test_reset_forgets_everything_but_the_settings(simulator: RunningSimulator) -> None:
    simulator.created()
    simulator.script({"on": "create", "do": {"kind": "drop"}})
    simulator.configure(rate=500)
    simulator.client.post("/_reset")
    ledger = simulator.ledger()

    assert (ledger["tasks"], ledger["requests"], ledger["models"]) == ([], {}, {})
    assert simulator.client.get("/_config").json()["rate"] == 500
    assert simulator.create().status_code == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"rate": 0},
        {"rate": "2"},
        {"running": 1.5},
        {"limiter": "guess"},
        {"speed": 1},
        [],
        {"rate": None},
        {"echo_prompt": 1},
        {"echo_prompt": "yes"},
    ],
)
def test_nonsense_settings_are_refused(simulator: RunningSimulator, settings: object) -> None:
    before = simulator.client.get("/_config").json()
    answer = simulator.client.put("/_config", json=settings)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert simulator.client.get("/_config").json() == before


def test_health(simulator: RunningSimulator) -> None:
    assert simulator.anonymous.get("/_health").json() == {"status": "ok"}
    assert simulator.anonymous.get("/nothing-here").status_code == 404
