"""A small finished batch, all well, which tests of the verdict then spoil in one place each."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from ledger.keys import LaneKeys
from ledger.opening import Ledger
from schemas import layout
from schemas.batch import Batch
from schemas.failure import ErrorClass, Failure
from schemas.lane import LaneLimits
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage import Storage
from tests.verdict import Verdict, judge

LANE = "dashscope:wanx-v1@default"
BATCH = "jars"
ROWS = {f"jar-{number}": f"a jar, number {number}" for number in range(5)}
STATES = [
    *(JobState.SUCCEEDED, JobState.SUCCEEDED),
    *(JobState.PARTIAL, JobState.FAILED, JobState.UNCERTAIN),
]
"""How the five ended: the fourth was refused, the fifth's answer was lost."""


class FinishedWorld:
    """What ledger, storage and provider say of the batch; every part may be changed."""

    def __init__(self, ledger: Ledger, storage: Storage) -> None:
        self.ledger = ledger
        self.storage = storage
        self.tasks: list[dict[str, Any]] = []
        self.results: list[JobResult] = []
        for (name, prompt), state in zip(ROWS.items(), STATES, strict=True):
            if state is not JobState.FAILED:
                self.tasks.append(task_for(prompt, f"ticket-{name}"))
            self.results.append(self._ended(name, state))
        self.counts = Counter(str(state) for state in STATES)
        self.images = sum(len(result.images) for result in self.results)

    def judged(self) -> Verdict:
        """The verdict on this world as it stands now."""
        self.write()
        return self.judged_as_it_is()

    def judged_as_it_is(self) -> Verdict:
        """The same without writing the world anew."""
        return judge(self.ledger, self.storage, self.tasks, BATCH, ROWS)

    def change(self, row: int, **changes: object) -> None:
        """Change what is said of one row, in its result and nowhere else."""
        self.results[row] = self.results[row].model_copy(update=changes)

    def put_picture(self, key: str, data: bytes, job: str, ticket: str | None) -> Image:
        """Store a picture and its sidecar."""
        image = Image(
            key=key,
            index=1,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            width=1,
            height=1,
            content_type="image/png",
        )
        self.storage.put(key, data, "image/png")
        beside = {"job": job, "image": image.model_dump(), "ticket": ticket}
        self.storage.put(layout.sidecar_key(key), json.dumps(beside).encode(), "application/json")
        return image

    def _ended(self, name: str, state: JobState) -> JobResult:
        well = state in (JobState.SUCCEEDED, JobState.PARTIAL)
        ticket = f"ticket-{name}" if well else None
        key = layout.image_key(BATCH, name, 1, "png")
        failure = Failure(error_class=ErrorClass.MODERATED, code="no", message="no")
        return JobResult(
            id=name,
            line=2,
            state=state,
            lane=LANE,
            model="wanx-v1",
            n=2 if state is JobState.PARTIAL else 1,
            images=[self.put_picture(key, name.encode(), name, ticket)] if well else [],
            failures=[] if state is JobState.SUCCEEDED else [failure],
            attempts=1,
            currency="CNY",
            ticket=ticket,
        )

    def write(self) -> None:
        """Write what is said of the batch into ledger and storage."""
        document = Batch(
            batch=BATCH,
            manifest="jars.csv",
            manifest_sha256="0",
            columns=["sku"],
            total=len(ROWS),
            lanes={LANE: len(ROWS)},
            currencies={LANE: "CNY"},
            created_at="2026-01-01T00:00:00Z",
        )
        figures = {**self.counts, "images": self.images, "chunks": 1, "sealed": 1}
        self.ledger.lanes.open(LANE, LaneLimits(rate_per_s=1, window=1))
        self.ledger.batches.open(document, 0)
        self.ledger.batches.finish(BATCH, "2026-01-01T00:00:01Z")
        for name, count in figures.items():
            self.ledger.client.hset(LaneKeys(LANE).counts(BATCH), name, count)
        lines = [result.model_dump_json() for result in self.results]
        table = ["sku", *(result.id for result in self.results)]
        for name, text in (
            (layout.RESULTS_JSONL, "\n".join(lines)),
            (layout.RESULTS_CSV, "\n".join(table)),
            (layout.CONTACT_SHEET, "<html>"),
        ):
            key = layout.batch_file(BATCH, name)
            self.storage.put(key, text.encode(), "text/plain")


def task_for(prompt: str, ticket: str) -> dict[str, Any]:
    """A task that was charged, as the simulator's ledger shows it."""
    return {"prompt": prompt, "task_id": ticket, "state": "SUCCEEDED", "images_charged": 1}
