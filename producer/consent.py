"""Whether an order is so large that whoever sits at the terminal is asked first."""

from __future__ import annotations

from collections.abc import Mapping

from producer.budget import prices
from schemas.asking import AskSection


def question(images: int, costs_micro: Mapping[str, int], limits: AskSection) -> str | None:
    """What to ask before so much is ordered; None: it is no more than the settings let pass.

    Costs are in millionths, by currency. Nothing that is free of charge is asked about for its cost.
    """
    most_micro = limits.limits_micro
    dear = any(
        cost_micro > most_micro.get(currency, 0) for currency, cost_micro in costs_micro.items()
    )
    if images <= limits.images and not dear:
        return None
    counted = f"{images:,} image{'' if images == 1 else 's'}"
    return f"Order {counted} for at most {prices(costs_micro)}?"
