"""A mill in one process, without Celery: its parts, and a hand that turns it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ledger.keys import BATCH_AGENDA, LANES, LaneKeys, batch_closing
from ledger.moves import Claim
from ledger.opening import Ledger
from ledger.tick import Handout
from producer.chunk_files import ChunkFiles
from schemas.account import Account
from schemas.batch import Batch, ChunkRef, Priority
from schemas.catalogue import Catalogue, catalogue
from schemas.finishing import Finishing
from schemas.job import Job
from schemas.lane import Lane, LaneLimits
from schemas.mill_sections import LaneSection, WorkerSection
from schemas.queues import APP
from schemas.result import JobResult
from schemas.settings import Settings
from schemas.states import JobState
from tests.steps.ageing import age
from tests.steps.instant_clock import FixedDice, InstantClock
from tests.steps.picture_host import PictureHost
from tests.steps.scripted_provider import ScriptedProvider
from tests.steps.storages import StumblingStorage
from worker.accounts import ProviderUnavailable
from worker.dispatcher import Dispatcher, Message
from worker.fetching import Fetcher
from worker.heartbeat import Heartbeat
from worker.models import Models
from worker.providers.port import Provider, Unanswered
from worker.tasks import CHORES, MOST_TAKES, Desk
from worker.tools import Tools

LANE = "dashscope:wanx-v1@default"
BATCH = "night"
LEASE_S = 30.0
PROMPT = "a cat with a straw hat"
PATIENT: dict[str, Any] = {"query_rate": "100000/s", "settle_s": 60.0}
"""An account that may be asked as often as a test likes."""
FAST = LaneLimits(rate_per_s=1000, burst=1000, window=1000)


STEP_OF = {
    JobState.RELEASED: "submit",
    JobState.SUBMITTING: "reconcile",
    JobState.RUNNING: "poll",
    JobState.STORING: "store",
}


class FakeProviders:
    """One provider and one picture host for all lanes, or a reason why there are none."""

    def __init__(self) -> None:
        self.provider = ScriptedProvider()
        self.host = PictureHost()
        self.unavailable: ProviderUnavailable | None = None

    def client(self, lane: Lane) -> Provider:  # noqa: ARG002 - one for all lanes
        if self.unavailable is not None:
            raise self.unavailable
        return self.provider

    def fetcher(self, lane: Lane) -> Fetcher:  # noqa: ARG002 - likewise
        if self.unavailable is not None:
            raise self.unavailable
        return self.host


class Outbox:
    """Takes the dispatcher's messages, and may fail at it."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque()
        self.fails_with: Exception | None = None

    def publish(self, messages: Sequence[Message]) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        self.messages.extend(messages)


class Mill:
    """Everything of one worker process, with fakes where it ends."""

    def __init__(self, ledger: Ledger, folder: Path, known: Catalogue | None = None) -> None:
        self.ledger = ledger
        self.folder = folder
        self.storage = StumblingStorage(folder / "store")
        self.providers = FakeProviders()
        self.clock = InstantClock()
        self.dice = FixedDice()
        self.made_at = "2026-11-20T20:00:00+00:00"
        """What is handed in was made then."""
        self.known = known or catalogue()
        self.models = Models(self.known, ledger.lanes)
        self.heartbeat = Heartbeat(ledger.jobs, ledger.fleet, LEASE_S, "worker-1", 8)
        self.configure()
        self.outbox = Outbox()
        self.dispatcher = Dispatcher(ledger, self.outbox, self.models, "worker-1", LEASE_S)

    def configure(self, on_uncertain: str = "hold", **account: Any) -> None:
        """Settings as a person writes them; of the account `default` whatever is named."""
        settings = Settings(
            accounts={
                "default": Account(api_key=SecretStr("sk-of-nobody"), **PATIENT | account),
                "second": Account(api_key=SecretStr("sk-of-second"), **PATIENT),
            },
            lanes={LANE: LaneSection(on_uncertain=on_uncertain)},
            worker=WorkerSection(lease_s=LEASE_S),
        )
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Work by these settings from now on."""
        self.tools = Tools(
            self.ledger, self.storage, self.providers, settings, self.models, self.clock, self.dice
        )
        self.desk = Desk(self.tools, self.heartbeat)
        other = Heartbeat(self.ledger.jobs, self.ledger.fleet, LEASE_S, "worker-2", 8)
        self.other_desk = Desk(self.tools, other)

    def twin(self, ledger: Ledger) -> Mill:
        """Another worker, with a way of its own to the ledger."""
        twin = Mill(ledger, self.folder, self.known)
        twin.providers = self.providers
        twin.use(self.tools.settings)
        return twin

    @property
    def provider(self) -> ScriptedProvider:
        return self.providers.provider

    @property
    def host(self) -> PictureHost:
        return self.providers.host

    def hand_in(
        self,
        jobs: Sequence[Job],
        batch: str = BATCH,
        limits: LaneLimits = FAST,
        priority: Priority = Priority.NORMAL,
        *,
        fresh: bool = False,
    ) -> Batch:
        """Put jobs into storage and ledger, as a submit does."""
        chunks = ChunkFiles(self.folder / f"chunks-{batch}")
        for job in jobs:
            chunks.add(job)
        chunks.close()
        document = Batch(
            batch=batch,
            manifest="night.csv",
            manifest_sha256="0" * 64,
            columns=["sku", "prompt"],
            total=len(jobs),
            lanes=chunks.lanes,
            currencies=dict.fromkeys(chunks.lanes, "CNY"),
            created_at=self.made_at,
            priority=priority,
            fresh=fresh,
            finishing=jobs[0].finishing if jobs else Finishing(),
            revision=jobs[0].revision if jobs else 1,
        )
        self.ledger.batches.open(document, self.ledger.fleet.now_ms())
        for lane in chunks.lanes:
            chunks.upload(batch, lane, self.storage)
            self.ledger.lanes.open(lane, limits)
            self.ledger.lanes.hand_in(lane, batch, chunks.refs(batch, lane), priority)
        self.ledger.batches.start(batch)
        return document

    def hand_out(self, lane: str = LANE) -> list[Handout]:
        """What is due in a lane, new claims for all of it; chunks are loaded on the way."""
        tick = self.ledger.lanes.tick([lane], LEASE_S, 100)[lane]
        for chore in tick.chores:
            self.desk.chore(chore.what, lane, str(chore.chunk))
        found = tick.handouts
        return found or (self.hand_out(lane) if tick.chores else [])

    def released(self, **changes: Any) -> Claim:
        """A job of its own batch, handed out to be ordered."""
        self.hand_in([job(**changes)])
        (handout,) = self.hand_out()
        assert handout.state is JobState.RELEASED
        return handout.claim

    def running(self, **changes: Any) -> Claim:
        """A job the provider has taken, handed out to be asked for."""
        self.desk.step("submit", self.released(**changes))
        return self.due_again(JobState.RUNNING)

    def storing(self, **changes: Any) -> Claim:
        """A job the provider is done with, handed out to be stored."""
        self.desk.step("poll", self.running(**changes))
        return self.due_again(JobState.STORING)

    def due_again(self, state: JobState) -> Claim:
        """The one job that is in motion, once its next moment has come."""
        self.let_time_pass()
        (handout,) = self.hand_out()
        assert handout.state is state
        return handout.claim

    def poison(self, claim: Claim) -> None:
        """Workers died of a job again and again; one more takes it up."""
        for _ in range(MOST_TAKES):
            record = self.ledger.jobs.take(claim)
        assert record is not None
        self.desk.step(STEP_OF[record.state], claim)

    def lost(self, *, arrived: bool = True, **changes: Any) -> Claim:
        """A job whose order arrived, or did not, and whose answer was lost."""
        claim = self.released(**changes)
        self.lose(claim, arrived=arrived)
        return claim

    def lose(self, claim: Claim, *, arrived: bool = True) -> None:
        """Order a released job, and lose the answer."""
        silent = Unanswered("the line dropped")
        self.provider.to_submit.append(self.provider.take_and_say_nothing if arrived else silent)
        self.desk.step("submit", claim)

    def settled(self) -> Claim:
        """The one job whose answer was lost, once the provider's list tells of it."""
        age(self.ledger, self.provider)
        return self.due_again(JobState.SUBMITTING)

    def let_time_pass(self) -> None:
        """Every moment that is booked has come, every lease and every pause has run out."""
        now_ms = self.ledger.fleet.now_ms()
        client = self.ledger.client
        lanes = [LaneKeys(lane) for lane in self.ledger.lanes.names()]
        agendas = [key for keys in lanes for key in (keys.agenda, keys.chores)]
        for index in (*agendas, LANES, BATCH_AGENDA):
            for name in client.zrange(index, 0, -1):
                client.zadd(index, {str(name): now_ms}, xx=True, lt=True)
        for keys in lanes:
            client.delete(keys.bucket, keys.departures)
        for batch in self.ledger.batches.names():
            client.delete(batch_closing(batch))

    def work(self, message: Message) -> None:
        """Do what a message says, as the Celery tasks do."""
        task = message.task.removeprefix(f"{APP}.")
        if task == "close":
            self.desk.close(str(message.args[0]))
        elif task == "tell":
            self.desk.tell(str(message.args[0]))
        elif task == "look":
            self.desk.look(str(message.args[0]))
        elif task in CHORES:
            self.desk.chore(task, str(message.args[0]), str(message.args[1]))
        else:
            lane, ref, number = message.args
            self.desk.go(task, Claim(str(lane), str(ref), int(number)))

    def turn(self) -> bool:
        """One tick and all the work it gives; False when there was none."""
        self.ledger.fleet.report_in("worker-1", 8)
        self.dispatcher.tick()
        worked = bool(self.outbox.messages)
        while self.outbox.messages:
            self.work(self.outbox.messages.popleft())
        return worked

    def record(self, claim: Claim) -> dict[str, str]:
        found: Any = self.ledger.client.hgetall(LaneKeys(claim.lane).job(claim.ref))
        return dict(found)

    def result(self, claim: Claim) -> JobResult:
        """How a job ended."""
        return JobResult.model_validate_json(self.record(claim)["result"])

    def window(self, lane: str = LANE) -> set[str]:
        return {str(ref) for ref in self.ledger.client.smembers(LaneKeys(lane).window)}

    def wait_s(self, claim: Claim) -> float | None:
        """Seconds until a job's next moment; None where it has none."""
        score = self.ledger.client.zscore(LaneKeys(claim.lane).agenda, claim.ref)
        return None if score is None else (float(score) - self.ledger.fleet.now_ms()) / 1000

    def snapshot(self) -> dict[str, object]:
        """Everything the ledger keeps of jobs and batches, to show that nothing changed."""
        client = self.ledger.client
        kept = [key for key in map(str, client.scan_iter("mill:*")) if "bucket" not in key]
        return {key: client.dump(key) for key in kept}


def job(name: str = "SKU-1", **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": name,
        "line": 2,
        "lane": LANE,
        "prompt": PROMPT,
        "name": name,
        "row": {"sku": name, "prompt": PROMPT},
    }
    return Job(**{**fields, **changes})


def chunk(size: int = 1, number: int = 1, batch: str = BATCH) -> ChunkRef:
    return ChunkRef(batch=batch, number=number, size=size)
