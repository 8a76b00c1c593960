"""What processes tell to Prometheus."""

from __future__ import annotations

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.system.worker_process import WorkerProcess


class Samples:
    """What one process told at one moment."""

    def __init__(self, text: str) -> None:
        self._found = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]
        self.names = {sample.name for sample in self._found}
        self.labels = {label for sample in self._found for label in sample.labels}

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        return sum(
            sample.value
            for sample in self._found
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def scraped(worker: WorkerProcess) -> Samples:
    """As Prometheus reads it."""
    (listening,) = [e for e in worker.entries() if e["event"] == "metrics.listening"]
    with urllib.request.urlopen(f"http://127.0.0.1:{listening['port']}/metrics") as answer:
        return Samples(answer.read().decode())
