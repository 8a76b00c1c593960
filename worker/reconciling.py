"""An order whose answer was lost: the provider's own list says what became of it, or nobody does.

The list is read first, then the orders that compete for its tasks, then the tickets we know: read
otherwise, an order answered meanwhile would be in neither, and its task would look like nobody's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import assert_never

from ledger.tickets import UnsettledOrder
from schemas.job import Job
from worker.asking import look_again, unheard, wait_for_turn
from worker.held import HeldJob, order_name
from worker.outcomes import Outcome, Retry, Ticketed, Wait
from worker.policy.reconciling import (
    LIST_LAG_S,
    MARGIN_S,
    Absent,
    Adopt,
    Ask,
    Echo,
    Listing,
    Look,
    LookLater,
    NotYet,
    Silent,
    Undecided,
    Unsettled,
    clock_skew_s,
    reconcile,
)
from worker.policy.retrying import backoff_s
from worker.providers.port import (
    Done,
    ListedTask,
    NoTaskList,
    NotSent,
    Refused,
    StillRunning,
    TaskFailed,
    TaskPage,
    TaskUnknown,
    Unanswered,
)
from worker.tools import Tools
from worker.undecided import give_up

log = logging.getLogger(__name__)

GIVE_UP_S = 3600.0
"""An order that nothing was found out about for so long is a person's to decide,"""
GIVE_UP_LOOKS = 5
"""after so many looks in a row at least: the whole mill may have slept that long."""
LISTED_S = 20 * 3600.0
"""An older order proves nothing by not being listed (Model Studio: tasks are kept 24 hours)."""
MOST_PAGES = 50
MOST_ASKED = 30
"""Tasks that are asked what they draw, for one lost order."""
SKEW_ALLOWED_S = 600.0
"""The list is asked for so much more on both sides, as the provider reads it on its own clock."""
SPARE_S = 15.0
"""The same once that clock is known, to within a few seconds: a busy lane's list is long."""


@dataclass
class _Search:
    """What was found out so far about one lost order."""

    ours: Unsettled
    listing: Listing
    looks: dict[str, Look] = field(default_factory=dict)


@dataclass(frozen=True)
class _Page:
    """One page of the list, and when it was asked for."""

    tasks: tuple[ListedTask, ...]
    pages: int
    asked_s: float
    skew_s: float | None
    """The provider's clock minus ours; None: its answer took too long to tell."""


def find_lost_order(held: HeldJob, tools: Tools) -> Outcome:
    """Submitting, and nobody knows the answer: adopt the task, order again, or leave it open."""
    tools.provider(held)  # where there is none, somebody else may have one
    ours = remember(held, tools)
    now_s = held.record.now_ms / 1000
    settled_s, age_s = ours.sent_until_s + LIST_LAG_S, now_s - ours.sent_from_s
    if now_s < settled_s:
        return Wait(settled_s - now_s, held.troubles)
    if age_s > LISTED_S:
        return give_up(held, "it is too old to be in the provider's task list", tools)
    listing = _list(held, ours, tools)
    found = (
        _decide(held, _Search(ours, listing), tools) if isinstance(listing, Listing) else listing
    )
    if isinstance(found, Wait) and age_s > GIVE_UP_S and found.troubles > GIVE_UP_LOOKS:
        return give_up(held, "the provider's task list gave no answer for an hour", tools)
    return found


def _decide(held: HeldJob, search: _Search, tools: Tools) -> Outcome:
    lane = str(held.lane)
    exclusive = tools.account(held).exclusive
    while True:
        others = _others(held, tools)
        tickets = [task.ticket for task in search.listing.tasks]
        known = tools.ledger.tickets.known(lane, tickets)
        if tools.ledger.tickets.complete_from_ms(lane) / 1000 > search.ours.sent_from_s - MARGIN_S:
            return give_up(held, "too many orders followed it to tell their tasks apart", tools)
        verdict = reconcile(
            search.ours, others, search.listing, known, search.looks, exclusive=exclusive
        )
        log.info(
            "reconcile.verdict", extra={"job": held.claim.job, "verdict": type(verdict).__name__}
        )
        match verdict:
            case Adopt(ticket):
                tools.ledger.lanes.count(lane, "adopted")
                return Ticketed(ticket, 0.0, found=True)
            case Absent():
                tools.ledger.lanes.count(lane, "absent")
                wait_s = backoff_s(held.troubles + 1, tools.chance())
                return Retry(wait_s, refund=True, troubles=held.troubles + 1, absent=True)
            case Ask(asked):
                if len(asked) > MOST_ASKED:
                    return give_up(held, f"{len(asked)} tasks of that moment are nobody's", tools)
                failed = _ask(held, asked, search, tools)
                if failed is not None:
                    return failed
            case LookLater():
                return look_again(held, tools)
            case Undecided(why):
                return give_up(held, why, tools)
            case never:
                assert_never(never)


def remember(held: HeldJob, tools: Tools) -> Unsettled:
    """Write down what is looked for: orders that competed with it must see it for a day."""
    order = _order(held, tools)
    found = tools.ledger.tickets
    found.unsettle(str(held.lane), held.order_mark, order)
    return _unsettled(order)


def _order(held: HeldJob, tools: Tools) -> UnsettledOrder:
    """Until when it may have reached the provider: from a live sender it left before its answer was
    given up; a dead one sent nothing after half of its lease. Networks deliver late."""
    fields = held.record.fields
    marked_ms = int(fields.get("submitting_ms", held.record.now_ms))
    sent_ms = int(fields.get("lost_after_ms") or tools.settings.worker.lease_s * 500)
    late_ms = int(tools.account(held).settle_s * 1000)
    return UnsettledOrder(
        ref=order_name(held.claim.ref, held.job),
        prompt=held.job.prompt,
        sent_from_ms=marked_ms,
        sent_until_ms=marked_ms + sent_ms + late_ms,
    )


def _others(held: HeldJob, tools: Tools) -> list[Unsettled]:
    """Orders of the lane that no ticket is known for: lost ones, and those under way just now."""
    lane = str(held.lane)
    settle_s = tools.account(held).settle_s
    # Under way now: its answer may yet be lost, and its sender may hold it for a whole lease.
    open_s = tools.settings.worker.lease_s + settle_s
    found = []
    # First: whoever gives up meanwhile has written down what it looked for.
    for ref, request, marked_ms in tools.ledger.tickets.submitting(lane):
        job = Job.model_validate_json(request)
        marked_s = marked_ms / 1000
        found.append(Unsettled(order_name(ref, job), job.prompt, marked_s, marked_s + open_s))
    return found + [_unsettled(order) for order in tools.ledger.tickets.unsettled(lane)]


def _list(held: HeldJob, ours: Unsettled, tools: Tools) -> Listing | Outcome:
    """All tasks of the time in question."""
    span_s = ours.sent_from_s - SKEW_ALLOWED_S, ours.sent_until_s + SKEW_ALLOWED_S
    found = _page(held, span_s, 1, tools)
    if not isinstance(found, _Page):
        return found
    if found.skew_s is None:
        return look_again(held, tools)
    if found.pages <= 1:
        return Listing(found.tasks, *span_s, found.asked_s, found.skew_s)
    start_s, end_s = ours.sent_from_s + found.skew_s, ours.sent_until_s + found.skew_s
    return _list_all(held, (start_s - SPARE_S, end_s + SPARE_S), tools)


def _list_all(held: HeldJob, span_s: tuple[float, float], tools: Tools) -> Listing | Outcome:
    """Page by page; asked anew when they change meanwhile."""
    tasks: list[ListedTask] = []
    first: _Page | None = None
    for number in range(1, MOST_PAGES + 1):
        found = _page(held, span_s, number, tools)
        if not isinstance(found, _Page):
            return found
        first = first or found
        if found.pages != first.pages or found.skew_s is None:
            return look_again(held, tools)
        tasks += found.tasks
        if number >= found.pages:
            return Listing(tasks, *span_s, first.asked_s, first.skew_s)
    return give_up(held, "the provider lists too many tasks of that time", tools)


def _page(held: HeldJob, span_s: tuple[float, float], number: int, tools: Tools) -> _Page | Outcome:
    waiting = wait_for_turn(held, tools)
    if waiting is not None:
        return waiting
    asked_s = tools.ledger.fleet.now_ms() / 1000
    answer = tools.provider(held).list_tasks(held.model, *span_s, number)
    match answer:
        case TaskPage(found, pages, provider_now_s):
            answered_s = tools.ledger.fleet.now_ms() / 1000
            if provider_now_s is None:
                return give_up(held, "the provider does not tell its time", tools)
            skew_s = clock_skew_s(provider_now_s, asked_s, answered_s)
            return _Page(found, pages, asked_s, skew_s)
        case NoTaskList():
            return give_up(held, "this provider keeps no list of its tasks", tools)
        case Refused() | NotSent() | Unanswered():
            return unheard(answer, held, tools)
        case never:
            assert_never(never)


def _ask(held: HeldJob, tickets: tuple[str, ...], search: _Search, tools: Tools) -> Wait | None:
    """Ask tasks what they draw; a Wait where one cannot be asked."""
    provider = tools.provider(held)
    for ticket in tickets:
        waiting = wait_for_turn(held, tools)
        if waiting is not None:
            return waiting
        answer = provider.poll(ticket)
        match answer:
            case Done(prompt_echo=str(echo)):
                search.looks[ticket] = Echo(echo)
            case Done() | TaskFailed() | TaskUnknown():
                search.looks[ticket] = Silent()
            case StillRunning():
                search.looks[ticket] = NotYet()
            case Refused() | NotSent() | Unanswered():
                return unheard(answer, held, tools)
            case never:
                assert_never(never)
    return None


def _unsettled(order: UnsettledOrder) -> Unsettled:
    return Unsettled(order.ref, order.prompt, order.sent_from_ms / 1000, order.sent_until_ms / 1000)
