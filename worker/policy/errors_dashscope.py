"""Errors of DashScope (Alibaba Model Studio): of answers, of failed tasks and of single pictures."""

from __future__ import annotations

from schemas.failure import ErrorClass
from worker.policy.error_table import ErrorTable, Rule

_SDK = "dashscope SDK 2.0.2: v2 error registry"
_FILES = "Model Studio: file management service; the quota of uploaded files"
_RETIRED = "Model Studio: model retirement notice; a retired model is an unknown one"

_INVALID = ErrorClass.INVALID
_MODERATED = ErrorClass.MODERATED
_THROTTLED = ErrorClass.THROTTLED
_TRANSIENT = ErrorClass.TRANSIENT
_ACCOUNT = ErrorClass.ACCOUNT
_GONE = ErrorClass.MODEL_GONE

_RULES = (
    # Vague codes, told apart by their words. These rows come before those without words.
    Rule("InvalidParameter", _GONE, r"model not exist|url error", source=_RETIRED),
    Rule("AccessDenied", _GONE, r"does not support (a?synchronous) calls"),
    Rule("Throttling.AllocationQuota", _ACCOUNT, r"free allocated quota"),
    Rule("insufficient_quota", _ACCOUNT, r"free allocated quota"),
    Rule("ModelServingError", _THROTTLED, r"too many requests"),
    # The row is wrong.
    Rule("InvalidParameter", _INVALID),
    Rule("InvalidParameter.*", _INVALID),
    Rule("BadRequest", _INVALID),
    Rule("BadRequest.*", _INVALID),
    Rule("BadRequest.TooMany", _ACCOUNT, source=_FILES),
    Rule("BadRequest.TooLarge", _ACCOUNT, r"out of space", source=_FILES),
    Rule("InvalidURL", _INVALID),
    Rule("InvalidImage.*", _INVALID),
    Rule("InvalidImageFormat", _INVALID),
    Rule("InvalidImageResolution", _INVALID),
    Rule("InvalidFile.*", _INVALID),
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
    Rule("Throttling.*", _THROTTLED),
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
    Rule("AccessDenied.*", _ACCOUNT),
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
    Rule("InternalError.*", _TRANSIENT),
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

DASHSCOPE = ErrorTable("DashScope", "Model Studio: error codes (2025-12-26)", _RULES)
