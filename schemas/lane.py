"""A lane: provider + model + account, which is what a provider's quota covers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import Field

from schemas.contract import Contract

_LANE = re.compile(r"(?P<provider>[a-z0-9_-]+):(?P<model>[^@{}\s]+)@(?P<account>[A-Za-z0-9_.-]+)")
_RATE = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*/\s*(?P<unit>s|sec|second|min|m|minute|h|hour)")
PAUSED_BY_HAND = "paused by hand"
"""Why a lane takes no new jobs after `imagemill pause LANE`."""
ACCOUNT_FAULT = "account"
"""Whose fault it is that a lane stopped, where another account could go on."""
_UNIT_S = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}


class Lane(NamedTuple):
    """One lane, written `dashscope:wanx-v1@default`."""

    provider: str
    model: str
    account: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}@{self.account}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a lane as it is written. Raises ValueError with the form expected."""
        match = _LANE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no lane; a lane looks like dashscope:wanx-v1@default")
        return cls(match["provider"], match["model"], match["account"])


class LaneLimits(Contract):
    """How fast, and how many at once, a lane may order."""

    rate_per_s: float = Field(gt=0, description="submits per second the provider admits")
    burst: int = Field(default=1, ge=1, description="submits that may leave at one moment")
    window: int = Field(ge=1, description="jobs that may be at the provider at once")


class Limit(StrEnum):
    """What keeps a lane from ordering more just now. More workers help where it is `WORKERS`, only."""

    NOTHING_TO_DO = "nothing_to_do"
    """No job waits, or all that wait do so for their next try."""
    STOPPED = "stopped"
    """The lane takes no new jobs until a person resumes it."""
    PAUSED = "paused"
    """All batches that wait are held by a person."""
    HOURS = "hours"
    """All that wait are held until their hours begin."""
    BUDGET = "budget"
    """What may be spent is spent: a batch's budget, or its account's daily cap."""
    PROVIDER = "provider"
    """The provider refuses or fails: it is left alone for a while, or tried one order at a time."""
    STORING = "storing"
    """So many pictures wait to be fetched and stored that nothing new is ordered."""
    QUERY_RATE = "query_rate"
    """The window is full of tasks that wait to be asked for: the account's queries are all taken."""
    RUNNING = "running"
    """As many jobs are at the provider as may be."""
    RATE = "rate"
    """Every slot of the next moments is taken."""
    WORKERS = "workers"
    """Nothing of all that: there is work, a place and a slot, and nobody to take it."""


class LaneStatus(Contract):
    """One lane as `imagemill lanes` shows it."""

    lane: str
    limits: LaneLimits
    pinned: bool = Field(
        default=False, description="`lanes set` wrote them: the settings' own do not count"
    )
    stopped: str | None = Field(default=None, description="why the lane takes no new jobs")
    waiting: int = Field(description="jobs in chunks not loaded yet")
    ready: int = Field(description="jobs loaded and waiting for a place in the window")
    in_play: int = Field(description="jobs at the provider")
    storing: int = Field(description="jobs whose images are being fetched and stored")
    throttled: int = Field(description="requests the provider refused as too many, since the start")
    submits: int = Field(description="orders the provider accepted, since the start")
    adopted: int = Field(default=0, description="orders found again after their answer was lost")
    absent: int = Field(
        default=0, description="orders proved never to have arrived, and ordered again"
    )
    trouble: str | None = Field(default=None, description="why orders do not leave just now")
    typical_s: float | None = Field(
        default=None, description="median seconds from order to picture, of the last jobs"
    )
    leaving_per_s: float = Field(default=0.0, description="orders a second that leave just now")
    binds: Limit = Field(
        default=Limit.NOTHING_TO_DO, description="what keeps the lane from ordering more"
    )


def parse_rate(text: str) -> float:
    """Submits per second from `2/s` or `2/min`. Raises ValueError with the forms allowed."""
    match = _RATE.fullmatch(text.strip())
    if match is None or float(match["count"]) <= 0:
        raise ValueError(f"{text!r} is no rate; write 2/s, 0.5/s or 2/min")
    return float(match["count"]) / _UNIT_S[match["unit"]]
