"""A row's own words: its id, its prompt, and how much of a prompt the model reads."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from producer.problem import is_blank
from schemas.job import JOB_ID_LIMIT
from schemas.model import Model

CJK = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CHINESE = re.compile(f"[{CJK}]")
_WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")


def check_id(value: Any) -> tuple[str, str | None]:
    """An id in its one spelling (NFC, stripped), and the reason against it."""
    if type(value) is int:
        value = str(value)
    if value is None:
        return "", "must not be empty"
    if type(value) is not str:
        return "", "must be a text or a whole number"
    text = value.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
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
    """What to say of a prompt the provider would silently cut, or might refuse, or nothing."""
    length = too_long(text, limit, model)
    if length is None or refused(model):
        return None
    about = "about " if model.prompt_unit == "tokens" else ""
    rest = f"{model.name} reads the first {limit}"
    if not model.prompt_cut:
        rest = f"{model.name} takes at most {limit} and may refuse it"
    return f"{about}{length:,} {model.prompt_unit}; {rest}"


def refused(model: Model) -> bool:
    """Whether a prompt that is too long for certain is refused."""
    # Tokens are only estimated here, so that no row is turned away because of them.
    return not model.prompt_cut and model.prompt_unit != "tokens"


def too_long(text: str, limit: int, model: Model) -> int | None:
    """The length of a text that exceeds the limit, in the model's unit; 0 is no limit."""
    if limit <= 0 or len(text) <= limit:
        return None  # no unit can exceed it: a word or token has at least one character
    length = _LENGTHS[model.prompt_unit](text)
    return length if length > limit else None


def foreign_language(text: str, model: Model) -> str | None:
    """What to say of Chinese for a model that counts words, which reads English only."""
    if model.prompt_unit == "words" and not text.isascii() and _CHINESE.search(text):
        return f"contains Chinese; {model.name} reads English only"
    return None


def count_words(text: str) -> int:
    """Words parted by spaces; each Chinese, Japanese or Korean character is one."""
    return sum(1 for _ in _WORD.finditer(text))


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has, rather too few than too many.

    A word of up to six letters is one, a longer one a sixth of its letters; so is each Chinese,
    Japanese or Korean character. No vendor states its tokenizer.
    """
    return sum(-(-len(word) // _LETTERS_A_TOKEN) for word in _WORD.findall(text))


_LETTERS_A_TOKEN = 6
_LENGTHS = {"characters": len, "words": count_words, "tokens": estimate_tokens}
