from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failure import ErrorClass
from worker.policy.classification import DASHSCOPE, TABLES, ErrorTable, Rule, classify

INVALID = ErrorClass.INVALID
MODERATED = ErrorClass.MODERATED
THROTTLED = ErrorClass.THROTTLED
TRANSIENT = ErrorClass.TRANSIENT
ACCOUNT = ErrorClass.ACCOUNT
GONE = ErrorClass.MODEL_GONE

ROWS = [
    (400, "InvalidParameter", "the size is not match the allowed size", INVALID),
    (400, "InvalidParameter", "The style is invalid.", INVALID),
    (400, "InvalidParameter", "num_images_per_prompt must be 1.", INVALID),
    (400, "InvalidParameter", "Model not exist.", GONE),
    (400, "InvalidParameter", "url error, please check url！", GONE),
    (400, "InvalidParameter.JsonPhrase", "", INVALID),
    (400, "InvalidParameter.ImageFormat", "", INVALID),
    # Looks like a content verdict, and is a download that failed.
    (400, "InvalidParameter.DataInspection", "Unable to download the media resource", TRANSIENT),
    (400, "InvalidParameter.FileDownload", "", TRANSIENT),
    (400, "DataInspectionFailed", "Input data may contain inappropriate content.", MODERATED),
    (400, "data_inspection_failed", "", MODERATED),
    (400, "IPInfringementSuspect", "", MODERATED),
    (400, "InvalidParameter.ImageContent", "", MODERATED),
    (400, "CustomRoleBlocked", "", MODERATED),
    (400, "FaqRuleBlocked", "", MODERATED),
    (
        400,
        "Arrearage",
        "Access denied, please make sure your account is in good standing.",
        ACCOUNT,
    ),
    (400, "InvalidURL", "", INVALID),
    (400, "InvalidURL.ConnectionRefused", "", TRANSIENT),
    (400, "InvalidURL.Timeout", "", TRANSIENT),
    (400, "BadRequest.EmptyInput", "", INVALID),
    (400, "BadRequest.InputDownloadFailed", "", TRANSIENT),
    (413, "BadRequest.TooLarge", "", INVALID),
    (400, "InvalidImage.NoHumanFace", "", INVALID),
    (400, "InvalidFile.Size", "", INVALID),
    (400, "UnsupportedOperation", "Failed to cancel the task", INVALID),
    (401, "InvalidApiKey", "No API-key provided.", ACCOUNT),
    (401, "invalid_api_key", "", ACCOUNT),
    (401, "NOT AUTHORIZED", "", ACCOUNT),
    (403, "AccessDenied", "current user api does not support synchronous calls.", GONE),
    (403, "AccessDenied", "current user api does not support asynchronous calls.", GONE),
    (403, "AccessDenied", "The model has not been applied for.", ACCOUNT),
    (403, "AccessDenied.Unpurchased", "", ACCOUNT),
    (403, "Model.AccessDenied", "", ACCOUNT),
    (403, "Workspace.AccessDenied", "", ACCOUNT),
    (403, "AllocationQuota.FreeTierOnly", "", ACCOUNT),
    (404, "ModelNotFound", "Model can not be found.", GONE),
    (404, "model_not_found", "", GONE),
    (404, "model_not_supported", "", GONE),
    (404, "NotFound", "", GONE),
    (409, "Conflict", "", TRANSIENT),
    (429, "Throttling", "", THROTTLED),
    (429, "Throttling.RateQuota", "Requests rate limit exceeded", THROTTLED),
    (429, "Throttling.User", "", THROTTLED),
    (429, "LimitRequests", "", THROTTLED),
    (429, "limit_requests", "", THROTTLED),
    (429, "Throttling.BurstRate", "Request rate increased too quickly", THROTTLED),
    (429, "Throttling.AllocationQuota", "Allocated quota exceeded.", THROTTLED),
    (429, "Throttling.AllocationQuota", "Free allocated quota exceeded.", ACCOUNT),
    (429, "insufficient_quota", "You exceeded your current quota", THROTTLED),
    (429, "insufficient_quota", "Free allocated quota exceeded.", ACCOUNT),
    # Bills under the status of a traffic jam.
    (429, "CommodityNotPurchased", "Commodity has not purchased yet.", ACCOUNT),
    (429, "PrepaidBillOverdue", "", ACCOUNT),
    (429, "PostpaidBillOverdue", "", ACCOUNT),
    (408, "RequestTimeOut", "", TRANSIENT),
    (500, "InternalError", "", TRANSIENT),
    (500, "InternalError.Algo", "Inference error", TRANSIENT),
    (500, "InternalError.Timeout", "", TRANSIENT),
    (500, "SystemError", "", TRANSIENT),
    (503, "ModelServingError", "Too many requests. Your requests are being throttled", THROTTLED),
    (503, "ModelServingError", "", TRANSIENT),
    (503, "ModelUnavailable", "", TRANSIENT),
    # Codes nobody has told us of: by status, else by family, else by hope.
    (400, "NeverHeardOf", "", INVALID),
    (401, "NeverHeardOf", "", ACCOUNT),
    (404, "NeverHeardOf", "", GONE),
    (429, "NeverHeardOf", "", THROTTLED),
    (502, "NeverHeardOf", "", TRANSIENT),
    (429, "", "", THROTTLED),
    (302, "", "", ACCOUNT),
    (200, "Conflict.New", "", TRANSIENT),
    (200, "DataInspectionFailed.Output", "", MODERATED),
    (200, "NeverHeardOf", "", TRANSIENT),
    # Inside a good answer the codes mean the same.
    (200, "InvalidParameter", "", INVALID),
    (200, "DataInspectionFailed", "", MODERATED),
    (200, "Throttling.RateQuota", "", THROTTLED),
]


@pytest.mark.parametrize(("status", "code", "message", "meaning"), ROWS)
def test_row(status: int, code: str, message: str, meaning: ErrorClass) -> None:
    assert classify(DASHSCOPE, status, code, message) is meaning


@pytest.mark.parametrize(
    ("table", "rule"),
    [(table, rule) for table in TABLES for rule in table.rules],
    ids=lambda part: part.name if isinstance(part, ErrorTable) else f"{part.code} {part.message}",
)
def test_every_rule_names_its_source_and_holds_whatever_the_status(
    table: ErrorTable, rule: Rule
) -> None:
    """Unless it has words or statuses of its own, for which there are examples."""
    assert rule.source
    if not rule.is_narrow:
        code = rule.code.replace("*", "Anything")
        found = {classify(table, status, code, "") for status in (200, 400, 429, 500)}
        assert found == {rule.meaning}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_two_rows_of_a_table_say_the_same(table: ErrorTable) -> None:
    keys = [
        (rule.code.replace("_", "").lower(), rule.message, rule.statuses) for rule in table.rules
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@given(status=st.integers(100, 599), code=st.text(), message=st.text(), kind=st.text())
def test_every_error_has_a_class(
    table: ErrorTable, status: int, code: str, message: str, kind: str
) -> None:
    assert isinstance(classify(table, status, code, message, kind=kind), ErrorClass)
