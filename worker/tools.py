"""What the steps of a process work with; put together once, in bootstrap.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from ledger.bucket import Bucket
from ledger.moves import Mark, Move, Moved
from ledger.opening import Ledger
from results.labels.sealing import Sealer
from schemas.account import Account
from schemas.clock import Dice, SystemClock
from schemas.failure import ErrorClass, Failure
from schemas.lane import ACCOUNT_FAULT, Lane, parse_rate
from schemas.settings import Settings
from schemas.states import JobState
from storage import Storage
from worker.fetching import Fetches
from worker.held import HeldJob
from worker.input_places import InputPlaces
from worker.lateness import Lateness
from worker.metrics import Metrics
from worker.models import Models
from worker.providers.port import Provider
from worker.tracing import NoTracing, Tracing


class Providers(Protocol):
    """Finds the client of a lane's provider and account."""

    def client(self, lane: Lane) -> Provider:
        """The client for a lane. Raises ProviderUnavailable when key or account are missing."""
        ...

    def fetcher(self, lane: Lane) -> Fetches:
        """What downloads the lane's pictures."""
        ...


@dataclass(frozen=True)
class Tools:
    """Ledger, storage, provider clients, clock and dice of one process."""

    ledger: Ledger
    storage: Storage
    providers: Providers
    settings: Settings
    models: Models
    clock: SystemClock
    dice: Dice
    lateness: Lateness = field(default_factory=Lateness)
    sealer: Sealer | None = None
    """What signs pictures, where they are to be signed."""
    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=NoTracing)

    @cached_property
    def inputs(self) -> InputPlaces:
        """Where the pictures that go in come from; opened when the first order brings one."""
        return InputPlaces(self.settings, self.storage)

    def submit_bucket(self, held: HeldJob) -> Bucket:
        """What paces the lane's orders."""
        return self.ledger.submit_bucket(str(held.lane))

    def poll_bucket(self, held: HeldJob) -> Bucket:
        """What paces the account's task queries."""
        return self.ledger.poll_bucket(held.lane.provider, held.lane.account)

    def query_rate_per_s(self, held: HeldJob) -> float:
        """Task queries the account may make."""
        return parse_rate(self.account(held).query_rate)

    def account(self, held: HeldJob) -> Account:
        """The lane's credentials and what is said of them. Raises KeyError where there are none."""
        return self.settings.account(held.lane.account, held.lane.provider)

    def provider(self, held: HeldJob) -> Provider:
        """The lane's provider client."""
        return self.providers.client(held.lane)

    def chance(self) -> float:
        """A number from 0 to 1, for jitter."""
        return self.dice.uniform(0.0, 1.0)

    def mark_submitting(self, held: HeldJob) -> Mark:
        """Write down that the request is about to leave, on disk before it does.

        Unless it was moved nothing may be sent.
        """
        lease_s = self.settings.worker.lease_s
        move = Move(
            JobState.RELEASED,
            JobState.SUBMITTING,
            delay_s=lease_s,
            lease_left_s=lease_s / 2,
            attempts=1,
        )
        held.marked_s = self.clock.monotonic_s()
        held.marked_at_s = self.clock.now().timestamp()
        mark = self.ledger.jobs.mark(held.claim, move)
        if mark.moved is Moved.YES:
            fields = {**held.record.fields, "submitting_ms": str(mark.at_ms)}
            attempts = held.record.attempts + 1
            held.record = replace(
                held.record, state=JobState.SUBMITTING, attempts=attempts, fields=fields
            )
        return mark

    def may_send(self, held: HeldJob) -> bool:
        """Whether so little time has passed since the mark that nobody else settled the order."""
        return self.since_mark_s(held) < self.settings.worker.lease_s / 2

    def since_mark_s(self, held: HeldJob) -> float:
        """Seconds since the order was marked as submitting: the most of what two clocks say.

        One stands still while the machine sleeps, the other may be set back.
        """
        wall_s = self.clock.now().timestamp() - held.marked_at_s
        return max(self.clock.monotonic_s() - held.marked_s, wall_s)

    def lanes_of(self, batch: str, currency: str) -> list[str]:
        """The lanes of a batch that bill in a currency."""
        document = self.ledger.batches.document(batch)
        return [] if document is None else document.lanes_billed_in(currency)

    def stop_lane(self, held: HeldJob, failure: Failure) -> None:
        """Take no new jobs in this lane: every one of them would fail like this."""
        reason, lane = f"{failure.code}: {failure.message}", str(held.lane)
        if failure.error_class is ErrorClass.MODEL_GONE:  # at every account alike
            self.ledger.lanes.stop(lane, reason)
            return
        leaving = bool(self.settings.accounts_beside(held.lane))
        self.ledger.lanes.stop(lane, reason, fault=ACCOUNT_FAULT, leaving=leaving)
        if leaving:
            self.ledger.batches.look_at(held.claim.batch)
