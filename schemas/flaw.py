"""What the quality gate finds wrong with a picture that is stored all the same."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.contract import Contract


class FlawKind(StrEnum):
    """What a picture fails."""

    SIZE = "size"
    """It has another width or height than was ordered."""
    BLANK = "blank"
    """It has one colour, or nearly."""
    SMALL_FILE = "small_file"
    LARGE_FILE = "large_file"
    ALIKE = "alike"
    """It is nearly the same as an earlier picture of its batch."""
    KEPT = "kept"
    """It was ordered anew, and nothing came of that."""


class Flaw(Contract):
    """One thing that is wrong with a picture."""

    kind: FlawKind
    seen: str = Field(default="", description="what was found: sizes, or the other picture")
