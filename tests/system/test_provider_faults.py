"""What providers do to their customers, one thing after another, on a running fleet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from schemas.failure import ErrorClass
from schemas.result import JobResult
from schemas.states import JobState
from tests.cli.command import prompt_of
from tests.system.mill import FLUX, WANX, Mill
from tests.waiting import wait_until

pytestmark = pytest.mark.system
ACCOUNTS = "throttled asked mishaps poor"
"""One for each test: an account's lanes and buckets are its own."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill with one worker, which all tests of this file share."""
    with ExitStack() as stack:
        mill = Mill(tmp_path_factory.mktemp("faults") / "mill", stack, accounts=ACCOUNTS)
        mill.start_workers(1)
        yield mill


def ordered(mill: Mill, name: str, rows: int, **fault: object) -> str:
    """A batch through an account of its own name, while `fault` strikes its prompts."""
    mill.simulator.script({"match": f" {name} ", **fault})
    return mill.submit(mill.command_line.manifest(name, rows), "--account", name)


def struck(mill: Mill, name: str) -> int:
    faults = mill.simulator.client.get("/_faults").json()
    return sum(fault["fired"] for fault in faults if fault["match"] == f" {name} ")


def refusal(status: int, code: str, message: str = "no") -> dict[str, object]:
    return {"kind": "error", "status": status, "code": code, "message": message}


def check_all_well(mill: Mill, batch: str, attempts: int = 1) -> dict[str, JobResult]:
    results = mill.results(batch)
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    assert {result.attempts for result in results.values()} == {attempts}
    mill.check_pictures(results)
    return results


def test_too_many_orders_are_slowed_down_and_none_is_lost(running: Mill) -> None:
    too_many = refusal(429, "Throttling.RateQuota") | {"headers": {"Retry-After": "1"}}
    batch = ordered(running, "throttled", 12, on="create", times=4, do=too_many)

    running.finished(batch)

    check_all_well(running, batch)
    assert struck(running, "throttled") == 4
    lane = running.ledger.lanes.status(f"{WANX}@throttled")
    assert lane is not None
    assert lane.throttled == 4
    assert lane.stopped is None


def test_too_many_questions_are_asked_later_and_end_no_job(running: Mill) -> None:
    too_many = refusal(429, "Throttling.RateQuota")
    batch = ordered(running, "asked", 12, on="get", times=8, do=too_many)

    running.finished(batch)

    check_all_well(running, batch)
    assert struck(running, "asked") == 8
    assert set(running.orders(" asked ").values()) == {1}


MISHAPS: list[tuple[str, dict[str, object], int]] = [
    ("create", refusal(500, "InternalError"), 2),
    ("create", refusal(503, "ServiceUnavailable"), 2),
    ("get", refusal(500, "InternalError"), 1),
    ("get", {"kind": "drop"}, 1),
    ("get", {"kind": "garbage"}, 1),
    ("get", {"kind": "unknown"}, 1),
    ("download", {"kind": "truncate"}, 1),
    ("download", {"kind": "wrong-type"}, 1),
    ("download", {"kind": "corrupt"}, 1),
    ("download", {"kind": "drop"}, 1),
    ("download", {"kind": "expired"}, 1),
    ("download", refusal(500, "InternalError"), 1),
    ("create", {"kind": "fail", "code": "InternalError", "message": "no"}, 2),
]
"""Where it happens, what happens, and how many attempts the job takes then."""


def test_mishaps_are_got_over_each_in_its_own_way(running: Mill) -> None:
    running.simulator.script(
        *(
            {"on": on, "match": prompt_of("mishaps", row), "do": do}
            for row, (on, do, _) in enumerate(MISHAPS)
        )
    )
    rows = len(MISHAPS) + 2
    lost, refused = prompt_of("mishaps", rows - 2), prompt_of("mishaps", rows - 1)
    running.simulator.script({"on": "create", "match": lost, "do": {"kind": "drop-after"}})
    desk = running.command_line
    name = desk.manifest("mishaps", rows)
    text = (desk.folder / name).read_text().replace(refused, f"{refused} with a pistol")
    batch = running.submit(desk.write(name, text), "--account", "mishaps")

    running.finished(batch)

    results = list(running.results(batch).values())
    *well, unanswered, moderated = results
    for result, (on, do, attempts) in zip(well, MISHAPS, strict=True):
        assert (result.state, result.attempts) == (JobState.SUCCEEDED, attempts), (on, do)
    running.check_pictures({result.id: result for result in well})
    check_fresh_address(running)

    assert unanswered.state is JobState.UNCERTAIN
    assert unanswered.failures[0].error_class is ErrorClass.AMBIGUOUS
    assert running.orders(lost) == {lost: 1}

    assert moderated.state is JobState.FAILED
    assert moderated.failures[0].error_class is ErrorClass.MODERATED
    assert moderated.cost_micro == 0
    said = desk("results", batch).out
    assert "content rules" in said
    assert "may have been charged" in said
    status = desk("status", batch, "--json").document
    assert (status["succeeded"], status["uncertain"], status["failed"]) == (len(MISHAPS), 1, 1)
    assert desk("watch", batch).code == 4


def check_fresh_address(mill: Mill) -> None:
    """An address that was too old was asked for again; nothing was ordered again for it."""
    row = next(row for row, (_, do, _) in enumerate(MISHAPS) if do["kind"] == "expired")
    (worker,) = mill.workers
    steps = [entry for entry in worker.entries() if entry.get("job") == f"mishaps-{row:03}"]
    outcomes = [entry["outcome"] for entry in steps]
    assert "AskAgain" in outcomes
    assert outcomes.count("Ticketed") == 1


def test_arrears_stop_a_lane_and_paying_them_lets_it_go_on(running: Mill) -> None:
    arrears = refusal(400, "Arrearage", "Access denied, please make sure your account is in order.")
    running.simulator.script({"on": "create", "match": "wanx-v1 poor", "times": -1, "do": arrears})
    desk = running.command_line
    lines = ["sku,prompt,model"]
    lines += [f"w{i},a mug for wanx-v1 poor {i},wanx-v1" for i in range(6)]
    lines += [f"f{i},a jar for flux poor {i},flux-schnell" for i in range(6)]
    manifest = desk.write("poor.csv", "\n".join(lines))
    batch = running.submit(manifest, "--account", "poor")
    lane = f"{WANX}@poor"
    wait_until(lambda: running.status(batch).succeeded == 6, 20, "the other lane's rows")
    wait_until(lambda: running.status(batch).in_play == 0, 20, "rows to go back")

    status = desk("status", batch, "--json").document
    assert (status["state"], status["pending"], status["failed"]) == ("running", 6, 0)
    assert "Arrearage" in status["stopped"][lane]
    shown = desk("status", batch).out
    assert lane in shown
    assert "account is in order" in shown
    assert f"{FLUX}@poor" not in status["stopped"]
    again = desk("submit", manifest, "--account", "poor", "--wait", "--json")
    for waited in (desk("watch", batch), again):
        assert (waited.code, waited.out) == (7, "")
        assert "account is in order" in waited.err
        assert (
            f"6 rows wait, unpaid. Put it right. Then say `imagemill resume {lane}`" in waited.err
        )

    running.simulator.client.delete("/_faults")
    resumed = desk("lanes", "resume", lane)
    assert (resumed.code, resumed.out) == (0, "")
    running.finished(batch)
    check_all_well(running, batch)
