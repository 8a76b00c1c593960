"""What the ledger says of the fleet: told by the leader alone, and read no more often than needed."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ledger.opening import Ledger
from schemas.batch_file import BatchFile
from schemas.catalogue import catalogue
from schemas.figure import Figure
from schemas.intake import Intake, IntakeEnd, IntakeState, run_id
from schemas.lane import Lane, LaneLimits
from schemas.schedule import Schedule
from tests.steps.instant_clock import InstantClock
from tests.steps.logs import logged
from tests.steps.mill import LANE, Mill, job
from tests.steps.watched_ledger import Wire, watched_ledger
from tests.valkey import Valkey
from worker import figures
from worker.dispatcher import TERM_S
from worker.endpoint import Endpoint, NoEndpoint, open_endpoint
from worker.fleet_metrics import STANDS_S, FleetMetrics
from worker.models import Models
from worker.policy.demand import ORDER_S

ASKED = "2026-02-01T00:00:00+00:00"
NIGHTLY = Schedule(
    name="nightly",
    cron="0 1 * * *",
    tz="UTC",
    order=BatchFile(manifest="s3://shop/night.csv"),
    added_at=ASKED,
)
READING = 11
"""The lanes' names; three for all of their usage; the queues; who works (the time, then the list); the
open batches; who beats (likewise); the schedules."""


def told(registry: CollectorRegistry, figure: Figure, **labels: str) -> float | None:
    return registry.get_sample_value(figure.name, labels)


def registry_of(fleet: FleetMetrics) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(fleet)
    return registry


def test_the_leader_tells_of_every_lane(mill: Mill) -> None:
    mill.hand_in([job(f"SKU-{i}") for i in range(5)], limits=LaneLimits(rate_per_s=9, window=2))
    mill.ledger.fleet.report_in("worker-1", 8)
    mill.hand_out()
    registry = registry_of(FleetMetrics(mill.ledger, mill.models, lambda: True, mill.clock))
    assert told(registry, figures.JOBS, lane=LANE, state="pending") == 3
    assert told(registry, figures.JOBS, lane=LANE, state="released") == 2
    assert told(registry, figures.WINDOW_USED, lane=LANE) == 2
    assert told(registry, figures.WINDOW_LIMIT, lane=LANE) == 2
    assert told(registry, figures.RATE_LIMIT, lane=LANE) == 9
    assert told(registry, figures.BINDS, lane=LANE, limit="running") == 1
    assert told(registry, figures.BINDS, lane=LANE, limit="workers") == 0
    assert told(registry, figures.THREADS_WANTED, lane=LANE, calls="short") == pytest.approx(
        ORDER_S * 2 / mill.models.find(Lane.parse(LANE)).typical_s
    )
    assert told(registry, figures.THREADS_WANTED, lane=LANE, calls="long") == 0
    assert told(registry, figures.WORKERS) == 1
    assert told(registry, figures.WORKER_THREADS) == 8
    assert told(registry, figures.QUEUE, queue="submit") == 0
    assert told(registry, figures.BATCHES_OPEN) == 1


def test_the_leader_tells_of_nights_that_failed(mill: Mill) -> None:
    schedules, intakes = mill.ledger.schedules, mill.ledger.intakes
    for name, state in (
        ("good", IntakeState.HANDED_IN),
        ("refused", IntakeState.REFUSED),
        ("missed", IntakeState.MISSED),
        ("open", None),
    ):
        schedules.put(NIGHTLY.model_copy(update={"name": name}), 3)
        for day, ended in ((1, IntakeState.REFUSED), (2, state)):
            night = f"{name}-2026020{day}"
            intakes.open(Intake(id=run_id(night), order=NIGHTLY.order, asked_at=ASKED))
            schedules.book(name, 3, 3, {run_id(night): day})
            if ended is not None:
                intakes.end(run_id(night), IntakeEnd(state=ended, ended_at=ASKED))
    schedules.put(NIGHTLY, 3)
    mill.ledger.fleet.report_beat("one")
    registry = registry_of(FleetMetrics(mill.ledger, mill.models, lambda: True, mill.clock))
    names = ("good", "refused", "missed", "open", "nightly")
    failed = [told(registry, figures.NIGHT_FAILED, schedule=name) for name in names]
    assert failed == [0, 1, 1, 0, 0]
    assert told(registry, figures.MANIFESTS_WAITING) == 1
    assert told(registry, figures.BEATS) == 1


def test_every_figure_of_the_fleet_is_told(mill: Mill) -> None:
    mill.hand_in([job()])
    mill.ledger.schedules.put(NIGHTLY, 1)
    found = {
        sample.name: set(sample.labels)
        for family in FleetMetrics(mill.ledger, mill.models, lambda: True, mill.clock).collect()
        for sample in family.samples
    }
    assert found == {figure.name: set(figure.labels) for figure in figures.FLEET}


def test_whoever_does_not_lead_tells_nothing_and_asks_nothing(
    valkey: Valkey, ledger: Ledger
) -> None:
    wire = Wire()
    with watched_ledger(valkey.port, wire) as watched:
        fleet = FleetMetrics(
            watched, Models(catalogue(), watched.lanes), lambda: False, InstantClock()
        )
        assert list(fleet.collect()) == []
        assert wire.round_trips == 0


def test_a_reading_stands_for_some_seconds(valkey: Valkey, ledger: Ledger, tmp_path: Path) -> None:
    Mill(ledger, tmp_path).hand_in([job(lane=f"dashscope:wanx-v1@a{i}") for i in range(20)])
    wire, clock = Wire(), InstantClock()
    with watched_ledger(valkey.port, wire) as watched:
        fleet = FleetMetrics(watched, Models(catalogue(), watched.lanes), lambda: True, clock)
        for _ in range(9):
            assert list(fleet.collect())
        assert wire.round_trips <= READING, "however many lanes, and however often"
        clock.passed_s += STANDS_S
        assert list(fleet.collect())
        assert READING < 2 * wire.round_trips <= 4 * READING


def test_a_ledger_that_is_away_leaves_the_processs_own_figures(
    valkey: Valkey, ledger: Ledger
) -> None:
    with watched_ledger(valkey.port, Wire(breaks_at=1)) as watched, logged() as lines:
        assert (
            list(
                FleetMetrics(
                    watched, Models(catalogue(), watched.lanes), lambda: True, InstantClock()
                ).collect()
            )
            == []
        )
    assert [line["event"] for line in lines.all()] == ["metrics.ledger"]


def test_the_leader_is_known_by_its_term(mill: Mill) -> None:
    leader = mill.dispatcher
    assert not leader.leads(0.5), "nobody leads before the first turn"
    seen: list[bool] = []
    mill.clock.passed_s = 100.0
    mill.clock.meanwhile = lambda: seen.append(leader.leads(mill.clock.monotonic_s()))
    mill.clock.interrupt_after = 3
    leader.run(mill.clock)
    assert seen == [True] * 3
    assert not leader.leads(mill.clock.monotonic_s()), "it has resigned"


def test_a_leader_that_froze_does_not_say_that_it_leads(mill: Mill) -> None:
    mill.clock.meanwhile = lambda: frozen.append(mill.dispatcher.leads(TERM_S + 1.0))
    frozen: list[bool] = []
    mill.clock.passed_s = 0.5
    mill.clock.interrupt_after = 1
    mill.dispatcher.run(mill.clock)
    assert frozen == [False]


@pytest.fixture
def endpoint(mill: Mill) -> Iterator[Endpoint]:
    mill.tools.metrics.count(figures.CHUNKS, LANE, "load")
    opened = open_endpoint(mill.tools.metrics.registry, "127.0.0.1", 0)
    yield opened
    opened.close()


def test_metrics_are_read_over_http(mill: Mill, endpoint: Endpoint) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}/metrics") as answer:
        text = answer.read().decode()
    assert text == generate_latest(mill.tools.metrics.registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    chunks = families["imagemill_chunks"].samples
    assert {(s.name, s.value) for s in chunks} >= {("imagemill_chunks_total", 1.0)}


def test_a_port_that_is_taken_is_said_with_what_to_do(mill: Mill, endpoint: Endpoint) -> None:
    with pytest.raises(NoEndpoint, match=r"127\.0\.0\.1:\d+.*IMAGEMILL_METRICS__PORT"):
        open_endpoint(mill.tools.metrics.registry, "127.0.0.1", endpoint.port)
