"""Money in whole millionths of a currency unit, so that sums are exact."""

from __future__ import annotations

from decimal import Decimal

MICRO = 1_000_000


def to_micro(amount: Decimal | str) -> int:
    """Millionths of a unit. Raises ValueError for fractions of a millionth."""
    micro = Decimal(amount) * MICRO
    if micro != micro.to_integral_value():
        raise ValueError(f"{amount} has more than six decimals")
    return int(micro)


def to_text(micro: int) -> str:
    """The amount with at least two decimals and no others that say nothing: `1.28`, `0.005`."""
    text = f"{Decimal(micro) / MICRO:.6f}"
    whole, fraction = text.split(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
