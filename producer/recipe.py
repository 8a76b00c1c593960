"""What a batch's document says of how its rows became orders."""

from __future__ import annotations

from collections.abc import Mapping

from producer.matrix import Matrix
from producer.wording import Wording
from schemas.recipe import Recipe
from schemas.style_pack import StylePack


def recipe_of(
    wording: Wording, used: Mapping[str, StylePack], usual: str | None, matrix: Matrix | None
) -> Recipe | None:
    """The recipe with the packs that were used; None where rows were ordered as they stood."""
    template, naming = wording.template, wording.naming
    if template is None and naming is None and not used and matrix is None:
        return None
    return Recipe(
        template=template.name if template else None,
        template_sha256=template.sha256 if template else None,
        naming=naming.text if naming else None,
        matrix={axis.name: axis.values for axis in matrix.axes} if matrix else {},
        style_pack=usual if usual in used else None,
        style_packs=dict(used),
    )
