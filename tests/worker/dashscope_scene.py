"""Orders and answers of DashScope, as tests write them."""

from __future__ import annotations

from typing import Any

from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.model import Model
from tests.worker.wire import Play, answer

KEY = "sk-0123456789abcdef"
PROMPT = "一只戴着草帽的橘猫，水彩"
PENDING = {"output": {"task_status": "PENDING", "task_id": "13b1848b"}, "request_id": "r"}
SIGNED = (
    "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/1d/a.png"
    "?Expires=1795300000&OSSAccessKeyId=LTAI&Signature=a%2Bb%2Fc%3D"
)


TICKET = "fine-tunes/ft-202509020951-f8bf"
"""Of a training job."""


def model(name: str = "wanx-v1") -> Model:
    return catalogue().find(name)


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": "SKU-1",
        "line": 2,
        "lane": "dashscope:wanx-v1@default",
        "prompt": PROMPT,
        "name": "SKU-1",
    }
    return Job(**{**fields, **changes})


def task(**output: Any) -> Play:
    return answer(200, {"request_id": "r", "output": {"task_id": "t-1", **output}})


def state(status: str, **output: Any) -> Play:
    """A training job's."""
    told = {"job_id": "ft-202509020951-f8bf", "status": status, **output}
    return answer(200, {"request_id": "r", "output": told})


REFUSALS = [
    (answer(401, {"code": "InvalidApiKey", "message": "No API-key provided."}), ErrorClass.ACCOUNT),
    (answer(400, {"code": "Arrearage", "message": "overdue"}), ErrorClass.ACCOUNT),
    (
        answer(400, {"code": "InvalidParameter", "message": "Model not exist."}),
        ErrorClass.MODEL_GONE,
    ),
    (answer(400, {"code": "DataInspectionFailed", "message": "unsafe"}), ErrorClass.MODERATED),
    (answer(429, {"code": "Throttling.RateQuota", "message": "limit"}), ErrorClass.THROTTLED),
    (answer(429, {"code": "PostpaidBillOverdue", "message": "pay"}), ErrorClass.ACCOUNT),
    (answer(500, {"code": "InternalError", "message": "oops"}), ErrorClass.TRANSIENT),
    (answer(503, {"code": "ModelUnavailable", "message": "busy"}), ErrorClass.TRANSIENT),
    (answer(200, {"code": "InvalidParameter", "message": "in a good answer"}), ErrorClass.INVALID),
    (answer(400, {"error": {"code": "invalid_api_key", "message": "no"}}), ErrorClass.ACCOUNT),
    (answer(413, b"<html>Request Entity Too Large</html>"), ErrorClass.INVALID),
    (answer(429, b""), ErrorClass.THROTTLED),
    (answer(302, b"", Location="http://127.0.0.1:1/login"), ErrorClass.ACCOUNT),
]
