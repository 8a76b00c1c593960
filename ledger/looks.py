"""Looks at a provider's task list: which tasks a lane has there, and when the list is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import redis

from ledger.errors import translated
from ledger.index import nudge
from ledger.keys import LANES, LaneKeys
from ledger.scripts import Argument, Call, Scripts

LOOK = "look"
"""The chore's name."""
KEPT_S = 3600
"""What is known of a lane's looks is forgotten so long after the last."""


@dataclass(frozen=True)
class Looks:
    """How a lane's looks at the task list go, for whoever takes up one of its jobs."""

    running: int = 0
    """Tasks at the provider."""
    trusted: bool = False
    """The list is looked at just now: each task's own look may wait."""
    barred: bool = False
    """It did not go well lately: no first look is booked."""
    looked_ago_s: float | None = None
    """Seconds since the list was read last; None: it was not."""
    false_alarms: int = 0
    """Tasks it told of that had not ended, less those that had."""
    missed: int = 0
    """Tasks that had ended and that it did not tell of, less those it did."""


@dataclass(frozen=True)
class RunningTask:
    """A job's task at the provider. Its end is not known."""

    ref: str
    ticket: str
    sent_s: float
    """When the order was marked, in seconds since 1970 by the ledger's clock."""
    taken_s: float
    """When its ticket was recorded: the provider created the task between the two."""


@dataclass(frozen=True)
class LaneTasks:
    """What is known before a look."""

    tasks: tuple[RunningTask, ...]
    learned: tuple[float, ...]
    now_s: float
    skew_s: float
    """The provider's clock minus the ledger's, as far as it is known."""
    orders: int
    """Tickets recorded since the oldest of the tasks was ordered."""
    false_alarms: int
    missed: int
    busy_s: float
    """Until the last of those brought forward is asked for."""


class LaneLooks:
    """All lanes' looks."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def tasks(self, lane: str) -> LaneTasks:
        """The lane's tasks that were not brought forward, the oldest first."""
        keys = LaneKeys(lane)
        names = [keys.window, keys.looks, keys.learned, keys.tickets]
        now_ms, skew_ms, false_alarms, missed, busy_ms, learned, orders, jobs = self._scripts.run(
            Call("read_running", names, [keys.job_prefix])
        )
        tasks = [
            RunningTask(ref, ticket, int(sent_ms) / 1000, int(taken_ms) / 1000)
            for ref, ticket, sent_ms, taken_ms in zip(*(jobs[i::4] for i in range(4)), strict=True)
        ]
        return LaneTasks(
            tasks=tuple(sorted(tasks, key=lambda task: task.taken_s)),
            learned=tuple(float(value) for value in learned),
            now_s=int(now_ms) / 1000,
            skew_s=int(skew_ms) / 1000,
            orders=int(orders),
            false_alarms=int(false_alarms),
            missed=int(missed),
            busy_s=int(busy_ms) / 1000,
        )

    def bring_forward(self, lane: str, moments_s: Mapping[str, float], *, ended: bool) -> int:
        """Ask for tasks in so many seconds; returns how many have a new moment.

        Those that have `ended` at that moment, each once; others then or sooner.
        """
        if not moments_s:
            return 0
        keys = LaneKeys(lane)
        args: list[Argument] = [keys.job_prefix, int(ended)]
        for ref, moment_s in moments_s.items():
            args += [ref, max(int(moment_s * 1000), 0)]
        calls = [
            Call("bring_forward", [keys.agenda], args),
            nudge(LANES, lane, min(moments_s.values())),
        ]
        return int(self._scripts.run_all(calls)[0])

    def begin(self, lane: str, in_s: float, hold_s: float) -> bool:
        """Book a lane's first look; False where one is booked, or they did not go well lately."""
        keys = LaneKeys(lane)
        args: list[Argument] = [LOOK, int(in_s * 1000), int(hold_s * 1000), KEPT_S * 1000]
        calls = [Call("begin_looks", [keys.chores, keys.looks], args), nudge(LANES, lane, in_s)]
        return bool(self._scripts.run_all(calls)[0])

    def book(
        self,
        lane: str,
        in_s: float,
        hold_s: float,
        skew_s: float | None = None,
        looked_s: float | None = None,
    ) -> None:
        """Look again in a while; until `hold_s` after that each task's own look may wait.

        `looked_s` is when the list was read, `skew_s` by how much the provider's clock is ahead;
        None leaves what is known of it.
        """
        told = ["" if value is None else int(value * 1000) for value in (skew_s, looked_s)]
        self._book(lane, int(in_s * 1000), int(hold_s * 1000), told=told)

    def end(self, lane: str, pause_s: float = 0.0) -> None:
        """Book no further look, and for `pause_s` no first one either."""
        self._book(lane, -1, 0, pause_ms=int(pause_s * 1000))

    def _book(
        self,
        lane: str,
        delay_ms: int,
        hold_ms: int,
        *,
        pause_ms: int = 0,
        told: Sequence[Argument] = ("", ""),
    ) -> None:
        keys = LaneKeys(lane)
        skew, looked = told
        args: list[Argument] = [LOOK, delay_ms, hold_ms, pause_ms, skew, looked, KEPT_S * 1000]
        calls = [Call("book_look", [keys.chores, keys.looks, keys.window], args)]
        if delay_ms >= 0:
            calls.append(nudge(LANES, lane, delay_ms / 1000))
        self._scripts.run_all(calls)

    def count(self, lane: str, figure: str, by: int) -> None:
        """Count a task the list told too early of (`false_alarms`) or did not tell of (`missed`)."""
        key = LaneKeys(lane).looks
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hincrby(key, figure, by)
            pipe.expire(key, KEPT_S)
            pipe.execute()
