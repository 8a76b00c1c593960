"""A small word list in place of a vendor's moderation, so that failures look believable."""

from __future__ import annotations

import re

_REFUSED = re.compile(
    r"\b(?:guns?|pistols?|rifles?|revolvers?|firearms?|grenades?)\b|手枪|枪支|步枪|手榴弹|炸弹",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"\b(?:swimsuits?|swimwear|bikinis?|lingerie)\b|泳装|泳衣|比基尼|内衣", re.IGNORECASE
)

_PROTECTED = re.compile(r"\bfranchises?\b|版权角色", re.IGNORECASE)


def infringes(prompt: str) -> bool:
    """Whether a rewritten prompt would name what belongs to somebody else (franchises)."""
    return _PROTECTED.search(prompt) is not None


def refuses_prompt(prompt: str) -> bool:
    """Whether the prompt is turned away before anything is made (weapons)."""
    return _REFUSED.search(prompt) is not None


def refuses_last_image(prompt: str) -> bool:
    """Whether the last picture made from the prompt is withheld (swimwear, underwear)."""
    return _DOUBTFUL.search(prompt) is not None
