"""How a batch stands, in words: its money, what is in its way, what a person can do."""

from __future__ import annotations

from schemas.batch import BatchStatus, Priority
from schemas.lane import PAUSED_BY_HAND
from schemas.states import BatchState

STATES = {
    "paused": "`imagemill resume {0}` lets it go on",
    "cancelling": "nothing; its last orders are coming in",
    "parked: budget": "`imagemill resume {0} --budget AMOUNT` lets it go on",
    "outside its hours": "nothing; it goes on when its hours begin",
}
"""The states in which a batch orders nothing, and what then is to be done."""


def money(status: BatchStatus) -> str:
    """The cost so far, each currency by itself."""
    if not status.costs:
        return "no cost"
    return _amounts(status.costs)


def reused(status: BatchStatus) -> str:
    """How many rows cost nothing since they were drawn before; empty where none was."""
    if not status.reused:
        return ""
    return f"{status.reused:,} row{'' if status.reused == 1 else 's'} drawn before"


def budget(status: BatchStatus) -> str:
    """What is spent of the budget, each currency by itself; empty without one."""
    return " + ".join(
        f"{purse.spent} of {purse.limit} {currency} spent"
        for currency, purse in status.budgets.items()
    )


def risk(status: BatchStatus) -> str:
    """What may have been paid for in vain; empty where nothing was."""
    said = []
    if status.at_risk:
        said.append(f"{_amounts(status.at_risk)} may have been charged for nothing")
    if status.possible_double_charges:
        count = status.possible_double_charges
        said.append(f"{count} possible double charge{'' if count == 1 else 's'}")
    return ", ".join(said)


def priority(status: BatchStatus) -> str:
    """Its priority, where it is not what most batches have."""
    return "" if status.priority is Priority.NORMAL else str(status.priority)


def is_held(status: BatchStatus) -> bool:
    """Whether nothing of it is ordered just now, so that no time left can be told."""
    return status.state in STATES


def hindrances(status: BatchStatus) -> list[str]:
    """What is in its way: held, stopped lanes, providers that cannot be asked."""
    held = [status.state] if is_held(status) else []
    stopped = [f"{lane} stopped: {why}" for lane, why in status.stopped.items()]
    return [*held, *stopped, *(f"{lane}: {why}" for lane, why in status.troubles.items())]


def advice(status: BatchStatus) -> str:
    """What a person can do about it; empty where there is nothing to do."""
    name = status.batch
    said = [STATES[status.state].format(name)] if status.state in STATES else []
    if status.state != BatchState.FINISHED:
        for lane, why in status.stopped.items():
            first = "" if why == PAUSED_BY_HAND else "put right what stopped it, then "
            said.append(f"{first}`imagemill resume {lane}`")
        return "; ".join(said)
    if status.failed or status.partial:
        said.append(f"`imagemill retry {name}` runs failed and partial rows again")
    if status.uncertain:
        said.append(f"`imagemill retry {name} --uncertain` orders uncertain rows once more")
    if status.cancelled:
        said.append(f"`imagemill retry {name} --cancelled` orders withdrawn rows after all")
    return "; ".join(said)


def _amounts(amounts: dict[str, str]) -> str:
    return " + ".join(f"{amount} {currency}" for currency, amount in amounts.items())
