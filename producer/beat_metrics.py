"""What a beat counts, and where it is read over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from producer.connecting import WrongAccess
from schemas import beat_figures
from schemas.figure import Figure

BUCKETS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""From a page of rows to a million of them."""

log = logging.getLogger(__name__)


class BeatMetrics:
    """The figures of one beat, shared by its threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters = {
            figure: Counter(figure.name, figure.says, figure.labels, registry=self.registry)
            for figure in beat_figures.BEAT
            if figure.kind == "counter"
        }
        seconds, reading = beat_figures.INTAKE_SECONDS, beat_figures.READING
        self._seconds = Histogram(
            seconds.name, seconds.says, registry=self.registry, buckets=BUCKETS_S
        )
        self._reading = Gauge(reading.name, reading.says, registry=self.registry)
        # What begins at 1 was never seen to rise.
        for outcome in beat_figures.INTAKE_OUTCOMES:
            self.count(beat_figures.INTAKES, outcome, by=0)

    def count(self, figure: Figure, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        counter = self._counters[figure]
        (counter.labels(*labels) if labels else counter).inc(by)

    def read_in(self, elapsed_s: float) -> None:
        """Note how long reading a manifest took, however it ended."""
        self._seconds.observe(elapsed_s)

    def reading(self, count: Callable[[], int]) -> None:
        """`count` is asked whenever somebody reads the figures."""
        self._reading.set_function(count)

    def expose(self, listen: str, port: int) -> int:
        """Answer from now on, in a thread that ends with the process; the port. Raises WrongAccess."""
        ProcessCollector(registry=self.registry)
        try:
            server, _ = start_http_server(port, listen, self.registry)
        except (OSError, OverflowError) as error:
            raise WrongAccess(
                f"The beat's metrics cannot be read at {listen}:{port}: {error}. Each process of a"
                " machine needs a port of its own: set IMAGEMILL_METRICS__BEAT_PORT, or 0 for any"
                " free one."
            ) from error
        log.info("metrics.listening", extra={"listen": listen, "port": server.server_port})
        return server.server_port
