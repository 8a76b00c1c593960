"""A look at the provider's task list, for all of a lane's tasks at once.

What the list tells is a hint: a task that seems to have ended is asked for by itself, soon, and that
answer counts. A look that comes to nothing leaves each task to its own looks, as if there were no list.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import assert_never

from ledger.looks import LaneTasks, RunningTask
from schemas.catalogue import UnknownModel
from schemas.lane import Lane, parse_rate
from schemas.model import Model
from worker.asking import PATIENCE_S
from worker.policy.looking import (
    DISTRUST,
    MOST_PAGES,
    SHORTEST_S,
    Question,
    ended,
    hold_s,
    interval_s,
    moments_s,
    most_asked,
    next_look_s,
    pages_expected,
    question,
    shown_alone,
    skew_held,
    youngest_s,
)
from worker.policy.polling import next_poll_s
from worker.policy.reconciling import clock_skew_s
from worker.policy.retrying import Throttle, after_failure
from worker.providers.port import (
    ListedTask,
    NoTaskList,
    NotSent,
    Refused,
    TaskPage,
    Unanswered,
)
from worker.tools import Tools

log = logging.getLogger(__name__)

PAUSE_S = 30.0
"""A list that failed, or was late, is left alone for so long."""
NO_LIST_S = 600.0
"""A provider that says it keeps none is asked again after this."""


@dataclass(frozen=True)
class _Listing:
    """What one look brought."""

    asked: Question
    tasks: tuple[ListedTask, ...]
    pages: int
    whole: bool
    skew_s: float | None


@dataclass(frozen=True)
class _Later:
    """The account's queries are all taken just now."""

    wait_s: float


@dataclass(frozen=True)
class _Alone:
    """The list is of no use for a while."""

    why: str
    pause_s: float


@dataclass(frozen=True)
class _Lane:
    """A lane that is looked at."""

    name: str
    lane: Lane
    model: Model
    tools: Tools

    @property
    def query_rate_per_s(self) -> float:
        """Task queries the account may make."""
        account = self.tools.settings.account(self.lane.account, self.lane.provider)
        return parse_rate(account.query_rate)


def look(name: str, tools: Tools) -> str:
    """Ask the list which of a lane's tasks have ended, bring those forward, and book the next look.

    Returns what it came to, for the log. Raises ProviderUnavailable where nobody can be asked.
    """
    seen = _lane(name, tools)
    if seen is None:
        return "unknown model"
    tools.providers.client(seen.lane)  # before anything else is asked of its account's settings
    known = tools.ledger.looks.tasks(name)
    if known.missed >= DISTRUST:
        return _leave_alone(seen, _Alone("it told of ends too late", PAUSE_S))
    if _next_s(seen, known, 1) is None:
        return _leave_alone(seen, _Alone("not worth it", 0.0))
    return _look_at(seen, known)


def put_off(name: str, tools: Tools) -> str:
    """Nobody can be asked from here: each task is left to its own looks for a while."""
    seen = _lane(name, tools)
    if seen is None:
        return "unknown model"
    return _leave_alone(seen, _Alone("nobody can be asked", PAUSE_S))


def _lane(name: str, tools: Tools) -> _Lane | None:
    """None, and no further look: the lane stops with the reason when one of its jobs is taken up."""
    lane = Lane.parse(name)
    try:
        model = tools.models.find(lane)
    except UnknownModel:
        tools.ledger.looks.end(name, PAUSE_S)
        return None
    return _Lane(name, lane, model, tools)


def _look_at(seen: _Lane, known: LaneTasks) -> str:
    oldest_s = known.now_s - known.tasks[0].taken_s
    youngest = youngest_s(known.learned)
    if oldest_s < youngest:
        _book(seen, youngest - oldest_s)
        return "all too young"
    alone = shown_alone(known.learned, known.false_alarms, known.orders)
    due = [task for task in known.tasks if known.now_s - task.taken_s >= youngest]
    due = due[: most_asked(running_only=alone)]
    sent_s = min(task.sent_s for task in due)
    listing = _list(
        seen, known, question(sent_s, due[-1].taken_s, known.skew_s, running_only=alone)
    )
    match listing:
        case _Listing():
            return _follow(seen, known, due, listing)
        case _Later(wait_s):
            _book(seen, wait_s)
            return "no query is free"
        case _Alone():
            return _leave_alone(seen, listing)
        case never:
            assert_never(never)


def _follow(seen: _Lane, known: LaneTasks, due: list[RunningTask], found: _Listing) -> str:
    """Ask for each task that has ended, the oldest first, as fast as the account allows."""
    refs = {task.ticket: task.ref for task in due}
    over = ended(refs, found.tasks, found.asked, whole=found.whole)
    moments = moments_s(len(over), seen.query_rate_per_s, known.busy_s)
    forward = {refs[ticket]: wait_s for ticket, wait_s in zip(over, moments, strict=True)}
    seen.tools.ledger.looks.bring_forward(seen.name, forward, ended=True)
    busy_s = moments[-1] if moments else known.busy_s
    wait_s = _next_s(seen, known, found.pages) or SHORTEST_S
    wait_s = next_look_s(wait_s, busy_s)
    seen.tools.ledger.looks.book(
        seen.name, wait_s, hold_s(wait_s), found.skew_s, looked_s=known.now_s
    )
    return f"{len(over)} of {len(due)} ended"


def _next_s(seen: _Lane, known: LaneTasks, pages: int) -> float | None:
    rate_per_s = seen.query_rate_per_s
    return interval_s(len(known.tasks), known.learned, max(pages, 1), rate_per_s, looking=True)


def _book(seen: _Lane, wait_s: float) -> None:
    seen.tools.ledger.looks.book(seen.name, wait_s, hold_s(wait_s))


def _leave_alone(seen: _Lane, why: _Alone) -> str:
    """Each task is looked at by itself again, no later than if there had been no list."""
    tools = seen.tools
    tools.ledger.looks.end(seen.name, why.pause_s)
    # Read only now: tasks that came while the list was looked at rely on it, too.
    known = tools.ledger.looks.tasks(seen.name)
    own = {
        task.ref: next_poll_s(
            known.now_s - task.taken_s, known.learned, seen.model.typical_s, tools.chance()
        )
        for task in known.tasks
    }
    tools.ledger.looks.bring_forward(seen.name, own, ended=False)
    return why.why


def _list(seen: _Lane, known: LaneTasks, asked: Question) -> _Listing | _Later | _Alone:
    """All pages; who is absent from them proves something only if the clocks are as we thought.

    The last page comes first: what ends meanwhile moves the others forward, and none is passed over.
    """
    moments = [task.taken_s + known.skew_s for task in known.tasks]
    tasks: list[ListedTask] = []
    pages, whole, skew_s, number = 0, True, None, pages_expected(moments, asked)
    while number:
        found = _page(seen, asked, number)
        if not isinstance(found, tuple):
            return found
        page, found_skew_s = found
        tasks += page.tasks
        skew_s = found_skew_s if found_skew_s is not None else skew_s
        whole = whole and page.pages <= MOST_PAGES and skew_held(known.skew_s, found_skew_s)
        last = min(page.pages, MOST_PAGES)
        number = last if not pages and last > number else min(number - 1, last)
        pages = pages or max(last, 1)
    return _Listing(asked, tuple(tasks), pages, whole, skew_s)


def _page(
    seen: _Lane, asked: Question, number: int
) -> tuple[TaskPage, float | None] | _Later | _Alone:
    tools = seen.tools
    bucket = tools.ledger.poll_bucket(seen.lane.provider, seen.lane.account)
    slot = bucket.take(seen.query_rate_per_s, 1, patience_s=PATIENCE_S)
    tools.metrics.slot(seen.name, "queries", slot)
    if not slot.booked:
        return _Later(slot.wait_s)
    tools.clock.sleep(slot.wait_s)
    provider = tools.providers.client(seen.lane)
    asked_s = tools.ledger.fleet.now_ms() / 1000
    answer = provider.list_tasks(
        seen.model, asked.start_s, asked.end_s, number, running_only=asked.running_only
    )
    match answer:
        case TaskPage(provider_now_s=provider_now_s):
            answered_s = tools.ledger.fleet.now_ms() / 1000
            if provider_now_s is None:
                return answer, None
            return answer, clock_skew_s(provider_now_s, asked_s, answered_s)
        case NoTaskList():
            return _Alone("there is no list", NO_LIST_S)
        case Refused(failure, retry_after_s):
            decision = after_failure(failure, 1, tools.chance(), retry_after_s)
            if isinstance(decision, Throttle):
                bucket.slow_down(decision.pause_s)
            return _Alone(failure.message, PAUSE_S)
        case NotSent(reason) | Unanswered(reason):
            return _Alone(reason, PAUSE_S)
        case never:
            assert_never(never)
