"""A row's own words: its id, its prompt, and how much of a prompt the model reads."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from schemas.job import JOB_ID_LIMIT
from schemas.model import Model

_CJK = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CHINESE = re.compile(f"[{_CJK}]")
_WORD = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing, so that the default applies."""
    return value is None or (type(value) is str and not value.strip())


def check_id(value: Any) -> tuple[str, str | None]:
    """An id in its one spelling (NFC, stripped), and the reason against it."""
    if type(value) is int:
        value = str(value)
    if value is None:
        return "", "must not be empty"
    if type(value) is not str:
        return "", "must be a text or a whole number"
    text = unicodedata.normalize("NFC", value.strip())
    return text, _fault(text)


def _fault(text: str) -> str | None:
    if not text:
        return "must not be empty"
    if len(text) > JOB_ID_LIMIT:
        return f"must have at most {JOB_ID_LIMIT} characters; it has {len(text):,}"
    if not text.isprintable() and any(unicodedata.category(c) == "Cc" for c in text):
        return "must not contain control characters"
    if not text.strip("."):
        return "must not be only dots"
    return None


def check_prompt(value: Any) -> tuple[str, str | None]:
    """A prompt, and the reason against it."""
    if is_blank(value):
        return "", "must not be empty"
    return check_negative_prompt(value)


def check_negative_prompt(value: Any) -> tuple[str, str | None]:
    """What a picture must not show, and the reason against it."""
    if type(value) is not str:
        return "", "must be a text"
    return value.strip(), None


def cut(text: str, limit: int, model: Model) -> str | None:
    """What to say of a prompt the provider would silently cut, or nothing."""
    if len(text) <= limit:
        return None  # neither unit can exceed it: a word has at least one character
    length = len(text) if model.prompt_unit == "characters" else count_words(text)
    if length <= limit:
        return None
    return f"{length:,} {model.prompt_unit}; {model.name} reads the first {limit}"


def foreign_language(text: str, model: Model) -> str | None:
    """What to say of Chinese for a model that counts words, which reads English only."""
    if model.prompt_unit == "words" and not text.isascii() and _CHINESE.search(text):
        return f"contains Chinese; {model.name} reads English only"
    return None


def count_words(text: str) -> int:
    """Words parted by spaces; each Chinese, Japanese or Korean character is one."""
    return sum(1 for _ in _WORD.finditer(text))
