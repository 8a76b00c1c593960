"""A request a vendor turns away: status, code and message in the vendor's words."""

from __future__ import annotations

from collections.abc import Sequence


class Refusal(Exception):
    """Raised where a dialect finds the fault; written to the wire in that dialect's form."""

    def __init__(
        self, status: int, code: str, message: str, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
