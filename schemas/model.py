"""One model of one provider: a typed request, its limits, its price and its time, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator

from schemas.contract import Contract
from schemas.lane import LaneLimits, parse_rate
from schemas.money import to_micro
from schemas.parameter import Parameter
from schemas.row_rule import RowRule
from schemas.size import Size

WINDOW_SLACK = 2
"""Jobs handed in beyond the provider's running limit, so that it never waits for us: at least these,"""
WINDOW_SLACK_SHARE = 0.4
"""or of the limit so many. An ended task keeps its place until somebody looks, which may be a third
of a generation time later, and its successor needs a moment to get there."""

Shape = Literal["results", "output_image", "posters", "vectors", "choices", "inline", "facts"]
"""Where an answer has its pictures, or that it has none."""

SHAPES: dict[Shape, str] = {
    "results": "output.results[].url",
    "output_image": "output.output_image_url, and output_vis_image_url beside it",
    "posters": "output.render_urls[], and bg_urls[] beside them",
    "vectors": "output.results[].png_url, and svg_url beside it",
    "choices": "output.choices[].message.content[].image",
    "inline": "the answer to the order: base64, bytes or addresses",
    "facts": "no picture: values in the results table",
}


class PriceTier(Contract):
    """A price that holds for some orders of a model; of several that fit, the last one counts."""

    price: Decimal = Field(description="per stored image")
    when: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="parameters with these values, sent or by default"
    )
    above_pixels: int | None = Field(default=None, description="for sizes of more pixels than this")


class Model(Contract):
    """One model of one provider."""

    provider: str
    name: str = Field(description="what users call it; unique at its provider")
    wire_name: str | None = Field(default=None, description="its name in requests, where another")
    title: str = Field(description="what it is for, in a few words")
    protocol: str = Field(description="how it is ordered: the client's name for the wire form")
    endpoint: str = Field(
        description="path below the provider's base URL; {model} stands for the wire name"
    )
    synchronous: bool = Field(default=False, description="the answer is the picture: no ticket")
    timeout_s: float = Field(
        default=60.0, gt=0, description="how long the answer to an order is awaited"
    )
    result: Shape = Field(default="results", description="where its answer has the pictures")

    prompt: Literal["required", "optional", "none"] = "required"
    prompt_place: str = Field(default="input.prompt", description="dots between levels")
    prompt_limit: int = Field(
        default=0, description="the provider cuts or refuses what is longer; 0: unknown"
    )
    prompt_unit: Literal["characters", "words", "tokens"] = "characters"
    prompt_cut: bool = Field(
        default=True, description="what is longer is cut silently; false: the order is refused"
    )
    negative_prompt_limit: int = Field(default=0, description="0: the model takes none")
    negative_prompt_place: str = "input.negative_prompt"
    max_n: int = Field(default=1, description="images of one order")
    sends_n: bool = Field(default=True, description="whether the model has a parameter n")
    n_place: str = Field(default="parameters.n", description="dots between levels")
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    rules: tuple[RowRule, ...] = Field(default=(), description="between the fields of a row")
    constants: dict[str, Any] = Field(
        default_factory=dict, description="place -> what every request has there"
    )
    seed_step: int = Field(default=1, description="image i is drawn with seed + (i - 1) * step")

    rate: str = Field(description="submits the provider admits, e.g. 2/s")
    running: int = Field(
        description="tasks the provider runs at once, surplus stays PENDING;"
        " of a synchronous model: requests we have open at once"
    )
    price: Decimal = Field(description="per stored image")
    price_tiers: tuple[PriceTier, ...] = ()
    currency: str
    price_as_of: date
    trial_only: bool = Field(
        default=False, description="cannot be bought once the free quota is used up"
    )
    typical_s: float = Field(description="seconds from order to picture, before we have learned")
    retired: date | None = Field(default=None, description="orders fail from this day on")
    successor: str | None = None
    account: str | None = Field(
        default=None, description="the account it is ordered through, unless something else is said"
    )
    source: str = Field(description="the vendor document behind these figures")

    @field_validator("rate")
    @classmethod
    def _is_a_rate(cls, text: str) -> str:
        parse_rate(text)
        return text

    @property
    def sent_name(self) -> str:
        """What requests call it."""
        return self.wire_name or self.name

    @property
    def path(self) -> str:
        """Where it is ordered, below the provider's base URL."""
        return self.endpoint.replace("{model}", self.sent_name)

    @property
    def draws(self) -> bool:
        """Whether pictures come of it; otherwise values for the results table do."""
        return self.result != "facts"

    @property
    def price_micro(self) -> int:
        """Millionths of a currency unit per stored image, at the plain price."""
        return to_micro(self.price)

    @property
    def price_names(self) -> tuple[str, ...]:
        """The parameters that the price of an order depends on; none where all cost the same."""
        names = {name: None for tier in self.price_tiers for name in tier.when}
        if any(tier.above_pixels is not None for tier in self.price_tiers):
            names["size"] = None
        return tuple(names)

    def price_micro_of(self, parameters: Mapping[str, Any]) -> int:
        """Millionths of a currency unit per stored image of an order with these parameters."""
        price = self.price
        for tier in self.price_tiers:
            if self._fits(tier, parameters):
                price = tier.price
        return to_micro(price)

    @property
    def limits(self) -> LaneLimits:
        """The provider's limits; where surplus waits at the provider, a little slack in the window."""
        window = self.running if self.synchronous else window_of(self.running)
        return LaneLimits(rate_per_s=parse_rate(self.rate), window=window)

    def seed_at(self, first: int, place: int) -> int:
        """The seed of the picture at a place, from 0, of a series; above the highest it goes round."""
        seed = first + place * self.seed_step
        known = self.parameters.get("seed")
        most = known.maximum if known else None
        return seed if most is None or seed <= most else seed % (int(most) + 1)

    def _fits(self, tier: PriceTier, parameters: Mapping[str, Any]) -> bool:
        if any(self._value(name, parameters) != value for name, value in tier.when.items()):
            return False
        if tier.above_pixels is None:
            return True
        size = Size.parse(str(self._value("size", parameters)))
        return size is not None and size.pixels > tier.above_pixels

    def _value(self, name: str, parameters: Mapping[str, Any]) -> Any:
        known = self.parameters.get(name)
        return parameters.get(name, known.default if known else None)


def window_of(running: int) -> int:
    """Jobs at a provider at once that runs so many of them and lets the surplus wait."""
    return running + max(WINDOW_SLACK, math.ceil(running * WINDOW_SLACK_SHARE))
