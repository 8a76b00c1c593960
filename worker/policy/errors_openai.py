"""Errors of OpenAI and of those who speak its images API: Ark, SiliconFlow, servers of one's own.

A code counts before the type beside it, and both before the status: a bill may come as HTTP 400
under the type of a user's mistake.
"""

from __future__ import annotations

from schemas.failure import ErrorClass
from worker.policy.error_table import ErrorTable, Rule

_INVALID = ErrorClass.INVALID
_MODERATED = ErrorClass.MODERATED
_THROTTLED = ErrorClass.THROTTLED
_TRANSIENT = ErrorClass.TRANSIENT
_ACCOUNT = ErrorClass.ACCOUNT
_GONE = ErrorClass.MODEL_GONE

_ARK = "Volcengine Ark: error codes (2025-11-07)"
_FLOW = "SiliconFlow: error codes"
_SEEN = "not stated by the vendor; public clients read it so"

_RULES = (
    # What OpenAI says.
    Rule("moderation_blocked", _MODERATED),
    Rule("content_policy_violation", _MODERATED),
    Rule("content_filter", _MODERATED, source=_SEEN),
    Rule("image_generation_user_error", _MODERATED, r"safety|moderation|content policy"),
    Rule("billing_hard_limit_reached", _ACCOUNT, source="OpenAI: comes as HTTP 400 and as 429"),
    Rule("billing_not_active", _ACCOUNT, source=_SEEN),
    Rule("insufficient_quota", _ACCOUNT),
    Rule("insufficient_user_quota", _ACCOUNT, source="AIHubMix: error codes"),
    Rule("credit_balance_exhausted", _ACCOUNT, source=_SEEN),
    Rule("*_spend_limit_exceeded", _ACCOUNT),
    Rule("*_usage_limit_exceeded", _ACCOUNT, source=_SEEN),
    Rule("invalid_api_key", _ACCOUNT),
    Rule("invalid_authentication", _ACCOUNT, source=_SEEN),
    Rule("account_deactivated", _ACCOUNT, source=_SEEN),
    Rule("model_not_found", _GONE),
    Rule("rate_limit_exceeded", _THROTTLED),
    Rule("server_error", _TRANSIENT),
    Rule("batch_expired", _TRANSIENT, source="OpenAI: batches"),
    # What Ark says. Content first: some of it looks like a wrong parameter.
    Rule("*SensitiveContentDetected*", _MODERATED, source=_ARK),
    Rule("*RiskDetection*", _MODERATED, source=_ARK),
    Rule("MissingParameter", _INVALID, source=_ARK),
    Rule("MissingParameter.*", _INVALID, source=_ARK),
    Rule("InvalidParameter", _INVALID, source=_ARK),
    Rule("InvalidParameter.*", _INVALID, source=_ARK),
    Rule("AuthenticationError", _ACCOUNT, source=_ARK),
    Rule("AccountOverdueError", _ACCOUNT, source=_ARK),
    Rule("AccessDenied", _ACCOUNT, source=_ARK),
    Rule("AccessDenied.*", _ACCOUNT, source=_ARK),
    Rule("OperationDenied.*", _ACCOUNT, source=_ARK),
    Rule("ModelNotOpen", _ACCOUNT, source=_ARK),
    Rule("SetLimitExceeded", _ACCOUNT, source=_ARK),
    # Used up for good, or only for this span of time: the words tell.
    Rule("QuotaExceeded", _ACCOUNT, r"free (trial|quota)|trial quota", source=_ARK),
    Rule("QuotaExceeded", _THROTTLED, source=_ARK),
    Rule("InvalidEndpoint.*", _GONE, source=_ARK),
    Rule("InvalidEndpointOrModel.ModelIDAccessDisabled", _ACCOUNT, source=_ARK),
    Rule("InvalidEndpointOrModel.*", _GONE, source=_ARK),
    Rule("UnsupportedModel", _GONE, source=_ARK),
    Rule("RateLimitExceeded.*", _THROTTLED, source=_ARK),
    Rule("*RateLimitExceeded", _THROTTLED, source=_ARK),
    Rule("InflightBatchsizeExceeded", _THROTTLED, source=_ARK),
    Rule("RequestBurstTooFast", _THROTTLED, source=_ARK),
    Rule("ServerOverloaded", _THROTTLED, source=_ARK),
    Rule("InternalServiceError", _TRANSIENT, source=_ARK),
    # What DashScope says where it speaks OpenAI's way.
    Rule("data_inspection_failed", _MODERATED, source="Model Studio: error codes"),
    Rule("Arrearage", _ACCOUNT, source="Model Studio: error codes"),
    # What SiliconFlow says: mostly a status.
    Rule("20012", _GONE, source=_FLOW),
    Rule("*", _GONE, r"^model does not exist", (400, 404), source=_FLOW),
    Rule("*", _MODERATED, r"content|sensitive|unsafe|审核|敏感|违规", (451,), source=_SEEN),
    Rule("*", _ACCOUNT, r"balance is insufficient|insufficient balance", source=_SEEN),
)

OPENAI = ErrorTable("OpenAI style", "OpenAI: images, error codes", _RULES)
