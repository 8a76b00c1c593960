"""What storms blow on: a Redis, a simulated provider and a folder, the same for everybody."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.simulator.running import RunningSimulator
from tests.storm.plan import Plan, pictures_of, rows
from tests.valkey import run_valkey
from tests.waiting import wait_until

RATE_PER_S = 20
"""Orders a second: the kills then have time to be 60."""
PROVIDER_RATE_PER_S = 25
QUERY_RATE_PER_S = 200
THREADS = 16
GENERATION_S = 0.8
LAST_TASKS_S = 30.0


class Ground:
    """Running servers and the manifest."""

    def __init__(self, folder: Path, stack: ExitStack, plan: Plan) -> None:
        self.folder = folder
        self.rows = rows(plan.wish.jobs)
        self.manifest = folder / "storm.csv"
        _write_manifest(self.manifest, self.rows)
        (folder / "valkey").mkdir()
        self.valkey = stack.enter_context(run_valkey(folder / "valkey"))
        self.simulator = RunningSimulator(
            *("--rate", str(PROVIDER_RATE_PER_S), "--query-rate", str(QUERY_RATE_PER_S)),
            *("--running", "1000", "--images", "small", "--generation-s", str(GENERATION_S)),
            *("--seed", str(plan.wish.seed)),
            *(["--echo-prompt"] if plan.wish.echo else []),
        )
        stack.callback(self.simulator.stop)
        self.simulator.script(*map(dict, plan.faults))

    def tasks(self) -> list[dict[str, Any]]:
        """Every order the provider accepted, once all of them have ended."""
        wait_until(self._all_ended, LAST_TASKS_S, "the provider's last tasks to end")
        tasks: list[dict[str, Any]] = self.simulator.ledger()["tasks"]
        return tasks

    def throttled(self) -> int:
        """Requests the provider refused as one too many."""
        return sum(self.simulator.ledger(limit="0")["throttled"].values())

    def faults_struck(self) -> int:
        """How many of the planned faults met their row."""
        return sum(fault["fired"] for fault in self.simulator.client.get("/_faults").json())

    def _all_ended(self) -> bool:
        states = self.simulator.ledger(limit="0")["totals"]["tasks_by_state"]
        return not states["PENDING"] and not states["RUNNING"]


def _write_manifest(path: Path, prompts: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["sku", "prompt", "model", "n"])
        for number, (name, prompt) in enumerate(prompts.items()):
            writer.writerow([name, prompt, "wanx-v1", pictures_of(number)])
