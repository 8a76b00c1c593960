"""A simulator that is ended, or killed, and started again on the same journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulator.orders import order
from tests.simulator.running import RunningSimulator
from tests.simulator.test_training import archive, portrait, trained

OPTIONS = ("--rate", "1000", "--query-rate", "1000", "--images", "small")


@pytest.fixture
def restart(
    start: Callable[..., RunningSimulator], tmp_path: Path
) -> Callable[..., RunningSimulator]:
    """Starts a simulator on this test's journal."""

    def start_again(*options: str) -> RunningSimulator:
        return start(*OPTIONS, "--journal", str(tmp_path / "journal.jsonl"), *options)

    return start_again


def test_a_killed_simulator_keeps_tasks_charges_and_urls(
    restart: Callable[..., RunningSimulator],
) -> None:
    first = restart("--generation-s", "0.02", "--running", "1")
    finished = first.created("泳装", n=3)
    output = first.ended(finished)
    first.configure(generation_s=60)
    running, pending, cancelled = first.created(), first.created(), first.created()
    first.client.post(f"/api/v1/tasks/{cancelled}/cancel")
    before = first.ledger()
    first.kill()

    second = restart("--generation-s", "0.02", "--running", "1")
    ids = (finished, running, pending, cancelled)
    states = [second.output(task_id)["task_status"] for task_id in ids]
    assert states == ["SUCCEEDED", "RUNNING", "PENDING", "CANCELED"]
    after = second.ledger()
    assert after["totals"] == before["totals"]
    assert after["models"] == before["models"]
    # The port is another one; the signature covers the path and the time only.
    old = [r["url"].replace(first.url, second.url) for r in output["results"] if "url" in r]
    assert [r["url"] for r in second.output(finished)["results"] if "url" in r] == old
    assert second.anonymous.get(old[0]).status_code == 200


def test_tasks_finish_while_the_simulator_is_down(
    restart: Callable[..., RunningSimulator],
) -> None:
    first = restart("--generation-s", "0.05", "--running", "1")
    ids = [first.created() for _ in range(3)]
    first.kill()

    second = restart("--running", "1")
    assert [second.ended(task_id)["task_status"] for task_id in ids] == ["SUCCEEDED"] * 3
    ledger = second.ledger()
    assert ledger["totals"]["images_charged"] == 3
    assert ledger["models"]["wanx-v1"]["peak_running"] == 1


def test_a_clean_end_keeps_the_counts_too(restart: Callable[..., RunningSimulator]) -> None:
    first = restart("--generation-s", "0.02")
    first.anonymous.get(first.made())
    before = first.ledger()
    assert first.stop() == 0

    assert restart().ledger() == before


def test_a_line_cut_short_is_left_out(
    restart: Callable[..., RunningSimulator], tmp_path: Path
) -> None:
    first = restart("--generation-s", "0.02")
    task_id = first.created()
    first.ended(task_id)
    first.kill()
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"event":"created","task_id":"cut sho')

    second = restart("--generation-s", "0.02")
    second.ended(second.created())
    second.kill()
    assert restart().ledger()["totals"]["images_charged"] == 2


def test_reset_empties_the_journal(restart: Callable[..., RunningSimulator]) -> None:
    first = restart("--generation-s", "0.02")
    first.ended(first.created())
    first.client.post("/_reset")
    task_id = first.created()
    first.kill()

    assert [task["task_id"] for task in restart().ledger()["tasks"]] == [task_id]


def test_a_killed_simulator_keeps_charged_calls_and_trained_faces(
    restart: Callable[..., RunningSimulator],
) -> None:
    first = restart("--generation-s", "0.02", "--running", "1")
    picture = order(first, "z-image-turbo").json()["output"]["choices"][0]["message"]["content"][0]
    resource = trained(first, archive("1.jpg"))["finetuned_output"]
    before = first.ledger()
    first.kill()

    second = restart("--generation-s", "0.02")
    assert second.ledger()["totals"] == before["totals"]
    assert second.anonymous.get(picture["image"].replace(first.url, second.url)).status_code == 200
    assert portrait(second, resource).status_code == 200
