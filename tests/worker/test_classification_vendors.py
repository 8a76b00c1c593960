"""Errors of Baidu, Stability and those who speak OpenAI's way, as they come."""

from __future__ import annotations

import pytest

from schemas.failure import ErrorClass
from worker.policy.classification import OPENAI, QIANFAN, QIANFAN_V2, STABILITY, classify

INVALID = ErrorClass.INVALID
MODERATED = ErrorClass.MODERATED
THROTTLED = ErrorClass.THROTTLED
TRANSIENT = ErrorClass.TRANSIENT
ACCOUNT = ErrorClass.ACCOUNT
GONE = ErrorClass.MODEL_GONE

QIANFAN_ROWS = [
    ("1", "Unknown error", TRANSIENT),
    ("2", "Service temporarily unavailable", TRANSIENT),
    ("3", "Unsupported openapi method", GONE),
    ("4", "Open api request limit reached", THROTTLED),
    ("6", "No permission to access data", ACCOUNT),
    ("13", "Get service token failed", ACCOUNT),
    ("14", "IAM Certification failed", ACCOUNT),
    ("15", "app not exists or create failed", TRANSIENT),
    ("17", "Open api daily request limit reached", ACCOUNT),
    ("18", "Open api qps request limit reached", THROTTLED),
    ("19", "Open api total request limit reached", ACCOUNT),
    ("100", "Invalid parameter", ACCOUNT),
    ("110", "Access token invalid or no longer valid", ACCOUNT),
    ("111", "Access token expired", ACCOUNT),
    ("336000", "Internal error", TRANSIENT),
    ("336001", "Invalid Argument", INVALID),
    ("336002", "Invalid JSON", INVALID),
    ("336003", "Invalid param: prompt is too long", INVALID),
    ("336003", "the prompt contains unsafe content", MODERATED),
    ("336003", "提示词未通过审核", MODERATED),
    ("336003", "内容包含敏感信息", MODERATED),
    ("336004", "Permission error", ACCOUNT),
    ("336005", "API name not exist", GONE),
    ("336100", "Server high load", TRANSIENT),
    ("336101", "Invalid HTTP method", GONE),
    ("336104", "", INVALID),
    ("336105", "", INVALID),
    ("336501", "Rate limit reached for RPM", THROTTLED),
    ("336502", "Rate limit reached for TPM", THROTTLED),
    ("500000", "", TRANSIENT),
    ("987654", "a number nobody has told us of", TRANSIENT),
]

QIANFAN_V2_ROWS = [
    (400, "malformed_json", INVALID),
    (400, "characters_too_long", INVALID),
    (400, "tokens_too_long", INVALID),
    (400, "invalid_argument", INVALID),
    (400, "invalid_image_genration_prompt", INVALID),
    (400, "invalid_image_genration_refer_image", INVALID),
    (400, "invalid_image_url", INVALID),
    # All rows of a lane have one model.
    (400, "invalid_model", GONE),
    (401, "invalid_model", ACCOUNT),
    (400, "image_url_unsafe", MODERATED),
    (401, "invalid_iam_token", ACCOUNT),
    (401, "no_parameter_permission", ACCOUNT),
    (401, "invalid_appid", ACCOUNT),
    (403, "system_unsafe", MODERATED),
    (403, "user_setting_unsafe", MODERATED),
    (403, "functions_unsafe", MODERATED),
    (403, "never_heard_of", ACCOUNT),
    (405, "method_not_supported", GONE),
    (429, "rpm_rate_limit_exceeded", THROTTLED),
    (429, "tpm_rate_limit_exceeded", THROTTLED),
    (429, "preemptible_tpm_rate_limit_exceeded", THROTTLED),
    (429, "cluster_rpm_rate_limit_exceeded", THROTTLED),
    (500, "internal_error", TRANSIENT),
    (500, "dispatch_internal_error", TRANSIENT),
    (500, "image_genration_interal_error", TRANSIENT),
]

STABILITY_ROWS = [
    (400, "bad_request", "init_image: is required", INVALID),
    (400, "bad_request", "You do not have enough balance to make this request", ACCOUNT),
    (429, "insufficient_balance", "Your organization does not have enough balance", ACCOUNT),
    (400, "invalid_samples", "", INVALID),
    (400, "invalid_height_or_width", "", INVALID),
    (400, "invalid_sdxl_v1_dimensions", "", INVALID),
    (400, "invalid_pixel_count", "", INVALID),
    (400, "invalid_prompts", "Invalid prompts detected", MODERATED),
    (401, "unauthorized", "missing authorization header", ACCOUNT),
    (402, "payment_required", "You lack sufficient credits to make this request.", ACCOUNT),
    # The same status is a missing permission in one API and content in the other.
    (403, "permission_denied", "", ACCOUNT),
    (403, "content_moderation", "Your request was flagged", MODERATED),
    (404, "not_found", "The specified engine was not found", GONE),
    (413, "payload_too_large", "", INVALID),
    (413, "", "", INVALID),
    (422, "", "English is the only supported language", INVALID),
    (429, "rate_limit_exceeded", "", THROTTLED),
    (429, "", "", THROTTLED),
    (500, "server_error", "", TRANSIENT),
    (500, "internal_error", "", TRANSIENT),
    (200, "CONTENT_FILTERED", "", MODERATED),
    (200, "ERROR", "", TRANSIENT),
]

OPENAI_ROWS = [
    (400, "moderation_blocked", "image_generation_user_error", "", MODERATED),
    (400, "content_policy_violation", "invalid_request_error", "", MODERATED),
    (400, "", "image_generation_user_error", "rejected by the safety system", MODERATED),
    (400, "", "image_generation_user_error", "the mask has another size", INVALID),
    (400, "invalid_value", "invalid_request_error", "size", INVALID),
    (400, "", "invalid_request_error", "", INVALID),
    (401, "invalid_api_key", "invalid_request_error", "", ACCOUNT),
    (403, "", "", "your organization must be verified", ACCOUNT),
    (404, "model_not_found", "invalid_request_error", "", GONE),
    (429, "rate_limit_exceeded", "requests", "", THROTTLED),
    (429, "", "rate_limit_exceeded", "", THROTTLED),
    (429, "insufficient_quota", "insufficient_quota", "", ACCOUNT),
    (429, "", "insufficient_quota", "", ACCOUNT),
    (429, "project_spend_limit_exceeded", "", "", ACCOUNT),
    (429, "organization_spend_limit_exceeded", "", "", ACCOUNT),
    # Bills under the status, and even the type, of a user's mistake.
    (400, "billing_hard_limit_reached", "invalid_request_error", "", ACCOUNT),
    (400, "billing_hard_limit_reached", "image_generation_user_error", "safety", ACCOUNT),
    (429, "billing_hard_limit_reached", "", "", ACCOUNT),
    (408, "", "", "", TRANSIENT),
    (409, "", "", "", TRANSIENT),
    (500, "", "server_error", "", TRANSIENT),
    (503, "", "", "overloaded", TRANSIENT),
    # Ark.
    (400, "InputTextSensitiveContentDetected", "BadRequest", "", MODERATED),
    (400, "OutputImageSensitiveContentDetected", "BadRequest", "", MODERATED),
    (200, "OutputImageSensitiveContentDetected", "", "", MODERATED),
    (400, "SensitiveContentDetected.Violence", "BadRequest", "", MODERATED),
    (400, "InputTextSensitiveContentDetected.PolicyViolation", "", "", MODERATED),
    (400, "InputImageRiskDetection", "BadRequest", "", MODERATED),
    (400, "InvalidParameter", "BadRequest", "", INVALID),
    (400, "InvalidParameter.OversizedImage", "BadRequest", "", INVALID),
    (400, "MissingParameter", "BadRequest", "", INVALID),
    (401, "AuthenticationError", "Unauthorized", "", ACCOUNT),
    (403, "AccountOverdueError", "Forbidden", "", ACCOUNT),
    (403, "AccessDenied", "Forbidden", "", ACCOUNT),
    (404, "ModelNotOpen", "NotFound", "", ACCOUNT),
    (404, "InvalidEndpointOrModel.NotFound", "NotFound", "", GONE),
    (404, "InvalidEndpointOrModel.ModelIDAccessDisabled", "NotFound", "", ACCOUNT),
    (429, "SetLimitExceeded", "TooManyRequests", "", ACCOUNT),
    (429, "QuotaExceeded", "TooManyRequests", "Your free trial quota is used up", ACCOUNT),
    (429, "QuotaExceeded", "TooManyRequests", "too many tasks are queued", THROTTLED),
    (429, "RateLimitExceeded.EndpointRPMExceeded", "TooManyRequests", "", THROTTLED),
    (429, "ModelAccountIpmRateLimitExceeded", "TooManyRequests", "", THROTTLED),
    (429, "ServerOverloaded", "TooManyRequests", "", THROTTLED),
    (500, "InternalServiceError", "InternalServerError", "", TRANSIENT),
    # SiliconFlow.
    (400, "20012", "", "Model does not exist. Please check it carefully.", GONE),
    (403, "30001", "", "Sorry, your account balance is insufficient", ACCOUNT),
    (429, "", "", "Request was rejected due to rate limiting.", THROTTLED),
    (451, "", "", "The content was rejected: it may be sensitive or unsafe.", MODERATED),
    (451, "", "", "not available in your country", INVALID),
    (504, "", "", "", TRANSIENT),
    # A server of one's own names the status once more, or an exception.
    (404, "404", "NotFoundError", "The model `x` does not exist.", GONE),
    (400, "400", "BadRequestError", "size", INVALID),
]


@pytest.mark.parametrize(("code", "message", "meaning"), QIANFAN_ROWS)
@pytest.mark.parametrize("status", [200])
def test_qianfan(status: int, code: str, message: str, meaning: ErrorClass) -> None:
    assert classify(QIANFAN, status, code, message) is meaning


@pytest.mark.parametrize(("status", "code", "meaning"), QIANFAN_V2_ROWS)
def test_qianfan_v2(status: int, code: str, meaning: ErrorClass) -> None:
    assert classify(QIANFAN_V2, status, code, "words") is meaning


@pytest.mark.parametrize(("status", "name", "message", "meaning"), STABILITY_ROWS)
def test_stability(status: int, name: str, message: str, meaning: ErrorClass) -> None:
    assert classify(STABILITY, status, name, message) is meaning


@pytest.mark.parametrize(("status", "code", "kind", "message", "meaning"), OPENAI_ROWS)
def test_openai(status: int, code: str, kind: str, message: str, meaning: ErrorClass) -> None:
    assert classify(OPENAI, status, code, message, kind=kind) is meaning


def test_the_same_code_means_what_its_vendor_says() -> None:
    assert classify(OPENAI, 429, "insufficient_quota", "") is ACCOUNT
    assert classify(QIANFAN_V2, 401, "invalid_model", "") is ACCOUNT
