"""From what size on an order is asked about before it is handed in."""

from __future__ import annotations

from pydantic import Field, field_validator

from schemas.account import Section
from schemas.money import Amount


class AskSection(Section):
    """An order of more than this is asked about, where somebody sits at a terminal."""

    images: int = Field(default=100, ge=0, description="of an order")
    cost: tuple[str, ...] = Field(
        default=("20CNY", "3USD"),
        description="one amount of each currency; of any other every amount is asked about",
    )

    @field_validator("cost")
    @classmethod
    def _is_one_amount_of_each_currency(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        currencies = [Amount.parse(text).currency for text in texts]
        for currency in currencies:
            if currencies.count(currency) > 1:
                raise ValueError(f"there are two amounts in {currency}; give one")
        return texts

    @property
    def limits_micro(self) -> dict[str, int]:
        """The amounts in millionths, by currency."""
        amounts = map(Amount.parse, self.cost)
        return {amount.currency: amount.micro for amount in amounts}
