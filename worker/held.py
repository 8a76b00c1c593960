"""A job in a worker's hands: its claim, its record, its order and its model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.jobs import Claim, Record
from schemas.catalogue import Model
from schemas.failure import Failure
from schemas.job import Job
from schemas.lane import Lane, LaneLimits
from schemas.result import Image, JobResult
from schemas.states import JobState
from worker.providers.port import RemotePicture


@dataclass
class HeldJob:
    """Everything a step knows of its job; its record follows what the holder writes."""

    claim: Claim
    record: Record
    job: Job
    model: Model
    lane: Lane
    limits: LaneLimits

    @property
    def ticket(self) -> str:
        """The provider's task id; empty before the order was taken."""
        return self.record.fields.get("ticket", "")

    @property
    def troubles(self) -> int:
        """Failed looks in a row."""
        return int(self.record.fields.get("troubles", 0))

    @property
    def asked_again(self) -> bool:
        """Whether fresh addresses were asked for already."""
        return self.record.fields.get("asked_again") == "1"

    @property
    def elapsed_s(self) -> float:
        """Seconds since the order was taken."""
        return self.record.age_s("running_ms")

    def pictures(self) -> tuple[RemotePicture, ...]:
        """Addresses recorded when the provider was done."""
        return tuple(RemotePicture(**entry) for entry in self._list("pictures"))

    def images(self) -> tuple[Image, ...]:
        """Pictures stored so far."""
        return tuple(Image.model_validate(entry) for entry in self._list("images"))

    def failures(self) -> tuple[Failure, ...]:
        """Failures of single pictures so far."""
        return tuple(Failure.model_validate(entry) for entry in self._list("failures"))

    def seed(self, index: int) -> int | None:
        """The seed a picture is drawn with, where the row names one."""
        first = self.job.parameters.get("seed")
        return first + (index - 1) * self.model.seed_step if isinstance(first, int) else None

    def result(
        self,
        state: JobState,
        finished_at: datetime,
        *,
        images: tuple[Image, ...] = (),
        failures: tuple[Failure, ...] = (),
        charged: int = 0,
    ) -> JobResult:
        """The job's ending; `charged` pictures were billed."""
        submitted = self.record.fields.get("submitting_ms")
        return JobResult(
            id=self.job.id,
            line=self.job.line,
            state=state,
            lane=str(self.lane),
            model=self.lane.model,
            n=self.job.n,
            images=sorted(images, key=lambda i: i.index),
            failures=sorted(failures, key=lambda f: f.index or 0),
            attempts=self.record.attempts,
            cost_micro=charged * self.model.price_micro,
            currency=self.model.currency,
            ticket=self.ticket or None,
            actual_prompt=self.record.fields.get("actual_prompt"),
            submitted_at=_iso(datetime.fromtimestamp(int(submitted) / 1000, UTC))
            if submitted
            else None,
            finished_at=_iso(finished_at),
            prompt=self.job.prompt,
            parameters=self.job.parameters,
        )

    def _list(self, name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self.record.fields.get(name, "[]"))
        return entries


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
