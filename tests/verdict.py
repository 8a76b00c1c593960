"""The verdict on a finished batch: nothing lost, nothing paid twice, nothing left lying about.

The same for faults placed by hand and for storms. It believes nobody: what was handed in comes
from the caller, what was charged from the provider, what is stored from the storage.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ledger.keys import BATCH_AGENDA, BROKER_PREFIX, IN_MOTION, PERMANENT
from ledger.opening import Ledger
from schemas import layout
from schemas.batch import BatchStatus
from schemas.result import Image, JobResult
from schemas.states import BatchState, JobState
from storage import NotFound, Storage

Task = Mapping[str, Any]
"""One entry of the simulator's ledger."""

WELL = (JobState.SUCCEEDED, JobState.PARTIAL)
_WILL_BE_CHARGED = ("PENDING", "RUNNING")
_NO_TTL = -1


@dataclass(frozen=True)
class Figures:
    """What the batch came to, counted anew."""

    jobs: int
    states: Mapping[str, int]
    """Results by state."""
    charged: int
    """Orders the provider was or will be paid for."""
    charged_twice: int
    """Such orders beyond the first of each job."""
    abandoned: int
    """Jobs paid for whose pictures are neither stored nor reported as uncertain."""
    lost: int
    """Jobs handed in of which no result speaks."""
    possible_doubles: int
    """Further orders the results say may have been paid for."""
    images: int
    """Pictures in storage."""

    @property
    def uncertain(self) -> int:
        """Jobs nobody knows of whether they were paid for."""
        return self.states.get(JobState.UNCERTAIN, 0)


@dataclass(frozen=True)
class Verdict:
    """Figures and findings; no findings: all is well."""

    figures: Figures
    findings: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        return "clean" if self.clean else "\n".join(self.findings)


@dataclass
class _Evidence:
    """What the judge has before it."""

    batch: str
    rows: Mapping[str, str]
    tasks: Sequence[Task]
    storage: Storage
    status: BatchStatus | None
    results: dict[str, JobResult] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    """Everything under images/: key -> size in bytes."""

    @property
    def named(self) -> dict[str, Image]:
        """Every picture the results speak of, those among them that a reroll took the place of."""
        results = self.results.values()
        return {image.key: image for one in results for image in (*one.images, *one.replaced)}

    def paid(self) -> dict[str, list[Task]]:
        """Prompt -> orders that were charged, or will be once they are done."""
        found: dict[str, list[Task]] = defaultdict(list)
        for task in self.tasks:
            if task["images_charged"] or task["state"] in _WILL_BE_CHARGED:
                found[task["prompt"]].append(task)
        return found


def judge(
    ledger: Ledger, storage: Storage, tasks: Sequence[Task], batch: str, rows: Mapping[str, str]
) -> Verdict:
    """The verdict on one finished batch.

    `tasks` are the simulator's, of this batch's prompts only; `rows` has each row's id and its
    prompt, which no other row may have. Nothing else may be in motion on the ledger's server.
    """
    assert len(set(rows.values())) == len(rows), "every row needs a prompt of its own"
    evidence = _Evidence(batch, rows, tasks, storage, ledger.batches.status(batch))
    findings = [
        *_read_results(evidence),
        *_accounts(evidence),
        *_charges(evidence),
        *_pictures(evidence),
        *_tables(evidence),
        *_leftovers(ledger, batch),
        *_lanes_at_rest(ledger),
    ]
    return Verdict(_figures(evidence), tuple(findings))


def _read_results(evidence: _Evidence) -> Iterator[str]:
    for entry in evidence.storage.list(f"batches/{evidence.batch}/images/"):
        evidence.stored[entry.key] = entry.size_bytes
    text = _object(evidence, layout.batch_file(evidence.batch, layout.RESULTS_JSONL))
    if text is None:
        yield f"{layout.RESULTS_JSONL} is missing"
        return
    for number, line in enumerate(text.splitlines(), 1):
        try:
            result = JobResult.model_validate_json(line)
        except ValidationError:
            yield f"{layout.RESULTS_JSONL}: line {number} is no result"
            continue
        if result.id in evidence.results:
            yield f"{result.id}: two results"
        evidence.results[result.id] = result


def _accounts(evidence: _Evidence) -> Iterator[str]:
    """Jobs in = jobs ended, and every count says the same."""
    results, status = evidence.results, evidence.status
    for name in sorted(evidence.rows.keys() - results.keys()):
        yield f"{name}: lost, no result speaks of it"
    for name in sorted(results.keys() - evidence.rows.keys()):
        yield f"{name}: a result of a row that was never handed in"
    if status is None:
        yield f"the ledger knows no batch {evidence.batch}"
        return
    if status.state != BatchState.FINISHED:
        yield f"the batch is {status.state}, not finished"
    counted = Counter(result.state for result in results.values())
    said = {state: getattr(status, state) for state in JobState if getattr(status, state)}
    if said != dict(counted):
        yield f"the ledger counts {_words(said)}, the results {_words(counted)}"
    if sum(said.values()) != status.total or status.total != len(evidence.rows):
        yield f"the counts add up to {sum(said.values())}, total says {status.total}"
    for what, told, found in (
        ("pictures", status.images, sum(len(r.images) for r in results.values())),
        ("possible double charges", status.possible_double_charges, _doubles(evidence)),
    ):
        if told != found:
            yield f"the ledger counts {told} {what}, the results {found}"


def _charges(evidence: _Evidence) -> Iterator[str]:
    """Paid for at most once, and whatever was paid for is stored or reported."""
    paid, prompts = evidence.paid(), set(evidence.rows.values())
    for prompt in sorted({task["prompt"] for task in evidence.tasks} - prompts):
        yield f"an order for {prompt!r}, which no row asked for"
    for name, prompt in evidence.rows.items():
        result = evidence.results.get(name)
        allowed = 1 + (result.possible_double_charges if result else 0)
        times = len(paid.get(prompt, ()))
        if times > allowed:
            yield f"{name}: charged {times} times, reported at most {allowed}"
        if result is not None:
            yield from _charge_of(result, prompt, paid.get(prompt, []))


def _charge_of(result: JobResult, prompt: str, paid: Sequence[Task]) -> Iterator[str]:
    if paid and result.state not in (*WELL, JobState.UNCERTAIN):
        yield f"{result.id}: abandoned: paid for, and {result.state}"
    if result.state in WELL and result.ticket not in {task["task_id"] for task in paid}:
        yield f"{result.id}: its pictures are of order {result.ticket}, which is not for {prompt!r}"


def _pictures(evidence: _Evidence) -> Iterator[str]:
    """Pictures in storage = pictures in results, whole, each with its sidecar."""
    named, stored = evidence.named, evidence.stored
    sidecars = {layout.sidecar_key(key): key for key in named}
    results = evidence.results.values()
    if len(sidecars) != sum(len(r.images) + len(r.replaced) for r in results):
        yield "two pictures have one name"
    for key in sorted(stored.keys() - named.keys() - sidecars.keys()):
        yield f"{key}: in storage, and no result names it"
    for result in evidence.results.values():
        if result.state is JobState.SUCCEEDED and len(result.images) != result.n:
            yield f"{result.id}: succeeded with {len(result.images)} of {result.n} pictures"
        for image in result.images:
            yield from _picture(evidence, image)
            yield from _sidecar(evidence, result, image)


def _picture(evidence: _Evidence, image: Image) -> Iterator[str]:
    data = _object(evidence, image.key)
    if data is None:
        yield f"{image.key}: named in the results, and not in storage"
        return
    if len(data) != image.size_bytes:
        yield f"{image.key}: {len(data)} bytes, the results say {image.size_bytes}"
    if hashlib.sha256(data).hexdigest() != image.sha256:
        yield f"{image.key}: not the bytes whose sha256 the results have"


def _sidecar(evidence: _Evidence, result: JobResult, image: Image) -> Iterator[str]:
    data = _object(evidence, layout.sidecar_key(image.key))
    if data is None:
        yield f"{image.key}: no sidecar"
        return
    found = json.loads(data)
    told = (found["job"], found["image"]["sha256"], found["ticket"])
    if told != (result.id, image.sha256, result.ticket):
        yield f"{image.key}: its sidecar speaks of another picture"


def _tables(evidence: _Evidence) -> Iterator[str]:
    """The tables for people were written from the same results."""
    for name in (layout.RESULTS_CSV, layout.CONTACT_SHEET):
        if _object(evidence, layout.batch_file(evidence.batch, name)) is None:
            yield f"{name} is missing"
    table = _object(evidence, layout.batch_file(evidence.batch, layout.RESULTS_CSV)) or b""
    rows = sum(1 for _ in csv.reader(table.decode("utf-8-sig").splitlines())) - 1
    if table and rows != len(evidence.results):
        yield f"{layout.RESULTS_CSV} has {rows} rows, {layout.RESULTS_JSONL} {len(evidence.results)}"


def _leftovers(ledger: Ledger, batch: str) -> Iterator[str]:
    """No agenda, window, claim or chunk is left, and no key for ever but those on the list."""
    if ledger.client.zscore(BATCH_AGENDA, batch) is not None:
        yield f"{BATCH_AGENDA}: {batch} is still looked at"
    for key in sorted(map(str, ledger.client.scan_iter(count=1000))):
        if IN_MOTION.fullmatch(key):
            yield f"{key}: left in motion"
        elif PERMANENT.fullmatch(key) or key.startswith(BROKER_PREFIX):
            continue
        elif ledger.client.pttl(key) == _NO_TTL:
            yield f"{key}: neither expires nor is on the permanent list"


def _lanes_at_rest(ledger: Ledger) -> Iterator[str]:
    """A lane's own counts have come back to nothing."""
    for lane in ledger.lanes.names():
        status = ledger.lanes.status(lane)
        if status is None:
            continue
        figures = status.model_dump(include={"waiting", "ready", "in_play", "storing"})
        if any(figures.values()):
            yield f"{lane}: counts {_words(figures)}, and nothing is there"


def _figures(evidence: _Evidence) -> Figures:
    paid, results = evidence.paid(), evidence.results.values()
    states = Counter(str(result.state) for result in results)
    abandoned = [r for r in results if r.state not in (*WELL, JobState.UNCERTAIN)]
    return Figures(
        jobs=len(evidence.rows),
        states=dict(states),
        charged=sum(map(len, paid.values())),
        charged_twice=sum(len(orders) - 1 for orders in paid.values()),
        abandoned=sum(1 for r in abandoned if paid.get(evidence.rows.get(r.id, ""))),
        lost=len(evidence.rows.keys() - evidence.results.keys()),
        possible_doubles=_doubles(evidence),
        images=sum(1 for key in evidence.stored if not key.endswith(".json")),
    )


def _doubles(evidence: _Evidence) -> int:
    return sum(result.possible_double_charges for result in evidence.results.values())


def _object(evidence: _Evidence, key: str) -> bytes | None:
    try:
        return evidence.storage.get(key)
    except NotFound:
        return None


def _words(figures: Mapping[Any, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(figures.items())) or "nothing"
