"""Traces: one for each round of a job, whoever does its steps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ledger.moves import Claim
from schemas.states import JobState
from tests.steps.mill import Mill
from worker.measured import MeasuredProviders, Stopwatch
from worker.otel import OpenTelemetry
from worker.tasks import Desk


@contextmanager
def traced(mill: Mill, sample: float = 1.0) -> Iterator[tuple[Desk, InMemorySpanExporter]]:
    """A worker process that tells of its steps, and what it told."""
    exporter = InMemorySpanExporter()
    tracing = OpenTelemetry(SimpleSpanProcessor(exporter), "worker", sample)
    tools = mill.tools
    stopwatch = Stopwatch(tools.metrics, tracing, tools.clock)
    providers = MeasuredProviders(tools.providers, stopwatch)
    yield Desk(replace(tools, providers=providers, tracing=tracing), mill.heartbeat), exporter
    tracing.close()


def ids(span: ReadableSpan) -> tuple[str, str, str]:
    """Trace, span and what is above it."""
    assert span.context is not None
    above = f"{span.parent.span_id:016x}" if span.parent is not None else ""
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", above


def test_two_processes_tell_of_one_job(mill: Mill) -> None:
    with traced(mill) as (first, told_first), traced(mill) as (second, told_second):
        claim = mill.released()
        first.step("submit", claim)
        second.step("poll", mill.due_again(JobState.RUNNING))
        first.step("store", mill.due_again(JobState.STORING))
    spans = {
        span.name: span
        for exporter in (told_first, told_second)
        for span in exporter.get_finished_spans()
    }
    assert set(spans) == {
        "submit", "poll", "store", "job", "provider.submit", "provider.poll", "provider.fetch"
    }  # fmt: skip
    trace, root, above = ids(spans["job"])
    assert above == ""
    assert trace == hashlib.sha256(f"{claim.ref}#1".encode()).hexdigest()[:32]
    for name in ("submit", "poll", "store"):
        of_step = ids(spans[name])
        assert (of_step[0], of_step[2]) == (trace, root)
        of_request = "fetch" if name == "store" else name
        assert ids(spans[f"provider.{of_request}"])[::2] == (trace, of_step[1])
    assert spans["submit"].attributes == {
        "imagemill.batch": claim.batch,
        "imagemill.job": claim.job,
        "imagemill.lane": claim.lane,
        "imagemill.claim": str(claim.number),
        "imagemill.outcome": "Ticketed",
    }
    assert (spans["job"].attributes or {})["imagemill.state"] == "succeeded"
    assert (spans["job"].start_time or 0) <= (spans["job"].end_time or 0)


def test_no_prompt_and_no_address_is_told(mill: Mill) -> None:
    with traced(mill) as (desk, told):
        desk.step("store", mill.storing())
    words = " ".join(span.to_json() for span in told.get_finished_spans())
    assert "straw hat" not in words
    assert "http" not in words.replace('"schema_url"', "")


def test_a_share_of_the_jobs_is_traced_whole(mill: Mill) -> None:
    """All processes agree on which: what is left out leaves nothing half told."""
    with traced(mill, sample=1e-18) as (desk, told):
        desk.step("submit", mill.released())
        desk.step("poll", mill.due_again(JobState.RUNNING))
        desk.step("store", mill.due_again(JobState.STORING))
    assert told.get_finished_spans() == ()


@pytest.mark.parametrize("round_", [1, 2])
def test_each_round_is_a_trace_of_its_own(mill: Mill, round_: int) -> None:
    exporter = InMemorySpanExporter()
    tracing = OpenTelemetry(SimpleSpanProcessor(exporter), "worker", 1.0)
    with tracing.step("poll", Claim("dashscope:wanx-v1@default", "night/SKU-1", 3), round_):
        pass
    tracing.close()
    (span,) = exporter.get_finished_spans()
    assert ids(span)[0] == hashlib.sha256(f"night/SKU-1#{round_}".encode()).hexdigest()[:32]


def test_a_look_at_the_list_belongs_to_no_job(mill: Mill) -> None:
    exporter = InMemorySpanExporter()
    tracing = OpenTelemetry(SimpleSpanProcessor(exporter), "worker", 1.0)
    with tracing.request("list"):
        pass
    tracing.close()
    assert exporter.get_finished_spans() == ()
