"""The page around the cards: its markup, style and scripts, and the policy that admits no others."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources
from string import Template
from typing import NamedTuple

SCRIPTS = (
    "language.js",
    "memory.js",
    "tiles.js",
    "review_csv.js",
    "decisions.js",
    "filters.js",
    "viewer.js",
    "notes.js",
    "exchange.js",
    "keys.js",
)
"""One after the other they are one program: what is named in one is known in those below."""
_PROGRAM = '"use strict";\n(() => {{\n{scripts}\n}})();\n'
_STYLE_MARK = "<!-- style -->"
_SCRIPT_MARK = "<!-- script -->"
_CARDS_MARK = "<!-- cards -->"
_REST_MARK = "<!-- rest -->"


class PageParts(NamedTuple):
    """The page cut where the cards, and what is said below them, are put."""

    before: Template
    """Asks for what PageHead tells, and for `policy`."""
    between: str
    after: str
    policy: str


@cache
def page_parts() -> PageParts:
    """The page, read once."""
    style = _read("style.css")
    script = _PROGRAM.format(scripts="\n".join(map(_read, SCRIPTS)))
    before, rest = _read("page.html").split(_CARDS_MARK)
    between, after = rest.split(_REST_MARK)
    return PageParts(
        # Doubled, a dollar in the style stays one.
        Template(before.replace(_STYLE_MARK, f"<style>{style.replace('$', '$$')}</style>")),
        between,
        after.replace(_SCRIPT_MARK, f"<script>{script}</script>"),
        _policy(style, script),
    )


def _read(name: str) -> str:
    return resources.files("results").joinpath("page", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Only this very style and script run, so that no text from a manifest ever could."""
    allowed = {
        "default-src": "'none'",
        "style-src": _fingerprint(style),
        "script-src": _fingerprint(script),
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _fingerprint(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
