"""What a manifest would cost and how long it would take, told before anything is ordered."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import Field

from producer.budget import shortfalls
from producer.lane_time import Bound, lane_time
from producer.tally import AlreadyDone, Tally
from schemas import layout
from schemas.contract import Contract
from schemas.hours import Hours
from schemas.job import Job
from schemas.lane import Lane, LaneLimits
from schemas.money import Amount, to_text, to_texts

ANY_ENDING = "*"
"""In a key's place for its ending: the picture itself says what it is."""


@dataclass(frozen=True)
class LaneStanding:
    """What a lane is like just now."""

    limits: LaneLimits
    pinned: bool = False
    """Its limits were set by hand."""
    learned_s: float | None = None
    """Median seconds from order to picture, of its last orders."""
    ahead: int = 0
    """Rows of other batches that wait there, or are at the provider."""
    hindrance: str | None = None
    """Why no order leaves."""


@dataclass(frozen=True)
class Prospect:
    """All that an estimate is made of."""

    batch: str
    manifest: str
    tally: Tally
    standings: Mapping[str, LaneStanding]
    """Of every lane that is ordered from."""
    done: AlreadyDone | None = None
    """None: nobody looked."""
    fresh: bool = False
    """All of it is ordered, whatever was drawn before."""
    handed_in_before: bool = False
    budgets: Mapping[str, int] = field(default_factory=dict)
    """In millionths, by currency."""
    daily_caps: Mapping[tuple[str, str], Amount] = field(default_factory=dict)
    """The most an account may spend in a day, by provider and account."""
    hours: Hours | None = None
    """Within which it orders only."""


class LaneEstimate(Contract):
    """One lane's part of the order."""

    lane: str
    rows: int = Field(description="to order from it")
    images: int = Field(description="of those rows")
    cost: str = Field(description="at most, at list price")
    currency: str
    price_as_of: date = Field(description="when the list price was read")
    rate_per_s: float
    window: int = Field(description="orders at the provider at once")
    pinned: bool = Field(description="these limits were set by hand")
    running: int = Field(description="orders the provider works on at once")
    generation_s: float = Field(description="that it works on one order")
    takes_s: float = Field(description="when no other batch orders there")
    bound: Bound = Field(description="which limit decides how long it takes")
    ahead: int = Field(description="rows of other batches that share the lane")
    shared_takes_s: float = Field(description="at most, with those rows")
    hindrance: str | None = Field(description="why no order leaves just now")


class ProviderCost(Contract):
    """What one provider would bill."""

    provider: str
    images: int = Field(description="ordered from it")
    cost: str = Field(description="at most, at list price")
    currency: str


class CappedAccount(Contract):
    """An account that may not spend all of it in a day."""

    account: str = Field(description="provider@account")
    daily_cap: str
    days: int = Field(description="at least so many")


class FirstOrder(Contract):
    """One of the first orders, as it would be sent."""

    id: str
    line: int = Field(description="of the manifest")
    prompt: str
    keys: list[str] = Field(
        description="where its pictures would lie; * stands for png, jpg or whatever comes"
    )


class Estimate(Contract):
    """What `estimate` and `--dry-run` tell."""

    batch: str = Field(description="the name it would have")
    manifest: str
    handed_in_before: bool = Field(description="the same batch is there: nothing would be ordered")
    unit: str = Field(
        description="what rows are: row, or order where a matrix makes several of one"
    )
    rows: int = Field(description="read")
    invalid: int = Field(description="rows that cannot be ordered")
    repeated: int = Field(description="of those, rows with an earlier row's id or file name")
    already_done: int | None = Field(
        description="rows whose pictures are stored already; null: nobody looked"
    )
    fresh: bool = Field(description="--fresh: what is stored already is ordered all the same")
    to_order: int = Field(description="rows")
    images: int
    costs: dict[str, str] = Field(description="at most, at list price, by currency")
    providers: list[ProviderCost]
    lanes: list[LaneEstimate]
    takes_s: float = Field(description="of the slowest lane, when no other batch orders there")
    shared_takes_s: float = Field(description="the same at most, with other batches' rows")
    slowest_lane: str | None
    hours: str | None = Field(description="within which it orders only; null: at any time")
    capped: list[CappedAccount] = Field(description="accounts whose daily cap makes it take days")
    shortfalls: list[str] = Field(description="how far a budget goes that is not enough")
    first: list[FirstOrder] = Field(description="that would be ordered")


def estimated(prospect: Prospect) -> Estimate:
    """Sum up what would be ordered: good rows, less those whose pictures are there."""
    tally, done = prospect.tally, prospect.done
    lanes = [] if prospect.handed_in_before else list(tally.lanes)
    parts = [_lane(lane, prospect) for lane in lanes]
    slowest = max(parts, key=lambda part: part.takes_s, default=None)
    return Estimate(
        batch=prospect.batch,
        manifest=prospect.manifest,
        handed_in_before=prospect.handed_in_before,
        unit=tally.unit,
        rows=tally.rows,
        invalid=tally.bad,
        repeated=tally.repeated,
        already_done=None if done is None else sum(done.rows.values()),
        fresh=prospect.fresh,
        to_order=sum(part.rows for part in parts),
        images=sum(part.images for part in parts),
        costs=to_texts(costs_micro(tally, done) if lanes else {}),
        providers=list(_providers(lanes, prospect)),
        lanes=parts,
        takes_s=slowest.takes_s if slowest else 0.0,
        shared_takes_s=max((part.shared_takes_s for part in parts), default=0.0),
        slowest_lane=slowest.lane if slowest and slowest.rows else None,
        hours=str(prospect.hours) if prospect.hours and lanes else None,
        capped=list(_capped(lanes, prospect)),
        shortfalls=shortfalls(prospect.budgets, tally, done) if lanes else [],
        first=[_first(job, prospect) for job in _first_to_order(prospect)],
    )


def images_to_order(tally: Tally, done: AlreadyDone | None) -> int:
    """Images of the good rows, less those that are there."""
    return tally.images - (sum(done.images.values()) if done else 0)


def costs_micro(tally: Tally, done: AlreadyDone | None) -> dict[str, int]:
    """What they cost at list price, in millionths, by currency."""
    costs: Counter[str] = Counter()
    for lane in tally.lanes:
        costs[tally.model(lane).currency] += _cost_micro(lane, tally, done)
    return dict(costs)


def _cost_micro(lane: str, tally: Tally, done: AlreadyDone | None) -> int:
    return tally.lane_costs[lane] - (done.costs_micro.get(lane, 0) if done else 0)


def _images(lane: str, tally: Tally, done: AlreadyDone | None) -> int:
    return tally.lane_images[lane] - (done.images.get(lane, 0) if done else 0)


def _lane(lane: str, prospect: Prospect) -> LaneEstimate:
    tally, done, standing = prospect.tally, prospect.done, prospect.standings[lane]
    model = tally.model(lane)
    rows = tally.lanes[lane] - (done.rows.get(lane, 0) if done else 0)
    speed = lane_time(model, standing.limits, standing.learned_s)
    return LaneEstimate(
        lane=lane,
        rows=rows,
        images=_images(lane, tally, done),
        cost=to_text(_cost_micro(lane, tally, done)),
        currency=model.currency,
        price_as_of=model.price_as_of,
        rate_per_s=standing.limits.rate_per_s,
        window=standing.limits.window,
        pinned=standing.pinned,
        running=speed.running,
        generation_s=speed.generation_s,
        takes_s=speed.takes_s(rows),
        bound=speed.bound(rows),
        ahead=standing.ahead,
        shared_takes_s=speed.takes_s(rows + standing.ahead) if rows else 0.0,
        hindrance=standing.hindrance,
    )


def _providers(lanes: Sequence[str], prospect: Prospect) -> Iterator[ProviderCost]:
    tally, done = prospect.tally, prospect.done
    images: Counter[tuple[str, str]] = Counter()
    costs: Counter[tuple[str, str]] = Counter()
    for lane in lanes:
        place = Lane.parse(lane).provider, tally.model(lane).currency
        images[place] += _images(lane, tally, done)
        costs[place] += _cost_micro(lane, tally, done)
    for (provider, currency), cost_micro in costs.items():
        yield ProviderCost(
            provider=provider,
            images=images[provider, currency],
            cost=to_text(cost_micro),
            currency=currency,
        )


def _capped(lanes: Sequence[str], prospect: Prospect) -> Iterator[CappedAccount]:
    """Accounts that need more than a day, were all of today's cap still there."""
    tally = prospect.tally
    for (provider, account), cap in prospect.daily_caps.items():
        cost_micro = sum(
            _cost_micro(lane, tally, prospect.done)
            for lane in lanes
            if (provider, account) == (Lane.parse(lane).provider, Lane.parse(lane).account)
            and tally.model(lane).currency == cap.currency
        )
        if cost_micro > cap.micro > 0:
            yield CappedAccount(
                account=f"{provider}@{account}",
                daily_cap=str(cap),
                days=math.ceil(cost_micro / cap.micro),
            )


def _first_to_order(prospect: Prospect) -> Sequence[Job]:
    if prospect.handed_in_before:
        return ()
    return prospect.tally.first if prospect.done is None else prospect.done.first_left


def _first(job: Job, prospect: Prospect) -> FirstOrder:
    drawn = job.n if prospect.tally.model(job.lane).draws else 0
    keys = [
        layout.image_key(prospect.batch, job.name, index, ANY_ENDING, revision=job.revision)
        for index in range(1, drawn + 1)
    ]
    return FirstOrder(id=job.id, line=job.line, prompt=job.prompt, keys=keys)
