"""The vendor behind every dialect: accounts, limits, tasks, charges and result URLs."""

from __future__ import annotations

import contextlib
import hashlib
import math
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator import journal as lines
from simulator.faults import Fault, FaultBook
from simulator.gallery import Gallery
from simulator.journal import Journal
from simulator.ledger import Filter, Ledger
from simulator.limiter import Limiter, new_limiter
from simulator.moderation import refuses_last_image
from simulator.settings import Settings
from simulator.signing import UrlSigner
from simulator.standing import Standing
from simulator.tasks import Failure, Kind, Order, Task, TaskStore, new_id, new_job_id

_RESULT = re.compile(r"/results/\d{8}/([0-9a-f-]{36})-(\d{1,2})(?:-([a-z]+))?\.([a-z]{3,4})")
PARTS = ("", "svg", "overlay", "background")
WITHHELD = Failure("DataInspectionFailed", "Output data may contain inappropriate content.")


class Provider:
    """Everything the simulator knows; the dialects only translate to and from it."""

    def __init__(
        self, settings: Settings, seed: int | None = None, file: Path | None = None
    ) -> None:
        self.settings = settings
        self.ledger = Ledger()
        self.gallery = Gallery()
        self.standing = Standing()
        self.files: dict[str, Any] = {}
        """What was uploaded, by id; the dialects know of what kind. Forgotten with the process."""
        self._seed = secrets.randbits(32) if seed is None else seed
        self.faults = FaultBook(random.Random(f"faults {self._seed}"))
        self._dice = random.Random(f"tasks {self._seed}")
        # Anchored once: a step of the wall clock must not make tasks jump.
        self._epoch_s = time.time() - time.monotonic()
        self._limiters: dict[tuple[str, ...], Limiter] = {}
        self._accounts: dict[str, str] = {}
        self._held: Counter[tuple[str, str]] = Counter()
        self._tasks = TaskStore(settings.running, self._moved)
        self._signing_key = secrets.token_bytes(20)
        self._journal = None if file is None else Journal(file)
        self._reload()
        self._signer = UrlSigner(self._signing_key)

    def now_s(self) -> float:
        """Epoch seconds."""
        return self._epoch_s + time.monotonic()

    def account(self, key: str) -> str:
        """The account an API key belongs to: a hash, so that the key is shown nowhere."""
        account = self._accounts.get(key)
        if account is None:
            account = hashlib.sha256(key.encode()).hexdigest()[:16]
            self._accounts[key] = account
        return account

    def may_submit(self, account: str, model: str) -> bool:
        """Whether the account's submit limit for that model lets one more in now."""
        return self._admit(self.settings.rate, ("submit", account, model))

    def may_query(self, account: str) -> bool:
        """Whether the account's limit of task queries lets one more in now."""
        return self._admit(self.settings.query_rate, ("query", account))

    def accept(self, order: Order, fault: Fault | None = None, flaw: Failure | None = None) -> Task:
        """Take an order in. From here on it will be charged if it succeeds.

        `flaw` is what is wrong with it by itself, so that no picture can be made.
        """
        task = self._new_task(order, _failures(order, fault, flaw))
        self._tasks.add(task)
        return task

    def draw_now(self, order: Order, fault: Fault | None = None) -> Task:
        """Take in an order whose client waits: charged already, and answered in `duration_s`.

        A client that hangs up meanwhile has paid nevertheless.
        """
        task = self._new_task(replace(order, kind=Kind.CALL), _failures(order, fault, None))
        task.make_at_once()
        self._tasks.add_made(task)
        self.standing.spend(task)
        return task

    @contextlib.contextmanager
    def hold(self, account: str, model: str) -> Iterator[bool]:
        """Hold a synchronous call's connection; False is one too many for account and model."""
        key = (account, model)
        self._held[key] += 1
        try:
            yield self._held[key] <= self.settings.connections
        finally:
            self._held[key] -= 1

    def draw_seed(self) -> int:
        """A seed for an order that names none."""
        return self._dice.randrange(1, 2**31 - 8)

    def find(self, task_id: str, account: str, kind: Kind = Kind.TASK) -> Task | None:
        """The task as it stands, unless it is forgotten, of another kind or another account's."""
        task = self._tasks.find(task_id, self.now_s())
        if task is None or task.order.kind is not kind:
            return None
        if task.order.account != account or self._forgotten(task):
            return None
        return task

    def cancel(self, task: Task) -> bool:
        """Cancel a PENDING task; say whether it still was PENDING."""
        return self._tasks.cancel(task, self.now_s())

    def tasks_of(self, account: str, kind: Kind = Kind.TASK) -> list[Task]:
        """An account's tasks in order of arrival, those forgotten left out."""
        self._tasks.advance(self.now_s())
        return [
            task
            for task in self._tasks
            if task.order.account == account
            and task.order.kind is kind
            and not self._forgotten(task)
        ]

    def result_url(self, origin: str, task: Task, index: int, part: str = "") -> str:
        """The signed URL of a finished task's picture; `index` counts from 0.

        `part` names a picture that comes along with it: svg, overlay or background.
        """
        assert task.finished_s is not None
        day = time.strftime("%Y%m%d", time.gmtime(task.finished_s))
        name = f"{task.task_id}-{index + 1}" + (f"-{part}" if part else "")
        path = f"/results/{day}/{name}.{_extension(task.order, part)}"
        expires_s = math.ceil(task.finished_s + self.settings.url_ttl_s)
        return f"{origin}{path}?{self._signer.query(path, expires_s)}"

    def result(self, path: str) -> tuple[Task, int, str] | None:
        """The task, index (from 0) and part of the picture behind a result URL's path."""
        found = _RESULT.fullmatch(path)
        task = self._tasks.find(found[1], self.now_s()) if found else None
        if found is None or task is None or not task.images_made or self._forgotten(task):
            return None
        index, part = int(found[2]) - 1, found[3] or ""
        made = 0 <= index < task.order.n and index not in task.failures
        known = part in PARTS and found[4] == _extension(task.order, part)
        return (task, index, part) if made and known else None

    @property
    def signer(self) -> UrlSigner:
        """Checks result URLs."""
        return self._signer

    def configure(self, changes: Mapping[str, object]) -> None:
        """Change settings from now on; limits count anew.

        Raises:
            BadSetting: A change makes no sense; nothing is changed then.
        """
        self.settings = self.settings.changed(changes)
        self._limiters.clear()
        self.standing.forgive()
        self._tasks.limit_running(self.settings.running, self.now_s())

    def reset(self) -> None:
        """Forget all tasks, counts, charges and faults; settings and signing key stay."""
        self._tasks.clear()
        self.files.clear()
        self.standing.clear()
        self.ledger.clear()
        self.faults.clear()
        self._limiters.clear()
        if self._journal is not None:
            self._journal.clear()
        self._write("opened", {"signing_key": self._signing_key.hex()})

    def report(self, wanted: Filter) -> dict[str, Any]:
        """The ledger, with every task as it stands now."""
        self._tasks.advance(self.now_s())
        return self.ledger.report(list(self._tasks), wanted)

    def close(self) -> None:
        """Write down the request counts, which only a clean end leaves behind."""
        if self._journal is None:
            return
        counts = {t.task_id: [t.queries, t.downloads] for t in self._tasks}
        self._write("closed", {"requests": self.ledger.requests(), "counts": counts})
        self._journal.close()

    def _new_task(self, order: Order, failures: dict[int, Failure]) -> Task:
        task = Task(
            task_id=new_id() if order.kind is not Kind.TRAINING else new_job_id(self.now_s()),
            request_id=new_id(),
            order=order,
            submitted_s=self.now_s(),
            duration_s=self._duration_s(),
            failures=failures,
        )
        if self._journal is not None:
            self._write("created", lines.created(task))
        return task

    def _admit(self, rate: float, key: tuple[str, ...]) -> bool:
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._limiters[key] = new_limiter(self.settings.limiter, rate)
        return limiter.admit(self.now_s())

    def _duration_s(self) -> float:
        settings = self.settings
        return settings.generation_s * self._dice.lognormvariate(0.0, settings.generation_sigma)

    def _forgotten(self, task: Task) -> bool:
        age_s = 0.0 if task.finished_s is None else self.now_s() - task.finished_s
        return age_s > self.settings.retention_s

    def told(self, task: Task) -> None:
        """Note that the client knows of the task's end from now on."""
        task.told_s = self.now_s()
        self._moved(task)

    def _moved(self, task: Task) -> None:
        if self._journal is not None:
            self._write("moved", lines.moved(task))

    def _write(self, event: str, content: dict[str, object]) -> None:
        if self._journal is not None:
            self._journal.append(event, **content)

    def _reload(self) -> None:
        if self._journal is None:
            return
        tasks: dict[str, Task] = {}
        opened = False
        for event in self._journal.replay():
            if event["event"] == "opened":
                self._signing_key = bytes.fromhex(event["signing_key"])
                opened = True
            elif event["event"] == "created":
                tasks[event["task_id"]] = lines.recreated(event)
            elif event["event"] == "moved":
                lines.move_again(tasks[event["task_id"]], event)
            elif event["event"] == "closed":
                self._recount(tasks, event)
        if not opened:
            self._write("opened", {"signing_key": self._signing_key.hex()})
        self._dice = random.Random(f"tasks {self._seed} from {len(tasks)}")
        self._tasks.take_up(tasks.values(), self.now_s())
        for task in tasks.values():
            self.standing.spend(task)

    def _recount(self, tasks: dict[str, Task], event: dict[str, Any]) -> None:
        self.ledger.clear()
        for endpoint, outcomes in event["requests"].items():
            for outcome, times in outcomes.items():
                self.ledger.count(endpoint, outcome, times)
        for task_id, (queries, downloads) in event["counts"].items():
            tasks[task_id].queries, tasks[task_id].downloads = queries, downloads


def _extension(order: Order, part: str) -> str:
    return "svg" if part == "svg" else order.format


def _failures(order: Order, fault: Fault | None, flaw: Failure | None) -> dict[int, Failure]:
    """Which pictures fail: all for a flaw, those a script names, or the one withheld."""
    if flaw is not None:
        return dict.fromkeys(range(order.n), flaw)
    kind = None if fault is None else fault.kind
    if fault is not None and kind in ("fail", "partial"):
        count = order.n if kind == "fail" else min(order.n, fault.details.get("images", 1))
        failure = Failure(
            fault.details.get("code", "InternalError"),
            fault.details.get("message", "An internal error has occured, please try again later."),
        )
        return dict.fromkeys(range(order.n - count, order.n), failure)
    if refuses_last_image(order.prompt) and not order.blurs:
        return {order.n - 1: WITHHELD}
    return {}
