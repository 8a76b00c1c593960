"""An estimate in plain lines, for a person who is about to spend money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from producer.estimate import CappedAccount, Estimate, FirstOrder, LaneEstimate
from producer.lane_time import Bound
from producer.pace import duration
from producer.problem import printable

_WIDTH = 14
_PROMPT_SHOWN = 300
"""Characters: enough to judge a prompt by, little enough for a terminal."""


def render(estimate: Estimate) -> str:
    """The estimate, line by line."""
    lines = [
        *_line("batch", _batch(estimate)),
        *_line("manifest", printable(estimate.manifest)),
        *_line(f"{estimate.unit}s", _rows(estimate)),
        *_already_done(estimate),
        *_line("images", f"{estimate.images:,}"),
        *_costs(estimate),
        *(line for said in estimate.shortfalls for line in _line("budget", said)),
        *_time(estimate),
        *(_line("hours", f"{estimate.hours} only") if estimate.hours else ()),
        *(line for capped in estimate.capped for line in _line("", _capped(capped))),
        *_first(estimate.first),
    ]
    return "\n".join(lines)


def _line(name: str, value: str) -> Iterator[str]:
    yield f"{name:<{_WIDTH}}{value}"


def _batch(estimate: Estimate) -> str:
    if estimate.handed_in_before:
        return f"{estimate.batch}, handed in before: nothing would be ordered again"
    return estimate.batch


def _rows(estimate: Estimate) -> str:
    if not estimate.invalid:
        return f"{estimate.rows:,}"
    said = f"{estimate.rows:,}, of which {estimate.invalid:,} cannot be ordered"
    if estimate.repeated:
        repeat = "repeats" if estimate.repeated == 1 else "repeat"
        said += f" ({estimate.repeated:,} {repeat} an earlier row's id)"
    return said


def _already_done(estimate: Estimate) -> Iterator[str]:
    if estimate.handed_in_before:
        return
    said = f"not looked up; every {estimate.unit} counts as new"
    if estimate.fresh:
        said = f"not looked up: with --fresh every {estimate.unit} is ordered"
    elif estimate.already_done is not None:
        rows = _counted(estimate.already_done, estimate.unit)
        said = f"{rows}, free of charge" if estimate.already_done else "none"
    yield from _line("already done", said)


def _costs(estimate: Estimate) -> Iterator[str]:
    amounts = [f"{amount} {currency}" for currency, amount in estimate.costs.items()]
    said = f"at most {' + '.join(amounts)}" if amounts else "nothing"
    dates = [lane.price_as_of for lane in estimate.lanes]
    yield from _line("cost", said + (f" at list prices of {min(dates)}" if dates else ""))
    if len(estimate.providers) > 1:
        for part in estimate.providers:
            images = _counted(part.images, "image")
            yield from _line("", f"{part.provider}: {part.cost} {part.currency} for {images}")


def _time(estimate: Estimate) -> Iterator[str]:
    lanes = [lane for lane in estimate.lanes if lane.rows]
    if not lanes:
        yield from _line("time", "none")
        return
    said = f"about {duration(estimate.takes_s)}"
    if any(lane.ahead for lane in lanes):
        said += f", up to {duration(estimate.shared_takes_s)} beside other batches"
    yield from _line("time", said)
    for lane in lanes:
        yield from _line("", _lane(lane, estimate.unit))
        if lane.hindrance:
            yield from _line("", f"  {printable(lane.hindrance)}")


def _lane(lane: LaneEstimate, unit: str) -> str:
    said = f"{lane.lane}: {_counted(lane.rows, unit)}, about {duration(lane.takes_s)}"
    return f"{said}; {_bound(lane)}{_ahead(lane)}"


def _bound(lane: LaneEstimate) -> str:
    hand = " (set by hand)" if lane.pinned else ""
    if lane.bound is Bound.RATE:
        return f"{_rate(lane.rate_per_s)} may be ordered{hand}"
    return f"{lane.running:,} at once{hand}, about {lane.generation_s:.3g} s each"


def _rate(rate_per_s: float) -> str:
    return f"{rate_per_s:g} a second" if rate_per_s >= 1 else f"{rate_per_s * 60:.3g} a minute"


def _ahead(lane: LaneEstimate) -> str:
    if not lane.ahead:
        return ""
    share = "shares" if lane.ahead == 1 else "share"
    return f"; {_counted(lane.ahead, 'row')} of other batches {share} the lane"


def _capped(capped: CappedAccount) -> str:
    return f"at least {capped.days} days: {capped.account} spends at most {capped.daily_cap} a day"


def _first(orders: Iterable[FirstOrder]) -> Iterator[str]:
    name = "first orders"
    for order in orders:
        yield from _line(name, f"{printable(order.id)}: {_prompt(order.prompt)}")
        for key in order.keys:
            yield from _line("", f"  {printable(key)}")
        name = ""


def _prompt(prompt: str) -> str:
    shown = printable(prompt[: _PROMPT_SHOWN + 1])
    return shown if len(shown) <= _PROMPT_SHOWN else shown[: _PROMPT_SHOWN - 1] + "…"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
