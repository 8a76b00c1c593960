"""A job in a worker's hands: its claim, its record, its order and its model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ledger.jobs import Record
from ledger.moves import Claim, Move
from results.run_again import as_before
from schemas.failure import Failure
from schemas.job import Job
from schemas.lane import Lane, LaneLimits
from schemas.model import Model
from schemas.result import Image, JobResult
from schemas.states import JobState
from worker.providers.port import Picture, RemotePicture

_UNDER_WAY = (JobState.SUBMITTING, JobState.RUNNING, JobState.STORING)
REWRITES = "prompt_extend"
"""The parameter by which models rewrite a prompt before they draw."""


@dataclass
class HeldJob:
    """Everything a step knows of its job; its record follows what the holder writes."""

    claim: Claim
    record: Record
    job: Job
    model: Model
    lane: Lane
    limits: LaneLimits
    marked_s: float = 0.0
    """When, on this process's own clock, it was marked as submitting."""
    marked_at_s: float = 0.0
    """The same by the calendar, in seconds since 1970."""
    up_s: float = 0.0
    """When, on the same clock, it got up for its slot,"""
    leaves_s: float = 0.0
    """when its slot is,"""
    left_s: float | None = None
    """and when its request left."""

    def follow(self, move: Move) -> None:
        """The ledger took a move after which the job stays in these hands."""
        written = {name: str(value) for name, value in move.fields.items()}
        since = {f"{move.target}_ms": str(self.record.now_ms)}
        fields = {**self.record.fields, **written, **since}
        self.record = replace(self.record, state=move.target, takes=1, fields=fields)

    @property
    def order(self) -> Job:
        """What is ordered: the row, or the pictures it still lacks, with seeds of their own."""
        if not (self._kept or self.unrewritten):
            return self.job
        parameters = dict(self.job.parameters)
        if self.unrewritten:
            parameters[REWRITES] = False
        first = self.seed(self.missing[0]) if self._kept and self.missing else None
        if first is not None:
            parameters["seed"] = first
        return self.job.model_copy(update={"n": len(self.missing), "parameters": parameters})

    @property
    def unrewritten(self) -> bool:
        """Whether the provider is asked to leave the prompt as it is, whatever the row says."""
        return self.record.fields.get("unrewritten") == "1"

    @property
    def rewrites(self) -> bool:
        """Whether the provider rewrites this order's prompt, by what is sent or by default."""
        known = self.model.parameters.get(REWRITES)
        return known is not None and bool(self.order.parameters.get(REWRITES, known.default))

    @property
    def missing(self) -> tuple[int, ...]:
        """Which of the row's pictures are ordered, from 1."""
        kept = {image.index for image in self._kept}
        return tuple(index for index in range(1, self.job.n + 1) if index not in kept)

    @property
    def purse_ref(self) -> str:
        """Names the order in its purse: what may have been paid for is never given back."""
        return purse_ref(self.job, self.doubles)

    @property
    def order_mark(self) -> str:
        """Names this one request for the order."""
        name = order_name(self.claim.ref, self.job)
        return f"{name}.{self.doubles}.{self.record.fields.get('submitting_ms')}"

    @property
    def doubles(self) -> int:
        """Orders of this round that were sent again although they may have been paid for."""
        return int(self.record.fields.get("doubles", 0))

    @property
    def price_micro(self) -> int:
        """The most the order may cost."""
        return len(self.missing) * self._price_each_micro

    @property
    def _price_each_micro(self) -> int:
        """Of a picture as it is ordered now, which a prompt that is not rewritten may make cheaper."""
        return self.model.price_micro_of(self.order.parameters)

    @property
    def too_late_to_cancel(self) -> bool:
        """Whether the provider was asked to cancel it, and would not, or never answered."""
        return self.record.fields.get("cancel_asked") == "1"

    @property
    def ticket(self) -> str:
        """The provider's task id; empty before the order was taken."""
        return self.record.fields.get("ticket", "")

    @property
    def brought_forward(self) -> bool:
        """Whether the provider's list told that its task has ended."""
        return bool(self.record.fields.get("brought_forward"))

    @property
    def troubles(self) -> int:
        """Failed looks in a row."""
        return int(self.record.fields.get("troubles", 0))

    @property
    def asked_again(self) -> bool:
        """Whether fresh addresses were asked for already."""
        return self.record.fields.get("asked_again") == "1"

    @property
    def begun_ms(self) -> int:
        """When its last order was under way, on the ledger's clock; now, where nothing was ordered."""
        moments = (self.record.fields.get(f"{state}_ms") for state in _UNDER_WAY)
        return min((int(moment) for moment in moments if moment), default=self.record.now_ms)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the order was taken."""
        return self.record.age_s("running_ms")

    def pictures(self) -> tuple[RemotePicture, ...]:
        """Addresses recorded when the provider was done."""
        return tuple(RemotePicture(**entry) for entry in self._list("pictures"))

    @property
    def charged(self) -> int | None:
        """Images that were billed, where the provider said so."""
        told = self.record.fields.get("charged")
        return None if told is None else int(told)

    @property
    def facts(self) -> dict[str, Any]:
        """What the provider told besides pictures."""
        found: dict[str, Any] = json.loads(self.record.fields.get("facts", "{}"))
        return found

    def images(self) -> tuple[Image, ...]:
        """Pictures stored so far, those of earlier rounds among them."""
        if "images" not in self.record.fields:
            return self._kept
        return tuple(Image.model_validate(entry) for entry in self._list("images"))

    def failures(self) -> tuple[Failure, ...]:
        """Failures of single pictures so far."""
        return tuple(Failure.model_validate(entry) for entry in self._list("failures"))

    def seed(self, index: int) -> int | None:
        """The seed a picture is drawn with, where the row names one.

        What is ordered once more for a row that has pictures gets seeds no earlier round used.
        """
        first = self.job.parameters.get("seed")
        if not isinstance(first, int):
            return None
        if not (self._kept and index in self.missing):
            return self.model.seed_at(first, index - 1)
        place = self.job.n * self._unused_series(first) + self.missing.index(index)
        return self.model.seed_at(first, place)

    def _unused_series(self, first: int) -> int:
        """Each round has one; rounds of an earlier batch, which drew the row first, used some too."""
        again, places = self.job.earlier, range(len(self.missing))
        used = {image.seed for image in (*again.kept, *again.replaced)}
        own = self.job.round - 1
        for series in range(own, own + len(used) + 1):
            seeds = {self.model.seed_at(first, self.job.n * series + place) for place in places}
            if not seeds & used:
                return series
        return own

    def result(
        self,
        state: JobState,
        finished_at: datetime,
        *,
        images: tuple[Image, ...] = (),
        failures: tuple[Failure, ...] = (),
        charged: int = 0,
        at_risk: bool = False,
    ) -> JobResult:
        """The job's ending; `charged` pictures were billed. `at_risk`: the order may have been."""
        submitted = self.record.fields.get("submitting_ms")
        again = self.job.earlier
        result = JobResult(
            id=self.job.id,
            line=self.job.line,
            state=state,
            lane=str(self.lane),
            model=self.lane.model,
            n=self.job.n,
            images=sorted(images, key=lambda i: i.index),
            failures=sorted(failures, key=lambda f: f.index or 0),
            attempts=again.attempts + self.job.spent + self.record.attempts,
            cost_micro=again.cost_micro + charged * self._price_each_micro,
            currency=self.model.currency,
            at_risk_micro=self.price_micro if at_risk else 0,
            possible_double_charges=again.possible_double_charges + self.doubles,
            ticket=self.ticket or None,
            actual_prompt=self.record.fields.get("actual_prompt"),
            facts=self.facts,
            submitted_at=utc_text(datetime.fromtimestamp(int(submitted) / 1000, UTC))
            if submitted
            else None,
            finished_at=utc_text(finished_at),
            prompt=self.job.prompt,
            parameters=self.job.parameters,
            revision=self.job.revision,
            replaced=again.replaced,
        )
        return as_before(result) if again.falls_back else result

    @property
    def _kept(self) -> tuple[Image, ...]:
        return tuple(self.job.earlier.kept)

    def _list(self, name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self.record.fields.get(name, "[]"))
        return entries


def count_images(pictures: Iterable[Picture]) -> int:
    """Pictures without what came along with them."""
    return sum(not picture.part for picture in pictures)


def order_name(ref: str, job: Job) -> str:
    """Names a row's order in one round: sent twice, it is the same."""
    return f"{ref}#{job.round}"


def purse_ref(job: Job, doubles: int) -> str:
    """Names an order in its purse, after so many of the same that may have been paid for."""
    return f"{order_name(job.id, job)}.{doubles}"


def utc_text(moment: datetime) -> str:
    """A moment as results have it: UTC, ISO 8601, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
