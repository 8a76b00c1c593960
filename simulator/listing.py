"""DashScope's task list: filters, pages and its own field names (DashScope task API)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from simulator.dashscope_models import MODELS
from simulator.moments import from_compact, milliseconds
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import Task, new_id

_DAY_S = 86400.0
_PAGE_SIZE_MAX = 100
_REGION = "cn-beijing"


def list_tasks(provider: Provider, account: str, query: bytes) -> dict[str, Any]:
    """The answer to GET /api/v1/tasks, newest task first.

    Raises:
        Refusal: A filter makes no sense.
    """
    asked = dict(parse_qsl(query.decode("latin-1")))
    page_no = _whole(asked, "page_no", 1, 1_000_000)
    page_size = _whole(asked, "page_size", 10, _PAGE_SIZE_MAX)
    start_s, end_s = _window(asked, provider.now_s())
    found = [
        task
        for task in reversed(provider.tasks_of(account))
        if start_s <= task.submitted_s <= end_s and _fits(task, asked)
    ]
    first = (page_no - 1) * page_size
    return {
        "request_id": new_id(),
        "total": len(found),
        "total_page": -(-len(found) // page_size),
        "page_no": page_no,
        "page_size": page_size,
        "data": [_entry(task) for task in found[first : first + page_size]],
    }


def _fits(task: Task, asked: dict[str, str]) -> bool:
    own = {
        "task_id": task.task_id,
        "model_name": task.order.model,
        "status": task.state.value,
        "region": _REGION,
        "api_key_id": _number(task.order.account),
    }
    return all(asked.get(name, value) == value for name, value in own.items())


def _entry(task: Task) -> dict[str, Any]:
    model, number = task.order.model, _number(task.order.account)
    entry: dict[str, Any] = {
        "api_key_id": number,
        "caller_parent_id": number,
        "caller_uid": number,
        "gmt_create": milliseconds(task.submitted_s),
        "model_name": model,
        "region": _REGION,
        "request_id": task.request_id,
        "status": task.state.value,
        "task_id": task.task_id,
        "user_api_unique_key": f"apikey:v1:{_function(model)}:{model}",
    }
    if task.started_s is not None:
        entry["start_time"] = milliseconds(task.started_s)
    if task.finished_s is not None:
        entry["end_time"] = milliseconds(task.finished_s)
    return entry


def _function(model: str) -> str:
    return MODELS[model].path.strip("/").replace("/", ":")


def _window(asked: dict[str, str], now_s: float) -> tuple[float, float]:
    """Times asked for, to the second; one given alone reaches 24 h the other way."""
    try:
        start_s = from_compact(asked["start_time"]) if "start_time" in asked else None
        # The text names a whole second, so the last one belongs to the window.
        end_s = from_compact(asked["end_time"]) + 0.999999 if "end_time" in asked else None
    except ValueError as error:
        raise _bad("start_time and end_time must have the form YYYYMMDDhhmmss.") from error
    if end_s is None:
        end_s = now_s if start_s is None else start_s + _DAY_S
    if start_s is None:
        start_s = end_s - _DAY_S
    if not 0 <= end_s - start_s < _DAY_S + 1:
        raise _bad("The time between start_time and end_time must not exceed 24 hours.")
    return start_s, end_s


def _whole(asked: dict[str, str], name: str, default: int, most: int) -> int:
    text = asked.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise _bad(f"{name} must be an integer in [1, {most}].")
    return int(text)


def _bad(message: str) -> Refusal:
    return Refusal(400, "InvalidParameter", message)


def _number(account: str) -> str:
    """The account as the long number the vendor shows."""
    return str(int(account, 16) % 10**16).zfill(16)
