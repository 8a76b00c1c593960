"""Pictures that orders at other vendors bring along: fetched and checked as DashScope's are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.checks import BadParameter
from simulator.dashscope_inputs import (
    NOT_DOWNLOADED,
    REFUSED,
    TIMED_OUT,
    check_addresses,
    look,
)
from simulator.dashscope_model import Model, Picture, Pixels
from simulator.gallery import Gallery
from simulator.refusal import Refusal


class Unseen(ValueError):
    """A picture cannot be used; `address` says whether its address is at fault."""

    def __init__(self, message: str, address: bool) -> None:
        super().__init__(message)
        self.address = address


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at an order's pictures found."""

    base: Pixels | None = None
    """Width and height of the first one, where it was fetched."""
    labels: dict[str, list[str]] = field(default_factory=dict)
    """Each picture without its query or its bytes, by field."""


async def see(name: str, addresses: Sequence[str], rule: Picture, gallery: Gallery) -> Seen:
    """Look at the pictures of the field `name`: http(s) URLs or data URIs.

    Raises:
        Unseen: One of them is no address, cannot be had or does not keep to the rule.
    """
    if not addresses:
        return Seen()
    model = Model(path=name, pictures={name: rule})
    pictures = [(name, address) for address in addresses]
    try:
        check_addresses(model, pictures, resolves_oss=False)
    except (Refusal, BadParameter) as error:
        raise Unseen(f"{name} is no address", address=True) from error
    looked = await look(model, pictures, gallery)
    if looked.flaw is not None:
        at_fault = looked.flaw in (NOT_DOWNLOADED, REFUSED, TIMED_OUT)
        raise Unseen(looked.flaw.message, address=at_fault)
    return Seen(looked.base, looked.labels)
