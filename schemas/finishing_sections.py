"""What imagemill.toml says of labels, renditions and the quality gate."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_validator, model_validator

from schemas.account import Section
from schemas.finishing import NO_CODE, Finishing, Gate, Label
from schemas.rendition import RenditionTexts


class ResultsSection(Section):
    """[results]: the files that are stored."""

    label: Label = Field(
        default=Label.ALL,
        description="the marks that say it was made by AI: all, iptc, tc260 or none",
    )
    label_producer: str = Field(
        default="",
        max_length=200,
        description="who answers for the pictures, as a code; empty: the provider",
    )
    label_parameters: bool = Field(
        default=True, description="with the labels also prompt, model, seed, size and ticket"
    )
    renditions: RenditionTexts = Field(
        default=(),
        description="what else is made of each picture",
        examples=[["square-1600.jpg"]],
    )

    @field_validator("label_producer")
    @classmethod
    def _is_a_code(cls, text: str) -> str:
        if NO_CODE.search(text):
            raise ValueError(
                "must be a code: letters, digits and signs of ASCII, without blank, quote and backslash"
            )
        return text


class GateAction(StrEnum):
    """What follows where a picture fails the quality gate."""

    OFF = "off"
    """Nothing is looked at."""
    MARK = "mark"
    """It is stored all the same, and results and contact sheet say what is wrong."""
    REROLL = "reroll"
    """It is ordered anew when the batch's other orders have ended, within its budget."""


class GateSection(Section):
    """[gate]: what pictures must be like, and what follows where they are not."""

    action: GateAction = Field(
        default=GateAction.OFF,
        description="what follows for pictures that are blank, alike or of a wrong size: off, mark"
        " or reroll",
    )
    rerolls: int = Field(default=1, ge=1, le=9, description="with reroll: at most so often a row")
    min_size_bytes: int = Field(default=0, ge=0, description="the least a stored file may have")
    max_size_bytes: int | None = Field(
        default=None, ge=1, description="the most it may have", examples=[5_000_000]
    )
    alike_bits: int = Field(
        default=8, ge=0, le=16, description="of 64: pictures that differ in no more are alike"
    )

    @model_validator(mode="after")
    def _leaves_room(self) -> GateSection:
        if self.max_size_bytes is not None and self.max_size_bytes < self.min_size_bytes:
            raise ValueError("max_size_bytes is below min_size_bytes: no file could be right")
        return self

    def gate(self) -> Gate | None:
        """The gate a batch gets."""
        if self.action is GateAction.OFF:
            return None
        judged = Gate(**self.model_dump(include=set(Gate.model_fields)))
        return (
            judged if self.action is GateAction.REROLL else judged.model_copy(update={"rerolls": 0})
        )


def finishing(results: ResultsSection, gate: GateSection) -> Finishing:
    """How the settings want a batch's pictures finished."""
    return Finishing(
        label=results.label,
        producer=results.label_producer,
        parameters=results.label_parameters,
        gate=gate.gate(),
        renditions=results.renditions,
    )
