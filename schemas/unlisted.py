"""A model the catalogue does not know, ordered all the same: the way another one is."""

from __future__ import annotations

from pydantic import Field

from schemas.contract import Contract
from schemas.model import Model
from schemas.money import Amount, to_text


class Unlisted(Contract):
    """What a user says of a model nobody here knows: its parameters are not checked."""

    like: str = Field(
        description="the model of the same provider whose wire form and limits it has"
    )
    price: str = Field(description="per stored image, e.g. 0.20CNY")
    wire_name: str | None = Field(
        default=None, description="its name in requests, where another: in a rehearsal `like`'s own"
    )

    def model(self, name: str, like: Model) -> Model:
        """The model as far as anybody knows. Raises ValueError for a price that is none."""
        price = Amount.parse(self.price)
        return like.model_copy(
            update={
                "name": name,
                "wire_name": self.wire_name,
                "title": f"not in the catalogue; ordered like {like.name}",
                "prompt": "optional",
                "prompt_limit": 0,
                "parameters": {},
                "rules": (),
                "constants": {},
                "price": to_text(price.micro),
                "price_tiers": (),
                "currency": price.currency,
                "retired": None,
                "successor": None,
                "source": "the user",
            }
        )
