"""What one process counts, where it happens: a lock and an addition each, and no way to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ledger.bucket import Slot
from schemas.figure import Figure
from worker import figures

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""From a local write to a video of two minutes."""


class Metrics:
    """The figures of one process, shared by its threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters = {
            figure.name: Counter(figure.name, figure.says, figure.labels, registry=self.registry)
            for figure in figures.OWN
            if figure.kind == "counter"
        }
        self._histograms = {
            figure.name: Histogram(
                figure.name, figure.says, figure.labels, registry=self.registry, buckets=BUCKETS_S
            )
            for figure in figures.OWN
            if figure.kind == "histogram"
        }
        # Found faster than the library does: twenty of them are asked for with each job.
        self._labelled_counters: dict[tuple[str, ...], Counter] = {}
        self._labelled_histograms: dict[tuple[str, ...], Histogram] = {}

    def count(self, figure: Figure, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        key = (figure.name, *labels)
        counter = self._labelled_counters.get(key)
        if counter is None:
            counter = self._counters[figure.name]
            counter = counter.labels(*labels) if labels else counter
            self._labelled_counters[key] = counter
            if figure.labels[:1] == ("lane",):
                self._begin(labels[0])
        counter.inc(by)

    def _begin(self, lane: str) -> None:
        """Rare figures of a lane begin at 0: what begins at 1 was never seen to rise."""
        for figure, others in figures.RARE.items():
            for other in others:
                self._counters[figure.name].labels(lane, *other)

    def took(self, figure: Figure, *labels: str, elapsed_s: float) -> None:
        """Note how long something took."""
        key = (figure.name, *labels)
        histogram = self._labelled_histograms.get(key)
        if histogram is None:
            histogram = self._histograms[figure.name].labels(*labels)
            self._labelled_histograms[key] = histogram
        histogram.observe(elapsed_s)

    def slot(self, lane: str, bucket: str, slot: Slot) -> None:
        """Note what a token bucket answered; `bucket` is orders or queries."""
        self.count(figures.SLOTS, lane, bucket, "granted" if slot.booked else "too_far")
        if slot.booked:
            self.count(figures.SLOT_WAIT, lane, bucket, by=slot.wait_s)

    def read_when_asked(self, gauges: Mapping[Figure, Callable[[], float]]) -> None:
        """Figures that are looked up whenever somebody reads them."""
        for figure, read in gauges.items():
            Gauge(figure.name, figure.says, registry=self.registry).set_function(read)
