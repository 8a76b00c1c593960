"""What a storm will do: everything that is chosen, chosen from its seed beforehand."""

from __future__ import annotations

import hashlib
import json
import random  # noqa: TID251 - every choice comes from the plan's own seed
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

CALM_SHARE = 0.04
"""Nothing strikes before this share of the jobs has ended, nor in the last two such shares."""

CREATE_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "status": 500, "code": "InternalError", "message": "storm"},
    {"kind": "error", "status": 503, "code": "ServiceUnavailable", "message": "storm"},
    {
        "kind": "error",
        "status": 429,
        "code": "Throttling.RateQuota",
        "message": "storm",
        "headers": {"Retry-After": "1"},
    },
    {"kind": "drop"},
    {"kind": "drop-after"},
    {"kind": "slow", "seconds": 1.5},
    {"kind": "garbage"},
    {"kind": "fail", "code": "InternalError", "message": "storm"},
)
GET_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "status": 500, "code": "InternalError", "message": "storm"},
    {"kind": "error", "status": 429, "code": "Throttling.RateQuota", "message": "storm"},
    {"kind": "drop"},
    {"kind": "garbage"},
    {"kind": "slow", "seconds": 1.0},
    {"kind": "unknown"},
)
DOWNLOAD_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "status": 503, "code": "ServiceUnavailable", "message": "storm"},
    {"kind": "truncate"},
    {"kind": "corrupt"},
    {"kind": "wrong-type"},
    {"kind": "drop"},
    {"kind": "expired"},
    {"kind": "slow", "seconds": 1.0},
)
_FAULTS = {"create": CREATE_FAULTS, "get": GET_FAULTS, "download": DOWNLOAD_FAULTS}


@dataclass(frozen=True)
class Wish:
    """What somebody asks a storm to be."""

    seed: int
    jobs: int
    kills: int
    redis_restarts: int
    freezes: int
    workers: int
    faults: float
    """Share of the rows that meet a fault: at ordering, at asking, at fetching, each by itself."""
    echo: bool = False
    """The provider repeats in its results what it was asked to draw, as later models do."""


@dataclass(frozen=True)
class Kill:
    """SIGKILL to one worker and all it started; another takes its place."""

    slot: int

    def __str__(self) -> str:
        return f"kill worker {self.slot}"


@dataclass(frozen=True)
class Freeze:
    """SIGSTOP to one worker, SIGCONT later: with short naps its leases hold, with long ones not."""

    slot: int
    for_s: float

    def __str__(self) -> str:
        return f"freeze worker {self.slot} for {self.for_s:.1f} s"


@dataclass(frozen=True)
class RestartRedis:
    """SIGKILL to the server; it starts again from its files a little later."""

    down_s: float

    def __str__(self) -> str:
        return f"kill Redis, down for {self.down_s:.1f} s"


Strike = Kill | Freeze | RestartRedis


@dataclass(frozen=True)
class Event:
    """A strike and its moment: when so many jobs have ended, and a moment more."""

    after_jobs: int
    delay_s: float
    strike: Strike


@dataclass(frozen=True)
class Plan:
    """A whole storm."""

    wish: Wish
    events: tuple[Event, ...]
    faults: tuple[Mapping[str, Any], ...]
    """As the simulator takes them: each meets one row, once."""

    @property
    def digest(self) -> str:
        """Names the plan: equal for equal seeds and wishes."""
        events = [[str(event.strike), event.after_jobs, event.delay_s] for event in self.events]
        whole = json.dumps([asdict(self.wish), events, list(self.faults)], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:12]


def make_plan(wish: Wish) -> Plan:
    """The plan that belongs to a wish and its seed."""
    dice = random.Random(f"storm {wish.seed}")
    strikes: list[Strike] = [Kill(dice.randrange(wish.workers)) for _ in range(wish.kills)]
    for _ in range(wish.freezes):
        strikes.append(Freeze(dice.randrange(wish.workers), round(dice.uniform(1.0, 9.0), 1)))
    for _ in range(wish.redis_restarts):
        strikes.append(RestartRedis(round(dice.uniform(0.1, 2.0), 1)))
    dice.shuffle(strikes)
    events = sorted(
        (_event(dice, wish.jobs, strike) for strike in strikes), key=lambda event: event.after_jobs
    )
    return Plan(wish, tuple(events), tuple(_faults(dice, wish)))


def rows(jobs: int) -> dict[str, str]:
    """Each row's id and prompt; no prompt is part of another."""
    return {f"storm-{number:05}": f"a lighthouse, number {number:05}" for number in range(jobs)}


def pictures_of(row: int) -> int:
    """How many pictures a row orders: every tenth two, so that some end half stored."""
    return 2 if row % 10 == 0 else 1


def _event(dice: random.Random, jobs: int, strike: Strike) -> Event:
    share = dice.uniform(CALM_SHARE, 1 - 2 * CALM_SHARE)
    return Event(int(share * jobs), round(dice.uniform(0.0, 0.4), 2), strike)


def _faults(dice: random.Random, wish: Wish) -> Iterator[Mapping[str, Any]]:
    for prompt in rows(wish.jobs).values():
        for endpoint, kinds in _FAULTS.items():
            if dice.random() < wish.faults:
                yield {"on": endpoint, "match": prompt, "do": dice.choice(kinds)}
