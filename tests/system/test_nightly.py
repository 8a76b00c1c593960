"""A night with all its processes: two beats, one batch, nothing paid for twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery

from ledger.keys import BROKER_PREFIX, HOURS, INTAKES
from ledger.opening import Ledger
from schemas import beat_figures as figures
from schemas import queues
from schemas.intake import IntakeState
from schemas.states import JobState
from tests.cli import forked
from tests.cli.command import prompt_of
from tests.http_server import QuietHandler, serving
from tests.seaweed import Seaweed
from tests.system.mill import Mill
from tests.system.samples import scraped
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.system
ROWS = 12


class Shop(QuietHandler):
    """Exports its table, as soon as it may."""

    table = b""
    asked = threading.Event()
    open = threading.Event()

    def do_GET(self) -> None:  # noqa: N802 - the library calls it so
        """The table."""
        self.asked.set()
        self.open.wait(30)
        with suppress(ConnectionError):  # whoever asked was killed
            self.answer(200, self.table)


class Beats:
    """The beats of a mill; one that ended is followed by another."""

    def __init__(self, mill: Mill, folder: Path) -> None:
        self._mill = mill
        self._folder = folder
        self._all: list[WorkerProcess] = []

    def alive(self, count: int) -> list[WorkerProcess]:
        """So many that turn."""
        found = [one for one in self._all if one.process.poll() is None][:count]
        while len(found) < count:
            log = self._folder / f"beat-{len(self._all)}.log"
            self._all.append(WorkerProcess(self._mill.command_line, log, forked.command, ["beat"]))
            found.append(self._all[-1])
        names = {one.name for one in found}
        wait_until(lambda: names <= set(self._mill.ledger.fleet.beats()), 60, "beats")
        return found

    def kill(self) -> None:
        for one in self._all:
            one.kill()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The address of a shop on this machine."""
    with serving(Shop) as url:
        yield url


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed, shop: str) -> Iterator[Mill]:
    """A mill with a worker, whose manifests and pictures lie in a bucket."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("nightly")
        found = Mill(folder / "mill", stack, seaweed)
        own_hosts = json.dumps([shop.removeprefix("http://")])
        found.command_line.variables["IMAGEMILL_MANIFESTS__OWN_HOSTS"] = own_hosts
        found.command_line.variables["IMAGEMILL_METRICS__BEAT_PORT"] = "0"
        found.start_workers(1)
        yield found


@pytest.fixture(scope="module")
def beats(mill: Mill, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beats]:
    started = Beats(mill, tmp_path_factory.mktemp("beats"))
    yield started
    started.kill()


def due_now(ledger: Ledger, name: str) -> None:
    """As if the night's time had come a moment ago."""
    planned = ledger.schedules.find(name)
    assert planned is not None
    now_ms = ledger.fleet.now_ms()
    assert ledger.schedules.book(name, planned.next_ms, now_ms - now_ms % 60_000)
    ledger.schedules.look_at(name, 0)


def around_now(mill: Mill) -> str:
    """Hours in which nothing of a test ends or begins."""
    now = datetime.fromtimestamp(mill.ledger.fleet.now_ms() / 1000, UTC)
    return "-".join(f"{now + timedelta(hours=h):%H:%M}" for h in (-2, 10))


def night(mill: Mill, name: str) -> dict[str, object]:
    """The newest night of a schedule, once it ended."""

    def ended() -> bool:
        found = mill.ledger.schedules.nights(name, 1)
        status = mill.ledger.intakes.status(found[0]) if found else None
        return status is not None and status.ended_at is not None

    wait_until(ended, 40, "the night")
    return mill.command_line("schedule", "history", name, "--limit", "1", "--json").document


def figures_tell_it(beats: list[WorkerProcess]) -> bool:
    """One of the beats fired the night and read its manifest, and says so to Prometheus."""
    told = [scraped(beat) for beat in beats]
    fired = [one.total(figures.NIGHTS.name, schedule="jars", outcome="fired") for one in told]
    jobs = sum(one.total(figures.INTAKE_JOBS.name) for one in told)
    read = sum(one.total(figures.INTAKES.name, outcome="handed_in") for one in told)
    took = sum(one.total(f"{figures.INTAKE_SECONDS.name}_count") for one in told)
    return sum(fired) == 1 and jobs >= ROWS and read >= 1 and took >= 1


def test_two_beats_hand_a_night_in_once_and_the_next_costs_nothing(
    mill: Mill, beats: Beats
) -> None:
    desk = mill.command_line
    first_beat, second_beat = beats.alive(2)
    desk.manifest("jars", ROWS)
    mill.storage.put("exports/jars.csv", (desk.folder / "jars.csv").read_bytes(), "text/csv")
    address = mill.storage.location("exports/jars.csv")
    desk.write("batch.toml", f'manifest = "{address}"\nmodel = "wanx-v1"\nbudget = "5CNY"\n')
    line = ("--cron", "0 1 * * *", "--window", around_now(mill))
    added = desk("schedule", "add", "jars", *line, "batch.toml")
    assert added.code == 0, added.err
    assert "no beat" not in added.err

    due_now(mill.ledger, "jars")
    first = night(mill, "jars")

    assert first["state"] == IntakeState.HANDED_IN, first
    batch = str(first["batch"])
    status = mill.finished(batch)
    assert (status.succeeded, status.images) == (ROWS, ROWS)
    results = mill.results(batch)
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    mill.check_pictures(results)
    assert set(mill.orders(" jars ").values()) == {1}
    assert len(mill.ledger.schedules.nights("jars")) == 1
    wait_until(lambda: figures_tell_it([first_beat, second_beat]), 10, "figures")

    again = desk("schedule", "run-now", "jars")
    assert again.code == 0, again.err
    extra = again.out.strip()
    wait_until(lambda: mill.ledger.batches.state(extra) is not None, 40, extra)
    second = mill.finished(extra)
    assert (second.succeeded, second.reused) == (ROWS, ROWS)
    assert sum(mill.orders(" jars ").values()) == ROWS
    mill.check_nothing_in_motion()
    assert mill.ledger.client.exists(INTAKES, HOURS) == 0
    assert second_beat.terminate(15) == 0
    assert second_beat.name not in mill.ledger.fleet.beats()


def test_what_a_killed_beat_was_reading_is_read_by_another(
    mill: Mill, beats: Beats, shop: str
) -> None:
    desk = mill.command_line
    first, second = beats.alive(2)
    Shop.table = (desk.folder / desk.manifest("pots", 4)).read_bytes()
    Shop.open.set()
    added = desk("schedule", "add", "pots", "--cron", "0 1 * * *", f"{shop}/pots.csv")
    assert added.code == 0, added.err
    Shop.open.clear()
    Shop.asked.clear()

    second.freeze()
    due_now(mill.ledger, "pots")
    assert Shop.asked.wait(40)
    first.kill()
    second.thaw()
    Shop.open.set()
    (intake,) = mill.ledger.schedules.nights("pots")
    mill.ledger.client.zadd(INTAKES, {intake: 0})  # as if the killed one's lease had ended

    assert night(mill, "pots")["total"] == 4
    mill.finished(str(night(mill, "pots")["batch"]))
    assert set(mill.orders(" pots ").values()) == {1}


def test_another_program_orders_by_a_plain_message(mill: Mill, beats: Beats) -> None:
    beats.alive(1)
    lines = ["sku,prompt", *(f"L-{n},{prompt_of('lamps', n)}" for n in range(3))]
    mill.storage.put("exports/lamps.csv", "\n".join(lines).encode(), "text/csv")
    address = mill.storage.location("exports/lamps.csv")
    app = Celery("a shop", broker=mill.valkey.url, set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": BROKER_PREFIX}
    order = json.dumps({"model": "wanx-v1", "batch": "lamps"})
    for _ in range(2):
        app.send_task("imagemill.ingest", args=[address, order], queue=queues.INGEST)
    app.close()
    wait_until(lambda: mill.ledger.batches.state("lamps") is not None, 40, "the batch")
    assert mill.finished("lamps").succeeded == 3
    assert set(mill.orders(" lamps ").values()) == {1}
