"""Money is set aside before an order leaves, and settled when what it cost is known."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.moves import Claim
from ledger.purse import Day, Purse, Refused, Settlement
from schemas.batch import Hold
from schemas.job import Job
from schemas.lane import Lane
from schemas.model import Model
from schemas.money import Amount, to_text
from schemas.result import JobResult
from schemas.states import JobState
from schemas.utc_offset import parse_utc_offset
from worker.held import HeldJob, purse_ref
from worker.outcomes import TooDear
from worker.tools import Tools

CAP_LOOK_S = 10.0
"""While an account's cap is reached, one order in so long tries whether there is room again."""


def set_aside(held: HeldJob, tools: Tools) -> TooDear | None:
    """Reserve what the order may cost, in its batch's purse and in its account's."""
    currency = held.model.currency
    if held.record.budgeted:
        found = _batch_purse(held, tools).reserve(held.purse_ref, held.price_micro)
        if isinstance(found, Refused):
            return TooDear(_refusal("the batch's budget", currency, found), currency)
    cap = _account_purse(held, tools)
    if cap is None:
        return None
    ref = _account_ref(held.claim.lane, held.claim.batch, held.purse_ref)
    taken = cap.reserve(ref, held.price_micro)
    if not isinstance(taken, Refused):
        return None
    words = _refusal(f"the daily cap of account {held.lane.account}", currency, taken)
    again_s = min(CAP_LOOK_S, float(taken.next_day_s or CAP_LOOK_S))
    return TooDear(words, currency, cap_again_s=again_s)


def park(held: HeldJob, refused: TooDear, tools: Tools) -> None:
    """Order nothing more that this purse would have to pay for."""
    lane = str(held.lane)
    if refused.cap_again_s is not None:
        tools.submit_bucket(held).close(refused.cap_again_s)
        tools.ledger.lanes.note_trouble(lane, refused.why)
        return
    lanes = tools.lanes_of(held.claim.batch, refused.currency) or [lane]
    batches = tools.ledger.batches
    batches.hold(held.claim.batch, lanes, Hold.BUDGET)
    # Money that came back between the refusal and the hold woke nobody.
    again = _batch_purse(held, tools).reserve(held.purse_ref, held.price_micro)
    if not isinstance(again, Refused):
        batches.unhold(held.claim.batch, lanes, Hold.BUDGET)


def go_on(held: HeldJob, tools: Tools) -> None:
    """An order that has its money is held: whoever parked its batch died before looking again."""
    if held.record.budgeted:
        lanes = tools.lanes_of(held.claim.batch, held.model.currency)
        tools.ledger.batches.unhold(held.claim.batch, lanes, Hold.BUDGET)


def settle(held: HeldJob, result: JobResult, tools: Tools) -> None:
    """The order is over: count what it cost, or may have cost, and give the rest back."""
    _settle(held, _cost_micro(held.job, result), tools)


def settle_unknown(held: HeldJob, tools: Tools) -> None:
    """The order may have been paid for and is sent again: the first counts as paid."""
    _settle(held, held.price_micro, tools)


def settle_chunk(
    lane: str, batch: str, ended: Sequence[tuple[Job, JobResult]], tools: Tools
) -> None:
    """Settle a whole chunk's orders once more, for those whose worker died before it did."""
    parsed = Lane.parse(lane)
    model = tools.models.find(parsed)
    currency = model.currency
    costs: dict[str, int] = {}
    for job, result in ended:
        again = job.earlier
        doubles = result.possible_double_charges - again.possible_double_charges
        lost_micro = (job.n - len(again.kept)) * model.price_micro_of(job.parameters)
        costs |= {purse_ref(job, double): lost_micro for double in range(doubles)}
        costs[purse_ref(job, doubles)] = _cost_micro(job, result)
    if tools.ledger.batches.has_budget(lane, batch):
        _wake(batch, model, tools.ledger.batch_purse(batch, currency).settle_all(costs), tools)
    cap = _cap(parsed, currency, tools)
    if cap is not None:
        cap.settle_all({_account_ref(lane, batch, ref): cost for ref, cost in costs.items()})


def give_back(lane: str, batch: str, jobs: Sequence[Job], tools: Tools) -> None:
    """What an account had set aside for orders that another account is to make."""
    parsed = Lane.parse(lane)
    cap = _cap(parsed, tools.models.find(parsed).currency, tools)
    if cap is not None:
        cap.settle_all({_account_ref(lane, batch, purse_ref(job, 0)): 0 for job in jobs})


def look_after(batch: str, lane: str, tools: Tools) -> None:
    """A batch is parked: settle orders whose worker died before it did, and try what then fits.

    Orders that were given back before it was parked have their money: they go first.
    """
    model = tools.models.find(Lane.parse(lane))
    ended, paid = [], []
    for ref in tools.ledger.batch_purse(batch, model.currency).refs():
        job = ref.rpartition("#")[0]
        found = tools.ledger.jobs.peek(Claim(lane, f"{batch}/{job}", 0))
        if found is not None and "result" in found.fields:
            result = JobResult.model_validate_json(found.fields["result"])
            ended.append((Job.model_validate_json(found.request), result))
        elif found is not None and found.state is JobState.PENDING:
            paid.append(f"{batch}/{job}")
    settle_chunk(lane, batch, ended, tools)
    if paid:
        lanes = tools.lanes_of(batch, model.currency)
        tools.ledger.batches.unhold(batch, lanes, Hold.BUDGET, paid)


def _settle(held: HeldJob, cost_micro: int, tools: Tools) -> None:
    if held.record.budgeted:
        settled = _batch_purse(held, tools).settle(held.purse_ref, cost_micro)
        _wake(held.claim.batch, held.model, settled, tools)
    cap = _account_purse(held, tools)
    if cap is not None:
        ref = _account_ref(held.claim.lane, held.claim.batch, held.purse_ref)
        cap.settle(ref, cost_micro)


def _wake(batch: str, model: Model, settled: Settlement, tools: Tools) -> None:
    """Go on where there is room for a picture at least."""
    room_micro = settled.figures.room_micro
    if settled.waiting and (room_micro is None or room_micro >= model.price_micro):
        tools.ledger.batches.unhold(batch, tools.lanes_of(batch, model.currency), Hold.BUDGET)


def _batch_purse(held: HeldJob, tools: Tools) -> Purse:
    return tools.ledger.batch_purse(held.claim.batch, held.model.currency)


def _account_purse(held: HeldJob, tools: Tools) -> Purse | None:
    return _cap(held.lane, held.model.currency, tools)


def _cap(lane: Lane, currency: str, tools: Tools) -> Purse | None:
    try:
        account = tools.settings.account(lane.account, lane.provider)
    except KeyError:
        return None  # this worker does not know the account; one that does settles it
    if account.daily_cap is None:
        return None
    cap = Amount.parse(account.daily_cap)
    if cap.currency != currency:
        return None
    day = Day(cap.micro, parse_utc_offset(account.utc_offset))
    return tools.ledger.account_purse(lane.provider, lane.account, currency, day)


def _account_ref(lane: str, batch: str, ref: str) -> str:
    """An account pays for the orders of many batches and lanes."""
    return f"{lane}|{batch}/{ref}"


def _cost_micro(job: Job, result: JobResult) -> int:
    """What this round's last order cost, or may have cost."""
    return result.cost_micro - job.earlier.cost_micro + result.at_risk_micro


def _refusal(whose: str, currency: str, refused: Refused) -> str:
    figures = refused.figures
    limit, spent = to_text(figures.limit_micro or 0), to_text(figures.spent_micro)
    reserved = to_text(figures.reserved_micro)
    return f"{whose} is reached: {spent} of {limit} {currency} spent, {reserved} set aside"
