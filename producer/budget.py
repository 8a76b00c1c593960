"""What a batch may cost, as the command line says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from producer.errors import OptionError, ProducerError
from producer.exit_codes import ExitCode
from producer.tally import AlreadyDone, Tally
from schemas.money import Amount, to_text


class BudgetRefused(ProducerError):
    """The budget leaves out a currency the batch is billed in."""

    exit_code = ExitCode.BUDGET


def budgets_from(texts: Iterable[str]) -> dict[str, int]:
    """Read every `--budget 50CNY`: millionths by currency. Raises OptionError."""
    found: dict[str, int] = {}
    for text in texts:
        try:
            amount = Amount.parse(text)
        except ValueError as error:
            raise OptionError(f"--budget {error}") from error
        if amount.currency in found:
            raise OptionError(f"--budget is given twice in {amount.currency}; give the whole of it")
        found[amount.currency] = amount.micro
    return found


def check_currencies(budgets: Mapping[str, int], tally: Tally) -> None:
    """A budget covers all that may be spent, or it is none. Raises BudgetRefused."""
    if not budgets:
        return
    lanes = tally.lane_currencies()
    for lane, currency in lanes.items():
        if currency not in budgets:
            raise BudgetRefused(
                f"{lane} bills in {currency}, for which there is no budget;"
                f" add --budget with an amount in {currency}. Nothing was ordered."
            )
    strange = sorted(budgets.keys() - set(lanes.values()))
    if strange:
        raise BudgetRefused(
            f"No row is billed in {', '.join(strange)}; the batch's currency is"
            f" {', '.join(sorted(set(lanes.values())))}. Nothing was ordered."
        )


def shortfalls(
    budgets: Mapping[str, int], tally: Tally, done: AlreadyDone | None = None
) -> list[str]:
    """How many rows fit, for each currency whose budget does not cover the list price."""
    said, currencies = [], tally.lane_currencies()
    left, costs = Counter(tally.lanes), Counter(tally.costs())
    if done is not None:
        left.subtract(done.rows)
        for lane, cost_micro in done.costs_micro.items():
            costs[currencies[lane]] -= cost_micro
    for currency, cost_micro in costs.items():
        limit_micro = budgets.get(currency, cost_micro)
        if limit_micro < cost_micro:
            rows = sum(count for lane, count in left.items() if currencies[lane] == currency)
            said.append(
                f"about {rows * limit_micro // cost_micro:,} of {rows:,} {tally.unit}s fit into the budget"
                f" of {to_text(limit_micro)} {currency}"
            )
    return said


def prices(costs_micro: Mapping[str, int]) -> str:
    """Amounts side by side; currencies never mix."""
    costs = [f"{to_text(micro)} {currency}" for currency, micro in costs_micro.items()]
    return " + ".join(costs) or "nothing"
