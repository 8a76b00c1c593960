"""Money in whole millionths of a currency unit, so that sums are exact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple, Self

MICRO = 1_000_000
MOST_MICRO = 10**15
"""A thousand million units: sums of a few such amounts are exact even as floating-point numbers."""

_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<currency>[A-Za-z]{3})")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class Amount(NamedTuple):
    """Money as people write it: `50CNY`, `0.5 usd`."""

    micro: int
    currency: str

    def __str__(self) -> str:
        return f"{to_text(self.micro)} {self.currency}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an amount as people write it. Raises ValueError with what to write instead."""
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            found = _NUMBER.search(text)
            number = found[0] if found else "50"
            raise ValueError(
                f"{text!r} is no amount of money; write a number and a currency's three letters,"
                f" like {number}CNY or {number}USD"
            )
        micro = to_micro(match["number"])
        if micro > MOST_MICRO:
            raise ValueError(
                f"{text!r} is too much; {to_text(MOST_MICRO)} is the most there can be"
            )
        return cls(micro, match["currency"].upper())


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


def to_texts(amounts_micro: Mapping[str, int]) -> dict[str, str]:
    """Amounts by their currencies, each as `to_text` says it."""
    return {currency: to_text(micro) for currency, micro in amounts_micro.items()}
