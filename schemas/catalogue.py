"""The models we know: what each takes, how fast it may be asked, what it costs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

from pydantic import Field

from schemas.contract import Contract
from schemas.lane import LaneLimits, parse_rate
from schemas.money import to_micro
from schemas.parameter import Parameter, nearest

WINDOW_SLACK = 2
"""Jobs handed in beyond the provider's running limit, so that it never waits for us."""


class UnknownModel(ValueError):
    """No such model; the message names the nearest ones."""


class Model(Contract):
    """One model of one provider."""

    provider: str
    name: str
    title: str = Field(description="what it is for, in a few words")
    protocol: str = Field(description="how it is ordered: the adapter's name for the wire form")
    endpoint: str = Field(description="path below the provider's base URL")
    synchronous: bool = Field(default=False, description="the answer is the picture: no ticket")
    prompt_limit: int = Field(description="the provider silently cuts what is longer")
    prompt_unit: str = Field(default="characters", description="characters or words")
    negative_prompt_limit: int = Field(default=0, description="0: the model takes none")
    max_n: int = Field(default=1, description="images of one order")
    sends_n: bool = Field(default=True, description="whether the model has a parameter n")
    seed_step: int = Field(default=1, description="image i is drawn with seed + (i - 1) * step")
    rate: str = Field(description="submits the provider admits, e.g. 2/s")
    running: int = Field(description="tasks the provider runs at once; surplus stays PENDING")
    price: Decimal = Field(description="per stored image")
    currency: str
    price_as_of: date
    typical_s: float = Field(description="seconds from order to picture, before we have learned")
    retired: date | None = Field(default=None, description="orders fail from this day on")
    successor: str | None = None
    source: str = Field(description="the vendor document behind these figures")
    parameters: dict[str, Parameter] = Field(default_factory=dict)

    @property
    def price_micro(self) -> int:
        """Millionths of a currency unit per stored image."""
        return to_micro(self.price)

    @property
    def limits(self) -> LaneLimits:
        """The provider's limits, with a little slack in the window."""
        return LaneLimits(rate_per_s=parse_rate(self.rate), window=self.running + WINDOW_SLACK)


class Catalogue:
    """All known models, found by name."""

    def __init__(self, models: list[Model]) -> None:
        self._models = {(model.provider, model.name): model for model in models}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def find(self, name: str, provider: str | None = None) -> Model:
        """The model of that name. Raises UnknownModel naming the nearest ones."""
        for model in self._models.values():
            if model.name == name and provider in (None, model.provider):
                return model
        names = [m.name for m in self._models.values() if provider in (None, m.provider)]
        if not names:
            providers = sorted({m.provider for m in self._models.values()})
            raise UnknownModel(
                f"unknown provider {provider!r}; known: {', '.join(providers)}"
                f"{nearest(str(provider), providers)}"
            )
        raise UnknownModel(
            f"unknown model {name!r}{nearest(name, names) or '; known: ' + ', '.join(names)}"
        )


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with imagemill."""
    text = resources.files("schemas").joinpath("models.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    shared = document.get("parameters", {})
    return Catalogue([_model(entry, shared) for entry in document["models"]])


def _model(entry: dict[str, object], shared: dict[str, object]) -> Model:
    own = dict(entry)
    named = own.pop("uses", {})
    if not isinstance(named, dict):
        raise TypeError(f"uses of {own.get('name')} must be a table")
    parameters = {name: shared[key] for name, key in named.items()}
    parameters.update(own.pop("parameters", {}))  # type: ignore[call-overload]  # pydantic checks it below
    return Model.model_validate({**own, "parameters": parameters})
