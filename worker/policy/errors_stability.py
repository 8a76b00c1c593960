"""Errors of Stability AI: `name` in the body of both APIs, and the finish reasons of pictures."""

from __future__ import annotations

from schemas.failure import ErrorClass
from worker.policy.error_table import ErrorTable, Rule

_INVALID = ErrorClass.INVALID
_MODERATED = ErrorClass.MODERATED
_THROTTLED = ErrorClass.THROTTLED
_TRANSIENT = ErrorClass.TRANSIENT
_ACCOUNT = ErrorClass.ACCOUNT
_GONE = ErrorClass.MODEL_GONE

_V2 = "Stability v2beta: generate, errors"
_BALANCE = r"not have enough balance|lack sufficient credits"

PAUSE_S = 60.0
"""How long requests are refused after 150 in 10 s; the answer does not say so in a header
(Stability: rate limits)."""

_RULES = (
    # Low balance has no name of its own in v1.
    Rule("bad_request", _ACCOUNT, _BALANCE),
    Rule("*", _ACCOUNT, _BALANCE),
    # Filtered words, a filtered picture (billed), and a refusal under the status of a wrong key.
    Rule("invalid_prompts", _MODERATED),
    Rule("content_moderation", _MODERATED, source=_V2),
    Rule("CONTENT_FILTERED", _MODERATED),
    # The row is wrong: everything else that is called invalid is a size, a file or a number.
    Rule("bad_request", _INVALID),
    Rule("invalid_*", _INVALID),
    Rule("payload_too_large", _INVALID, source=_V2),
    Rule("unprocessable_entity", _INVALID, source=f"{_V2}; the name is not stated by the vendor"),
    Rule("unauthorized", _ACCOUNT),
    Rule("permission_denied", _ACCOUNT),
    Rule("payment_required", _ACCOUNT, source=_V2),
    Rule("not_found", _GONE),
    Rule("rate_limit_exceeded", _THROTTLED, source=f"{_V2}; the name is not stated by the vendor"),
    Rule("server_error", _TRANSIENT),
    Rule("internal_error", _TRANSIENT, source=f"{_V2}; the name is not stated by the vendor"),
    # One picture that failed inside a good answer.
    Rule("ERROR", _TRANSIENT),
)

STABILITY = ErrorTable("Stability", "Stability v1: generation, errors", _RULES, pause_s=PAUSE_S)
