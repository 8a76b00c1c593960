"""Who may look: whoever has the token, and then for a while whoever has our cookie."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

COOKIE = "imagemill_ui"
LASTS_S = 12 * 3600
SHORTEST = 16
"""Characters of a token that nobody guesses over the network."""


@dataclass(frozen=True)
class Access:
    """One token. The cookie is made of it and holds nothing of it; a new token ends all cookies."""

    token: str

    def opens(self, given: str) -> bool:
        """Whether somebody gave the token; it takes as long whatever was given."""
        return hmac.compare_digest(_digest(given), _digest(self.token))

    def cookie(self, now_s: float) -> str:
        """What a browser shows instead of the token, for twelve hours."""
        until_s = int(now_s) + LASTS_S
        return f"{until_s}.{self._signature(until_s)}"

    def admits(self, cookie: str, now_s: float) -> bool:
        """Whether a cookie is one of ours, and still good."""
        until, _, signature = cookie.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) <= 12):
            return False
        genuine = hmac.compare_digest(_digest(signature), _digest(self._signature(int(until))))
        return genuine and now_s < int(until)

    def _signature(self, until_s: int) -> str:
        said = f"{COOKIE} {until_s}".encode()
        return hmac.new(self.token.encode(), said, hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
