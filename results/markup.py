"""Texts as HTML in which they are only texts, and in both languages of the page.

`data-other` holds what an element says in the other language; the page exchanges the two when its
reader chooses the other one. Without a script all is English.
"""

from __future__ import annotations

import re
from html import escape

from results.words import Language, Wording

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OTHER_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3]")


def html_text(text: str) -> str:
    """The text for element or attribute: escaped, and what HTML forbids shown as a mark."""
    return escape(_CONTROL.sub("\ufffd", text), quote=True)


def both(tag: str, wording: Wording, css_class: str = "", **values: object) -> str:
    """An element that says one thing in both languages."""
    english, chinese = (wording.said_in(language).format(**values) for language in Language)
    return both_texts(tag, english, chinese, f' class="{css_class}"' if css_class else "")


def both_texts(tag: str, english: str, chinese: str, attributes: str = "") -> str:
    """The same of two texts that are made already; the attributes are markup, with a space before."""
    return f'<{tag}{attributes} data-other="{html_text(chinese)}">{html_text(english)}</{tag}>'


def language_of(text: str) -> str:
    """An attribute for Chinese, so that its characters are drawn and read aloud as Chinese ones."""
    chinese = _HAN.search(text) and not _OTHER_EAST_ASIAN.search(text)
    return ' lang="zh-Hans"' if chinese else ""


def columns_wide(text: str) -> int:
    """Columns a text takes: a Chinese character is as wide as two letters."""
    return len(text) + len(_HAN.findall(text))
