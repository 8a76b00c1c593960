"""A scheduled night through the whole production topology, while one of its workers is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas import beat_figures, layout, queues
from schemas.intake import IntakeState
from schemas.lane import LaneLimits
from schemas.result import JobResult
from schemas.states import BatchState, JobState
from tests.cli.command import prompt_of
from tests.deploy.flower_page import logged_in
from tests.deploy.topology import Topology
from tests.waiting import wait_until
from worker import figures

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
ROWS = 80
BATCH_FILE = """
manifest = "{address}"
model = "wanx-v1"
budget = "50CNY"
"""


@contextmanager
def running_topology(folder: Path) -> Iterator[Topology]:
    with ExitStack() as stack:
        topology = Topology(folder, stack)
        topology.start_all()
        yield topology


def test_a_scheduled_night_goes_through_while_a_worker_is_replaced(
    tmp_path: Path, chromium: Browser
) -> None:
    with running_topology(tmp_path) as topology:
        check_health(topology)
        schedule(topology)
        batch = fire(topology)
        url = f"http://127.0.0.1:{topology.flower_port}/"
        with logged_in(chromium, url, topology.secrets["flower-password"]) as page:
            wait_until(lambda: succeeded(topology, batch) > 5, 60, "the first pictures")
            check_threads_are_wanted(topology)
            check_it_is_seen_running(page, url, batch)
            assert topology.processes["worker-2"].terminate(30) == 0
            assert succeeded(topology, batch) < ROWS, "it was done before a worker was replaced"
            topology.start("worker-3", "worker")

            hurry(topology)
            finished = BatchState.FINISHED
            wait_until(lambda: topology.ledger.batches.state(batch) is finished, 90, batch)
            check_flower_shows_how_it_ended(page, url, batch)
        topology.wait_for_workers(3)
        check_everything_arrived_once(topology, batch)
        check_the_night_is_in_the_history(topology, batch)
        check_figures(topology)
        check_everybody_leaves_in_order(topology)
        check_logs(topology)


def check_health(topology: Topology) -> None:
    """What images and pods ask, and what a person asks first."""
    for part in ("beat", "flower", "fleet"):  # a worker's is in tests/cli
        health = topology.health(part)
        assert health.code == 0, health.out + health.err
    doctor = topology.desk("operator")("doctor")
    assert doctor.code == 0, doctor.out
    assert "appendfsync always" in doctor.out


def schedule(topology: Topology) -> None:
    """A night's manifest lies in the bucket; its time is one in the morning."""
    desk = topology.desk("producer")
    manifest = (desk.folder / desk.manifest("night", ROWS)).read_bytes()
    topology.storage.put("exports/night.csv", manifest, "text/csv")
    address = topology.storage.location("exports/night.csv")
    desk.write("batch.toml", BATCH_FILE.format(address=address))
    line = ("--cron", "0 1 * * *", "--tz", "Asia/Shanghai")
    added = desk("schedule", "add", "nightly", *line, "batch.toml")
    assert added.code == 0, added.err


def fire(topology: Topology) -> str:
    """As if it had become one a moment ago; the batch's name."""
    schedules, fleet = topology.ledger.schedules, topology.ledger.fleet
    planned = schedules.find("nightly")
    assert planned is not None
    now_ms = fleet.now_ms()
    assert schedules.book("nightly", planned.next_ms, now_ms - now_ms % 60_000)
    schedules.look_at("nightly", 0)
    wait_until(lambda: bool(schedules.nights("nightly")), 30, "the beat")
    (intake,) = schedules.nights("nightly")
    batch = intake.removeprefix("run:")
    wait_until(lambda: topology.ledger.batches.state(batch) is not None, 30, "the batch")
    return batch


def succeeded(topology: Topology, batch: str) -> int:
    status = topology.ledger.batches.status(batch)
    return 0 if status is None else status.succeeded


def check_it_is_seen_running(page: Page, url: str, batch: str) -> None:
    """Names of tasks, their ids, and the queues, for whoever logged in."""
    expect(page.locator("body")).to_contain_text("imagemill-")  # the workers
    page.goto(f"{url}tasks")
    row = page.locator("tbody tr", has_text=f"{batch}/").first
    expect(row).to_contain_text("imagemill.")
    expect(row).to_contain_text("dashscope:wanx-v1@default")
    page.goto(f"{url}broker")
    for queue in queues.QUEUES:
        expect(page.locator("tr", has_text=queue).first).to_be_visible()


def check_flower_shows_how_it_ended(page: Page, url: str, batch: str) -> None:
    page.goto(f"{url}tasks")
    row = page.locator("tbody tr", has_text=f"{batch}/").first
    expect(row).to_contain_text("SUCCESS")
    assert prompt_of("night", 0)[:20] not in page.content()


def hurry(topology: Topology) -> None:
    """There was time to look at it; now the provider admits more."""
    limits = LaneLimits(rate_per_s=20, window=30)
    assert topology.ledger.lanes.open("dashscope:wanx-v1@default", limits, pin=True)


def check_threads_are_wanted(topology: Topology) -> None:
    """The leader tells what the fleet is to be scaled by."""

    def wanted(calls: str) -> int:
        told = [topology.figures(name) for name in ("worker", "worker-2", "generate")]
        assert sum(one[figures.LEADER.name] for one in told) == 1
        return sum(one[f"{figures.THREADS_WANTED.name}{{{calls}}}"] for one in told)

    wait_until(lambda: wanted("short") > 0, 20, "a fresh reading")
    assert wanted("short") <= 8, "two orders a second, however many rows wait"
    assert wanted("long") == 0


def check_everything_arrived_once(topology: Topology, batch: str) -> None:
    lines = topology.storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).splitlines()
    results = [JobResult.model_validate_json(line) for line in lines]
    assert len(results) == ROWS
    assert {result.state for result in results} == {JobState.SUCCEEDED}
    orders = [task["prompt"] for task in topology.simulator.ledger(limit="1000")["tasks"]]
    assert len(orders) == len(set(orders)) == ROWS


def check_the_night_is_in_the_history(topology: Topology, batch: str) -> None:
    (night,) = topology.ledger.schedules.nights("nightly")
    status = topology.ledger.intakes.status(night)
    assert status is not None
    assert (status.state, status.batch, status.total) == (IntakeState.HANDED_IN, batch, ROWS)


def check_figures(topology: Topology) -> None:
    """Each endpoint tells what its process did, and the leader what is left to do."""
    ended = {name: jobs_ended(topology, name) for name in ("worker", "worker-2", "worker-3")}
    assert sum(ended.values()) == ROWS
    told = {name: topology.figures(name) for name in ("worker", "worker-3", "generate")}
    for name in ("worker", "worker-3"):
        assert told[name][f"{figures.JOBS_ENDED.name}{{succeeded}}"] == ended[name]
        assert told[name][figures.IMAGES.name] == ended[name]
        assert told[name][f"{figures.REQUESTS.name}{{throttled}}"] == 0
    beat = topology.figures("beat")
    assert beat[f"{beat_figures.NIGHTS.name}{{fired}}"] == 1
    assert beat[beat_figures.INTAKE_JOBS.name] == ROWS
    at_rest = {figures.WORKERS: 3, figures.JOBS: 0, figures.BATCHES_OPEN: 0}
    expected = {figure.name: n for figure, n in {**at_rest, figures.THREADS_WANTED: 0}.items()}
    # The leader's reading may be some seconds old.
    wait_until(lambda: expected.items() <= latest(topology).items(), 20, "a fresh reading")


def latest(topology: Topology) -> dict[str, int]:
    """The leader's reading."""
    told = [topology.figures(name) for name in ("worker", "worker-3", "generate")]
    return max(told, key=lambda one: one[figures.LEADER.name])


def jobs_ended(topology: Topology, name: str) -> int:
    """As the process's log has it."""
    entries = topology.processes[name].entries()
    return sum(e["event"] == "step.ended" and e["outcome"] == "Ended" for e in entries)


def check_everybody_leaves_in_order(topology: Topology) -> None:
    for name in ("beat", "flower", "generate", "worker", "worker-3"):
        assert topology.processes[name].terminate(30) == 0, name
    assert topology.ledger.fleet.workers() == {}
    assert topology.ledger.fleet.beats() == []


def check_logs(topology: Topology) -> None:
    """Nothing broke, nothing was refused, and no secret was said."""
    passwords = [
        text.partition("@")[0].rpartition(":")[2]
        for name, text in topology.secrets.items()
        if name.startswith("redis-url-")
    ]
    for name, process in topology.processes.items():
        log = process.log()
        for wrong in ("NOPERM", "Traceback", "step.broke", "beat.broke"):
            assert wrong not in log, (name, log)
        for secret in (*passwords, topology.secrets["flower-password"]):
            assert secret not in log, name
