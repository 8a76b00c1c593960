"""What a batch's orders were made by, beside its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.contract import Contract
from schemas.style_pack import StylePack, nearest_to_the_row


class Recipe(Contract):
    """Template, style packs and matrix, so that a reader can tell what was ordered."""

    template: str | None = Field(
        default=None, description="the file whose template made the prompts"
    )
    template_sha256: str | None = Field(default=None, description="of that template's text")
    naming: str | None = Field(default=None, description="the template of the pictures' names")
    matrix: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="by column: its values, each by the word it adds to a row's id;"
        " a row was ordered once with each combination",
    )
    style_pack: str | None = Field(default=None, description="the pack of rows that name none")
    style_packs: dict[str, StylePack] = Field(
        default_factory=dict, description="those that rows were ordered with"
    )

    @property
    def writes_prompts(self) -> bool:
        """Whether a row's prompt is not simply what its cell says."""
        packs = self.style_packs.values()
        return self.template_sha256 is not None or any(pack.prefix or pack.suffix for pack in packs)

    @property
    def pack_values(self) -> set[str]:
        """Fields and parameters that some pack has a value for."""
        return {name for pack in self.style_packs.values() for name in pack.values}

    def unsaid(self, pack: str | None, said: Mapping[str, Any]) -> dict[str, Any]:
        """What held where a row said nothing. `pack` is what its own cell names."""
        own = self.style_packs.get(pack) if pack else None
        usual = self.style_packs.get(self.style_pack) if self.style_pack else None
        return nearest_to_the_row(own, usual, said)
