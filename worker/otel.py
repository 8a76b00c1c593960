"""Traces by OpenTelemetry: the one file that knows it, imported only where traces are asked for.

A job's trace id is made of its batch, id and round, and so is the id of the span that holds the
whole job. Hence every process that does a step of a job adds to the same trace, and nothing of it
has to travel or be kept. Whether a job is traced is decided by its trace id, alike everywhere.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

from ledger.moves import Claim

SERVICE = "imagemill-worker"
SEND_TIMEOUT_S = 5.0
"""A collector that does not answer holds up a worker's end for so long at most."""


class _Ids(IdGenerator):
    """Random ids, but for the span that holds a whole job."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._own = threading.local()

    @contextmanager
    def of_job(self, root: SpanContext) -> Iterator[None]:
        """Spans that this thread begins now have the ids of `root`."""
        self._own.root = root
        try:
            yield
        finally:
            self._own.root = None

    def generate_span_id(self) -> int:
        """An id for the next span."""
        root: SpanContext | None = getattr(self._own, "root", None)
        return self._random.generate_span_id() if root is None else root.span_id

    def generate_trace_id(self) -> int:
        """An id for the next trace."""
        root: SpanContext | None = getattr(self._own, "root", None)
        return self._random.generate_trace_id() if root is None else root.trace_id


class OpenTelemetry:
    """Sends spans; see worker/tracing.py for what of."""

    def __init__(self, processor: SpanProcessor, worker: str, sample: float) -> None:
        self._ids = _Ids()
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(sample),
            resource=Resource.create({"service.name": SERVICE, "service.instance.id": worker}),
            id_generator=self._ids,
            span_limits=SpanLimits(max_span_attribute_length=200),
            shutdown_on_exit=False,  # the worker closes it, once its steps have ended
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("imagemill")

    @contextmanager
    def step(self, name: str, claim: Claim, round_: int) -> Iterator[object]:
        """A step of a job, for as long as the block runs; all of one round are one trace."""
        whole = set_span_in_context(NonRecordingSpan(_root(claim, round_)))
        span = self._tracer.start_as_current_span(name, whole, attributes=_attributes(claim))
        with span as current:
            yield current

    @contextmanager
    def request(self, phase: str) -> Iterator[object]:
        """A request of the step that this thread does."""
        if not get_current_span().get_span_context().is_valid:
            yield None  # a look at the provider's list is no job's
            return
        with self._tracer.start_as_current_span(f"provider.{phase}") as current:
            yield current

    def outcome(self, name: str) -> None:
        """How the step that this thread does has ended."""
        get_current_span().set_attribute("imagemill.outcome", name)

    def job(self, claim: Claim, round_: int, since: datetime, state: str) -> None:
        """A job has ended, in `state`; it was under way since then."""
        began_ns = int(since.timestamp() * 1e9)
        with self._ids.of_job(_root(claim, round_)):
            span = self._tracer.start_span(
                "job",
                Context(),  # nothing is above it, whatever this thread does
                attributes={**_attributes(claim), "imagemill.state": state},
                start_time=began_ns,
            )
        span.end()

    def close(self) -> None:
        """Send what is not sent yet, if that is quickly done."""
        self._provider.shutdown()


def open_tracing(endpoint: str, worker: str, sample: float) -> OpenTelemetry:
    """Traces that are sent to `endpoint` in the background; nothing is sent yet."""
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=SEND_TIMEOUT_S)
    return OpenTelemetry(BatchSpanProcessor(exporter), worker, sample)


def _root(claim: Claim, round_: int) -> SpanContext:
    """The span of the whole job: whoever knows the job knows it."""
    digest = hashlib.sha256(f"{claim.ref}#{round_}".encode()).digest()
    return SpanContext(
        trace_id=int.from_bytes(digest[:16], "big"),
        span_id=int.from_bytes(digest[16:24], "big"),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _attributes(claim: Claim) -> dict[str, str]:
    return {
        "imagemill.batch": claim.batch,
        "imagemill.job": claim.job,
        "imagemill.lane": claim.lane,
        "imagemill.claim": str(claim.number),
    }
