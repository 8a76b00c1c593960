"""What a provider's error means, as a table: its code first, its words where the code is vague,
its HTTP status last, because statuses lie (a 429 may be arrears, a 400 may be content).

Source of the rows unless one says otherwise: Model Studio: error codes (2025-12-26), for the codes
of answers, of failed tasks and of single failed pictures alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.failure import ErrorClass

_SDK = "dashscope SDK 2.0.2: v2 error registry"
_RETIRED = "Model Studio: model retirement notice; a retired model is an unknown one"


class Rule(NamedTuple):
    """One row: what a code means, or what it means when the message matches."""

    code: str
    """The vendor's code; one that ends in a dot stands for all codes that begin with it."""
    meaning: ErrorClass
    message: str = ""
    """A pattern found in the message, whatever its case; empty where the code says it all."""
    source: str = "Model Studio: error codes"


_INVALID = ErrorClass.INVALID
_MODERATED = ErrorClass.MODERATED
_THROTTLED = ErrorClass.THROTTLED
_TRANSIENT = ErrorClass.TRANSIENT
_ACCOUNT = ErrorClass.ACCOUNT
_GONE = ErrorClass.MODEL_GONE

RULES = (
    # Vague codes, told apart by their words. These rows come before those without words.
    Rule("InvalidParameter", _GONE, r"model not exist|url error", _RETIRED),
    Rule("AccessDenied", _GONE, r"does not support (a?synchronous) calls"),
    Rule("Throttling.AllocationQuota", _ACCOUNT, r"free allocated quota"),
    Rule("insufficient_quota", _ACCOUNT, r"free allocated quota"),
    Rule("ModelServingError", _THROTTLED, r"too many requests"),
    # The row is wrong.
    Rule("InvalidParameter", _INVALID),
    Rule("InvalidParameter.", _INVALID),
    Rule("BadRequest", _INVALID),
    Rule("BadRequest.", _INVALID),
    Rule("InvalidURL", _INVALID),
    Rule("InvalidImage.", _INVALID),
    Rule("InvalidImageFormat", _INVALID),
    Rule("InvalidImageResolution", _INVALID),
    Rule("InvalidFile.", _INVALID),
    Rule("UnsupportedOperation", _INVALID, source="Model Studio: asynchronous tasks"),
    # Content. The first three look like a wrong row.
    Rule("InvalidParameter.ImageContent", _MODERATED),
    Rule("CustomRoleBlocked", _MODERATED),
    Rule("FaqRuleBlocked", _MODERATED),
    Rule("DataInspectionFailed", _MODERATED),
    Rule("IPInfringementSuspect", _MODERATED),
    Rule("content_policy_violation", _MODERATED, source=_SDK),
    # Media that could not be fetched or scanned: no verdict on content, and not a wrong row.
    Rule("InvalidParameter.DataInspection", _TRANSIENT),
    Rule("InvalidParameter.FileDownload", _TRANSIENT),
    Rule("BadRequest.InputDownloadFailed", _TRANSIENT),
    Rule("InvalidURL.ConnectionRefused", _TRANSIENT),
    Rule("InvalidURL.Timeout", _TRANSIENT),
    # Too many requests.
    Rule("Throttling", _THROTTLED),
    Rule("Throttling.", _THROTTLED),
    Rule("LimitRequests", _THROTTLED),
    Rule("limit_burst_rate", _THROTTLED),
    Rule("rate_limit_exceeded", _THROTTLED, source=_SDK),
    Rule("concurrency_limit_exceeded", _THROTTLED, source=_SDK),
    Rule("insufficient_quota", _THROTTLED),
    # Key, arrears, quota. HTTP 429 and 400 among them.
    Rule("InvalidApiKey", _ACCOUNT),
    Rule("NOT AUTHORIZED", _ACCOUNT),
    Rule("Arrearage", _ACCOUNT),
    Rule("CommodityNotPurchased", _ACCOUNT),
    Rule("PrepaidBillOverdue", _ACCOUNT),
    Rule("PostpaidBillOverdue", _ACCOUNT),
    Rule("AllocationQuota.FreeTierOnly", _ACCOUNT),
    Rule("AccessDenied", _ACCOUNT),
    Rule("AccessDenied.", _ACCOUNT),
    Rule("Model.AccessDenied", _ACCOUNT),
    Rule("App.AccessDenied", _ACCOUNT),
    Rule("Workspace.AccessDenied", _ACCOUNT),
    Rule("WorkSpaceNotFound", _ACCOUNT),
    # The model or the path to it.
    Rule("ModelNotFound", _GONE, source=_RETIRED),
    Rule("model_not_supported", _GONE, source=_RETIRED),
    Rule("NotFound", _GONE),
    # The provider stumbled.
    Rule("InternalError", _TRANSIENT),
    Rule("InternalError.", _TRANSIENT),
    Rule("SystemError", _TRANSIENT),
    Rule("ModelServiceFailed", _TRANSIENT),
    Rule("RewriteFailed", _TRANSIENT),
    Rule("RequestTimeOut", _TRANSIENT),
    Rule("GatewayTimeout", _TRANSIENT),
    Rule("Conflict", _TRANSIENT),
    Rule("ModelServingError", _TRANSIENT),
    Rule("ModelUnavailable", _TRANSIENT),
    Rule("ServiceUnavailable", _TRANSIENT),
)

STATUSES = {
    401: _ACCOUNT,
    402: _ACCOUNT,
    403: _ACCOUNT,
    404: _GONE,
    405: _GONE,
    407: _ACCOUNT,
    408: _TRANSIENT,
    409: _TRANSIENT,
    425: _TRANSIENT,
    429: _THROTTLED,
}
"""What a status means when the code is unknown; the others go by their hundreds."""


def classify(status: int, code: str, message: str) -> ErrorClass:
    """The class of a provider's error.

    `status` is the HTTP status of the answer; a failed task or picture inside a good answer has
    200, which says nothing.
    """
    key = _key(code)
    return (
        _by_code(key, message)
        or _by_prefix(key)
        or _by_status(status)
        or _by_code(key.partition(".")[0], message)
        or ErrorClass.TRANSIENT
    )


def _key(code: str) -> str:
    """The vendor writes InvalidApiKey and invalid_api_key for the same thing."""
    return code.strip().replace("_", "").lower()


def _by_code(key: str, message: str) -> ErrorClass | None:
    for rule in _EXACT.get(key, ()):
        if re.search(rule.message, message, re.IGNORECASE):
            return rule.meaning
    return None


def _by_prefix(key: str) -> ErrorClass | None:
    return next((meaning for prefix, meaning in _PREFIXES if key.startswith(prefix)), None)


def _by_status(status: int) -> ErrorClass | None:
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return ErrorClass.TRANSIENT
    if status >= 400:
        return ErrorClass.INVALID
    if status >= 300:
        return ErrorClass.ACCOUNT  # the base URL points to something that is not the provider
    return None


def _exact_rules() -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in RULES:
        if not rule.code.endswith("."):
            found.setdefault(_key(rule.code), []).append(rule)
    return found


_EXACT = _exact_rules()
_PREFIXES = sorted(
    ((_key(rule.code), rule.meaning) for rule in RULES if rule.code.endswith(".")),
    key=lambda entry: -len(entry[0]),
)
