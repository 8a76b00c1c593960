"""How tasks move, wait, are listed and cancelled, and what limits they meet."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until

OTHER = {"Authorization": "Bearer sk-somebody-else"}
BEIJING = timezone(timedelta(hours=8))


def status(simulator: RunningSimulator, task_id: str) -> str:
    text: str = simulator.output(task_id)["task_status"]
    return text


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=BEIJING)


def test_a_succeeded_task(simulator: RunningSimulator) -> None:
    task_id = simulator.created(n=2)
    output = simulator.ended(task_id)
    body = simulator.client.get(f"/api/v1/tasks/{task_id}").json()

    assert set(body) == {"request_id", "output", "usage"}
    assert body["usage"] == {"image_count": 2}
    assert output["task_id"] == task_id
    assert output["task_metrics"] == {"TOTAL": 2, "SUCCEEDED": 2, "FAILED": 0}
    assert [set(result) for result in output["results"]] == [{"url"}, {"url"}]
    for name in ("submit_time", "scheduled_time", "end_time"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", output[name])
    submitted = moment(output["submit_time"])
    assert abs(submitted - datetime.now(UTC)) < timedelta(seconds=30)
    assert submitted <= moment(output["scheduled_time"]) < moment(output["end_time"])


def test_results_repeat_the_prompt_when_told_to(
    simulator: RunningSimulator, start: Callable[..., RunningSimulator]
) -> None:
    simulator.configure(echo_prompt=True)
    cat, bikini = simulator.created("一只 cat", n=2), simulator.created("a bikini", n=2)
    told = [simulator.ended(task_id)["results"] for task_id in (cat, bikini)]
    assert [[one["orig_prompt"] for one in results] for results in told] == [
        ["一只 cat", "一只 cat"],
        ["a bikini", "a bikini"],
    ]
    assert set(told[0][0]) == {"url", "orig_prompt"}
    assert set(told[1][1]) == {"code", "message", "orig_prompt"}
    by_flag = start("--echo-prompt", "--generation-s", "0")
    assert by_flag.ended(by_flag.created("a cat"))["results"][0]["orig_prompt"] == "a cat"


def test_the_list_and_every_answer_tell_the_providers_time(simulator: RunningSimulator) -> None:
    answer = simulator.client.get("/api/v1/tasks")
    told = parsedate_to_datetime(answer.headers["date"])
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)


def test_surplus_tasks_stay_pending_in_order(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    first, second = simulator.created(), simulator.created()
    pending = simulator.output(second)

    assert (status(simulator, first), pending["task_status"]) == ("RUNNING", "PENDING")
    assert "scheduled_time" not in pending
    assert "results" not in pending


def test_tasks_run_in_the_order_they_came_and_never_too_many_at_once(
    simulator: RunningSimulator,
) -> None:
    simulator.configure(running=2)
    ids = [simulator.created() for _ in range(10)]
    for task_id in ids:
        assert simulator.ended(task_id)["task_status"] == "SUCCEEDED"
    ledger = simulator.ledger()

    assert ledger["models"]["wanx-v1"]["peak_running"] == 2
    started = [task["started_at"] for task in ledger["tasks"]]
    assert [task["task_id"] for task in ledger["tasks"]] == ids
    assert started == sorted(started)


def test_models_and_accounts_do_not_wait_for_each_other(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    simulator.created()
    other_model = simulator.created(model="flux-dev")

    assert status(simulator, other_model) == "RUNNING"


def test_raising_the_running_limit_starts_waiting_tasks(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    ids = [simulator.created() for _ in range(3)]
    simulator.configure(running=2)

    assert [status(simulator, task_id) for task_id in ids] == ["RUNNING", "RUNNING", "PENDING"]


def test_unknown_tasks_are_answered_with_200(simulator: RunningSimulator) -> None:
    task_id = str(uuid.uuid4())
    answer = simulator.client.get(f"/api/v1/tasks/{task_id}")

    assert answer.status_code == 200
    assert answer.json()["output"] == {"task_id": task_id, "task_status": "UNKNOWN"}
    assert set(answer.json()) == {"request_id", "output"}


def test_another_accounts_task_is_unknown(simulator: RunningSimulator) -> None:
    task_id = simulator.created()
    answer = simulator.anonymous.get(f"/api/v1/tasks/{task_id}", headers=OTHER)

    assert answer.json()["output"]["task_status"] == "UNKNOWN"
    assert simulator.anonymous.get("/api/v1/tasks", headers=OTHER).json()["total"] == 0


def test_tasks_are_forgotten_after_their_retention(simulator: RunningSimulator) -> None:
    task_id = simulator.created()
    url = simulator.ended(task_id)["results"][0]["url"]
    simulator.configure(retention_s=0)

    assert status(simulator, task_id) == "UNKNOWN"
    assert simulator.anonymous.get(url).status_code == 404


def test_a_pending_task_can_be_cancelled_and_nothing_else(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    running, pending = simulator.created(), simulator.created()
    answer = simulator.client.post(f"/api/v1/tasks/{pending}/cancel")

    assert answer.status_code == 200
    assert set(answer.json()) == {"request_id"}
    assert status(simulator, pending) == "CANCELED"
    for task_id in (running, pending, str(uuid.uuid4())):
        again = simulator.client.post(f"/api/v1/tasks/{task_id}/cancel")
        assert again.status_code == 400
        assert again.json()["code"] == "UnsupportedOperation"
    assert simulator.ledger()["totals"]["tasks_by_state"]["CANCELED"] == 1


def test_the_list_shows_tasks_newest_first_in_its_own_words(simulator: RunningSimulator) -> None:
    first = simulator.created()
    second = simulator.created(model="flux-dev")
    for task_id in (first, second):
        simulator.ended(task_id)
    body = simulator.client.get("/api/v1/tasks/").json()

    assert [entry["task_id"] for entry in body["data"]] == [second, first]
    assert (body["total"], body["total_page"], body["page_no"], body["page_size"]) == (2, 1, 1, 10)
    entry = body["data"][0]
    assert entry["status"] == "SUCCEEDED"
    assert entry["model_name"] == "flux-dev"
    assert entry["gmt_create"] <= entry["start_time"] <= entry["end_time"]
    assert abs(entry["gmt_create"] / 1000 - datetime.now(UTC).timestamp()) < 30
    assert "url" not in str(body["data"])


def test_the_list_filters(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    ids = [simulator.created(), simulator.created(), simulator.created(model="flux-dev")]

    def listed(**asked: str) -> list[str]:
        answer = simulator.client.get("/api/v1/tasks", params=asked)
        assert answer.status_code == 200, answer.text
        return [entry["task_id"] for entry in answer.json()["data"]]

    now = datetime.now(BEIJING)
    earlier, later = (f"{now + timedelta(minutes=m):%Y%m%d%H%M%S}" for m in (-10, 10))
    long_ago = f"{now - timedelta(minutes=5):%Y%m%d%H%M%S}"
    assert listed(model_name="flux-dev") == [ids[2]]
    assert listed(status="PENDING") == [ids[1]]
    assert listed(task_id=ids[0]) == [ids[0]]
    assert listed(region="cn-nowhere") == []
    assert listed(start_time=earlier, end_time=later) == ids[::-1]
    assert listed(start_time=earlier, end_time=long_ago) == []
    assert listed(page_no="2", page_size="2") == [ids[0]]


@pytest.mark.parametrize(
    "asked",
    [
        {"page_size": "0"},
        {"page_size": "101"},
        {"page_no": "x"},
        {"start_time": "yesterday"},
        {"start_time": "20261101000000", "end_time": "20261103000000"},
    ],
)
def test_the_list_refuses_nonsense(simulator: RunningSimulator, asked: dict[str, str]) -> None:
    answer = simulator.client.get("/api/v1/tasks", params=asked)

    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize("limiter", ["token-bucket", "sliding-window", "fixed-window"])
def test_too_many_creates_are_throttled_by_model(simulator: RunningSimulator, limiter: str) -> None:
    simulator.configure(rate=2, limiter=limiter)
    start_s = time.perf_counter()
    answers = [simulator.create() for _ in range(12)]
    elapsed_s = time.perf_counter() - start_s
    refused = [answer for answer in answers if answer.status_code == 429]

    # Two at once, two more where a fixed window begins anew, and two for every second it took.
    assert 2 <= len(answers) - len(refused) <= 4 + 2 * elapsed_s
    assert refused[0].json()["code"] == "Throttling.RateQuota"
    assert refused[0].json()["message"] == ("Requests rate limit exceeded, please try again later.")
    assert simulator.create(model="flux-dev").status_code == 200
    assert simulator.ledger()["throttled"] == {"create": len(refused)}
    wait_until(lambda: simulator.create().status_code == 200, what="the limit to recover")


@pytest.mark.parametrize("first", [0, 1, 2])
def test_all_task_queries_of_an_account_share_one_limit(
    simulator: RunningSimulator, first: int
) -> None:
    task_id = simulator.created()
    simulator.configure(query_rate=0.01)
    queries: list[Callable[[], httpx2.Response]] = [
        lambda: simulator.client.get(f"/api/v1/tasks/{task_id}"),
        lambda: simulator.client.get("/api/v1/tasks"),
        lambda: simulator.client.post(f"/api/v1/tasks/{uuid.uuid4()}/cancel"),
    ]

    assert queries[first]().status_code != 429
    assert [query().status_code for query in queries] == [429] * 3
    other = simulator.anonymous.get(f"/api/v1/tasks/{task_id}", headers=OTHER)
    assert other.status_code == 200


def test_the_same_seed_gives_the_same_generation_times(
    start: Callable[..., RunningSimulator],
) -> None:
    def durations() -> list[float]:
        options = ("--seed", "7", "--rate", "100", "--running", "9", "--generation-s", "0.02")
        simulator = start(*options, "--query-rate", "1000")
        for task_id in [simulator.created() for _ in range(5)]:
            simulator.ended(task_id)
        tasks = simulator.ledger()["tasks"]
        return [round(task["finished_at"] - task["started_at"], 1) for task in tasks]

    first = durations()
    assert durations() == pytest.approx(first, abs=0.2)
    assert len(set(first)) > 1
