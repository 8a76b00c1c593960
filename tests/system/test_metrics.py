"""What real worker processes tell of a night's work: metrics by HTTP, spans, lines in the log."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schemas.figure import Figure
from tests.http_server import QuietHandler, serving
from tests.system.mill import WANX, Mill
from tests.system.samples import Samples, scraped
from tests.system.traced_worker import traced_worker
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until
from worker import figures

pytestmark = pytest.mark.system
ROWS = 12
LANE = f"{WANX}@default"


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """An OpenTelemetry collector's address, and the spans it got."""
    spans: list[Span] = []
    lock = threading.Lock()

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server fixes the name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            request = ExportTraceServiceRequest.FromString(body)
            with lock:
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        spans.extend(scope.spans)
            self.answer(200, b"")

    with serving(Handler) as url:
        yield url, spans


def test_a_night_is_told_by_those_who_work_on_it(mill: Mill) -> None:
    with collector() as (url, spans):
        settings = {
            "IMAGEMILL_METRICS__PORT": "0",
            "IMAGEMILL_TRACES__ENDPOINT": f"{url}/v1/traces",
        }
        workers = [mill.start_worker(traced_worker, **settings) for _ in range(2)]
        mill.wait_for(*workers)
        batch = mill.submit(mill.command_line.manifest("cups", ROWS))
        status = mill.finished(batch)
        # What is counted once it is written down may come a moment later.
        wait_until(lambda: finished(workers) == (1, 1), what="the last chores to be counted")
        check_metrics([scraped(worker) for worker in workers], status.images)
        assert [worker.terminate(30) for worker in workers] == [0, 0]
        check_log(workers, batch)
        check_traces(spans, batch)


def finished(workers: list[WorkerProcess]) -> tuple[float, float]:
    """Chunks sealed and batches finished, of all workers."""
    told = [scraped(worker) for worker in workers]
    return (
        sum(samples.total(figures.CHUNKS.name, chore="seal") for samples in told),
        sum(samples.total(figures.BATCHES_FINISHED.name) for samples in told),
    )


def check_metrics(told: list[Samples], images: int) -> None:
    def total(figure: Figure, ending: str = "", **labels: str) -> float:
        return sum(samples.total(figure.name + ending, **labels) for samples in told)

    assert total(figures.IMAGES, lane=LANE) == images == ROWS
    assert total(figures.JOBS_ENDED, lane=LANE, state="succeeded") == ROWS
    assert total(figures.COST, lane=LANE, currency="CNY") == pytest.approx(0.16 * ROWS)
    assert total(figures.SLOTS, lane=LANE, bucket="orders", answer="granted") >= ROWS
    for phase in ("submit", "fetch"):
        assert total(figures.REQUESTS, lane=LANE, phase=phase, answer="ok") == ROWS
        assert total(figures.REQUEST_SECONDS, "_count", lane=LANE, phase=phase) == ROWS
    assert total(figures.REQUEST_SECONDS, "_sum", lane=LANE, phase="poll") > 0
    assert total(figures.STORAGE_SECONDS, "_count", operation="put") >= 2 * ROWS
    assert total(figures.CHUNKS, lane=LANE, chore="load") == 1
    assert total(figures.LEADER) == 1, "one leads"
    assert total(figures.THREADS) == 32
    # The leader's reading may be some seconds old: of the lane, not of the last job.
    assert total(figures.WORKERS) == 2
    assert total(figures.RATE_LIMIT, lane=LANE) == 50
    assert total(figures.BINDS, lane=LANE) == 1, "one thing binds"
    assert {sum(figures.JOBS.name in samples.names for samples in told)} == {1}
    for samples in told:
        assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= samples.names
        assert not samples.labels & {"batch", "job"}


def check_log(workers: list[WorkerProcess], batch: str) -> None:
    entries = [entry for worker in workers for entry in worker.entries()]
    ended = [e for e in entries if e["event"] == "step.ended" and e["outcome"] == "Ended"]
    assert {entry["job"] for entry in ended} == {f"cups-{i:03}" for i in range(ROWS)}
    for entry in ended:
        assert (entry["batch"], entry["lane"], entry["step"]) == (batch, LANE, "store")
        assert (entry["attempt"], entry["state"]) == (1, "succeeded")
        assert entry["elapsed_s"] >= 0
        assert "errors" not in entry


def check_traces(spans: list[Span], batch: str) -> None:
    """Each job is one trace, whole: under its own name, whichever process did what."""
    by_trace: defaultdict[str, set[str]] = defaultdict(set)
    for span in spans:
        by_trace[span.trace_id.hex()].add(span.name)
    assert set(by_trace) == {
        hashlib.sha256(f"{batch}/cups-{i:03}#1".encode()).hexdigest()[:32] for i in range(ROWS)
    }
    for names in by_trace.values():
        assert {"job", "submit", "poll", "store", "provider.submit", "provider.fetch"} <= names
    jobs = {span.span_id for span in spans if span.name == "job"}
    above = {span.parent_span_id for span in spans if span.name in ("submit", "poll", "store")}
    assert above == jobs


def test_a_port_that_is_taken_ends_the_worker_with_words(mill: Mill) -> None:
    (first,) = mill.start_workers(1, IMAGEMILL_METRICS__PORT="0")
    wait_until(lambda: "metrics.listening" in first.log(), what="a port")
    (listening,) = [e for e in first.entries() if e["event"] == "metrics.listening"]
    second = mill.start_worker(IMAGEMILL_METRICS__PORT=str(listening["port"]))
    assert second.process.wait(30) == 7
    assert "IMAGEMILL_METRICS__PORT" in second.log()
    assert "Traceback" not in second.log()


def test_traces_without_the_extra_are_refused_with_words(mill: Mill) -> None:
    worker = mill.start_worker(IMAGEMILL_TRACES__ENDPOINT="http://127.0.0.1:9/v1/traces")
    assert worker.process.wait(30) == 7
    assert "pip install 'imagemill[otel]'" in worker.log()
    assert "Traceback" not in worker.log()
