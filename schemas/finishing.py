"""What is done with a picture between its provider and storage: labels, gate, renditions."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import Field

from schemas.contract import Contract
from schemas.rendition import RenditionTexts

NO_CODE = re.compile(r"[^!#-\[\]-~]")
"""What values of an AIGC label had better not hold: anything but visible ASCII, blank, quote and
backslash (GB 45438-2025, annex E j). Who has a Chinese name has a code that stands for it."""
HASH_BITS = 256
"""Of a picture's perceptual hash."""


class Label(StrEnum):
    """Which marks that a picture was made by AI are written into its file."""

    ALL = "all"
    IPTC = "iptc"
    """IPTC's Digital Source Type, which Google Merchant Center asks for."""
    TC260 = "tc260"
    """The AIGC label of GB 45438-2025, in force in China since 2025-09-01."""
    NONE = "none"
    """The file stays as the provider delivered it."""


class Gate(Contract):
    """What every picture of a batch must be like; what fails is marked, or ordered anew."""

    rerolls: int = Field(
        default=0, ge=0, le=9, description="how often a row may be ordered anew; 0: it is marked"
    )
    min_size_bytes: int = Field(default=0, ge=0, description="of the stored file")
    max_size_bytes: int | None = Field(default=None, ge=1, description="of the stored file")
    alike_bits: int = Field(
        default=8,
        ge=0,
        le=16,
        description=f"pictures are alike whose hashes of {HASH_BITS} bits differ in no more",
    )


class Finishing(Contract):
    """How a batch's pictures are finished; a job brings it along to whoever stores them."""

    label: Label = Label.ALL
    producer: str = Field(default="", description="who answers for them; empty: their provider")
    parameters: bool = Field(
        default=True, description="whether files say their prompt, model, seed, size and ticket"
    )
    gate: Gate | None = None
    renditions: RenditionTexts = Field(
        default=(), description="what else is made of each picture; it is kept itself"
    )

    def __eq__(self, other: object) -> bool:
        """Nearly every job has the very same one: a million rows are compared with it."""
        return self is other or super().__eq__(other)

    __hash__ = Contract.__hash__

    @property
    def says(self) -> tuple[Label, str, bool]:
        """What files are to say of themselves: where it is the same, one order's files are the same."""
        if self.label is Label.NONE:
            return Label.NONE, "", False
        producer = "" if self.label is Label.IPTC else self.producer
        return self.label, producer, self.parameters
