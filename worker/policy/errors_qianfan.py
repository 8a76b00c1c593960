"""Errors of Baidu Qianfan: the numbers of its first API, the words of its second."""

from __future__ import annotations

from schemas.failure import ErrorClass
from worker.policy.error_table import ErrorTable, Rule

_INVALID = ErrorClass.INVALID
_MODERATED = ErrorClass.MODERATED
_THROTTLED = ErrorClass.THROTTLED
_TRANSIENT = ErrorClass.TRANSIENT
_ACCOUNT = ErrorClass.ACCOUNT
_GONE = ErrorClass.MODEL_GONE

_UNSAFE = r"审核|敏感|违规|unsafe|sensitive"
_UNSAFE_SOURCE = "the words are not stated by the vendor, who has no code for content here"
_SDK = "qianfan SDK 0.4.12.3: consts"

_RULES = (
    # Content hides behind the codes of a wrong row.
    Rule("336001", _MODERATED, _UNSAFE, source=_UNSAFE_SOURCE),
    Rule("336003", _MODERATED, _UNSAFE, source=_UNSAFE_SOURCE),
    Rule("336104", _MODERATED, _UNSAFE, source=_UNSAFE_SOURCE),
    Rule("336105", _MODERATED, _UNSAFE, source=_UNSAFE_SOURCE),
    # The row is wrong: argument, JSON, parameter, system setting, user setting.
    Rule("336001", _INVALID),
    Rule("336002", _INVALID),
    Rule("336003", _INVALID),
    Rule("336104", _INVALID),
    Rule("336105", _INVALID),
    # Requests in all, requests a second, a minute, tokens a minute.
    Rule("4", _THROTTLED),
    Rule("18", _THROTTLED),
    Rule("336501", _THROTTLED),
    Rule("336502", _THROTTLED),
    # No permission, token service, IAM (a clock that is wrong counts), arrears or the day's quota,
    # the quota in all; the access token, after the client has fetched a new one.
    Rule("6", _ACCOUNT),
    Rule("13", _ACCOUNT),
    Rule("14", _ACCOUNT),
    Rule("17", _ACCOUNT),
    Rule("19", _ACCOUNT),
    Rule("100", _ACCOUNT),
    Rule("110", _ACCOUNT),
    Rule("111", _ACCOUNT),
    Rule("336004", _ACCOUNT),
    Rule("invalid_client", _ACCOUNT, source="Qianfan: access token (OAuth 2.0)"),
    # A wrong path or method is the same for every row.
    Rule("3", _GONE),
    Rule("336005", _GONE),
    Rule("336101", _GONE),
    # Unknown, unavailable, application not read, internal, too busy, console.
    Rule("1", _TRANSIENT),
    Rule("2", _TRANSIENT, source=_SDK),
    Rule("15", _TRANSIENT, source=_SDK),
    Rule("336000", _TRANSIENT),
    Rule("336100", _TRANSIENT, source=_SDK),
    Rule("500000", _TRANSIENT),
)

_V2_RULES = (
    Rule("invalid_argument", _MODERATED, _UNSAFE, source=_UNSAFE_SOURCE),
    Rule("invalid_image_genration_prompt", _MODERATED, _UNSAFE, source=_UNSAFE_SOURCE),
    # The same code is a model nobody knows, and one the key may not use.
    Rule("invalid_model", _ACCOUNT, statuses=(401, 403)),
    Rule("invalid_model", _GONE),
    # The row is wrong; "genration" is the vendor's spelling.
    Rule("malformed_json", _INVALID),
    Rule("characters_too_long", _INVALID),
    Rule("tokens_too_long", _INVALID),
    Rule("invalid_argument", _INVALID),
    Rule("invalid_image_genration_prompt", _INVALID),
    Rule("invalid_image_genration_refer_image", _INVALID),
    Rule("invalid_image_url", _INVALID),
    # Content, partly under the status of a missing permission.
    Rule("image_url_unsafe", _MODERATED),
    Rule("unsafe_request", _MODERATED),
    Rule("system_unsafe", _MODERATED),
    Rule("user_setting_unsafe", _MODERATED),
    Rule("functions_unsafe", _MODERATED),
    Rule("*_unsafe", _MODERATED),
    # rpm_, tpm_, input_tpm_, output_tpm_, user_, cluster_, preemptible_.
    Rule("rate_limit_exceeded", _THROTTLED),
    Rule("*_rate_limit_exceeded", _THROTTLED),
    Rule("invalid_iam_token", _ACCOUNT),
    Rule("no_parameter_permission", _ACCOUNT),
    Rule("invalid_appid", _ACCOUNT),
    Rule("method_not_supported", _GONE),
    Rule("internal_error", _TRANSIENT),
    Rule("dispatch_internal_error", _TRANSIENT),
    Rule("image_genration_interal_error", _TRANSIENT),
)

QIANFAN = ErrorTable("Qianfan V1", "Qianfan: error codes (2025-09-05)", _RULES)
QIANFAN_V2 = ErrorTable("Qianfan V2", "Qianfan V2: images, error codes (2025-12-23)", _V2_RULES)
