"""DashScope's dialect: the task API under /api/v1/, as its task and wanx-v1 pages describe it."""

from __future__ import annotations

import json
from typing import Any, Protocol

from simulator.exchange import Exchange
from simulator.listing import list_tasks
from simulator.mishaps import strike
from simulator.moderation import refuses_prompt
from simulator.moments import beijing_text
from simulator.parameters import MODELS, BadParameter, read_parameters
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import Order, State, Task, new_id

_TEXT2IMAGE = "/api/v1/services/aigc/text2image/image-synthesis"
_TASKS = "/api/v1/tasks"
_WRONG_URL = (400, "InvalidParameter", "url error, please check url!")
_NO_BODY = (400, "InvalidParameter", "Required body invalid, please check the request body format.")
_THROTTLED = (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
_SYNCHRONOUS = (403, "AccessDenied", "current user api does not support synchronous calls")
_INAPPROPRIATE = (400, "DataInspectionFailed", "Input data may contain inappropriate content.")
_NOT_PENDING = (
    400,
    "UnsupportedOperation",
    "Failed to cancel the task, please confirm if the task is in PENDING status.",
)
_NOT_FOUND = (404, "NotFound", "Not found.")
_NO_MODEL = (404, "ModelNotFound", "Model can not be found.")


class Dialect(Protocol):
    """One vendor's wire protocol: answers every request whose path begins with `prefix`."""

    prefix: str

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""


class DashScope:
    """Translates between DashScope's wire protocol and the provider."""

    prefix = "/api/v1/"

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; every refusal is flat: code, message and request_id."""
        try:
            if exchange.path.startswith("/api/v1/services/"):
                await self._create(exchange)
            else:
                await self._task_endpoint(exchange)
        except Refusal as refusal:
            document = {
                "code": refusal.code,
                "message": refusal.message,
                "request_id": new_id(),
            }
            await exchange.answer_json(refusal.status, document)

    async def _create(self, exchange: Exchange) -> None:
        exchange.endpoint = "create"
        provider = self._provider
        raw = await exchange.body()
        account = self._account(exchange)
        if exchange.method != "POST":
            raise Refusal(*_NOT_FOUND)
        if exchange.header(b"x-dashscope-async") != "enable":
            raise Refusal(*_SYNCHRONOUS)
        if exchange.path != _TEXT2IMAGE:
            raise Refusal(*_WRONG_URL)
        body = _body(raw)
        model = _model(body)
        prompt = str(body["input"].get("prompt", ""))
        if await strike(provider.faults.before("create", prompt, model), exchange):
            return
        if not provider.may_submit(account, model):
            raise Refusal(*_THROTTLED)
        order = self._order(account, model, body)
        if refuses_prompt(order.prompt):
            raise Refusal(*_INAPPROPRIATE)
        fault = provider.faults.after("create", prompt, model)
        task = provider.accept(order, fault)
        if fault is not None and fault.kind == "drop-after":
            await exchange.hang_up()
            return
        output = {"task_status": "PENDING", "task_id": task.task_id}
        await exchange.answer_json(200, {"output": output, "request_id": task.request_id})

    def _order(self, account: str, model: str, body: dict[str, Any]) -> Order:
        parameters = body.get("parameters") or {}
        if not isinstance(parameters, dict):
            raise Refusal(*_NO_BODY)
        try:
            reading = read_parameters(MODELS[model], body["input"], parameters)
        except BadParameter as error:
            raise Refusal(400, "InvalidParameter", str(error)) from error
        return Order(
            account=account,
            model=model,
            prompt=reading.prompt,
            n=reading.n,
            seed=self._provider.draw_seed() if reading.seed is None else reading.seed,
            size=reading.size,
            style=reading.style,
            parameters=parameters,
        )

    async def _task_endpoint(self, exchange: Exchange) -> None:
        """All task endpoints share one limit of queries a second (DashScope task API)."""
        path, method = exchange.path, exchange.method
        if path != _TASKS and not path.startswith(_TASKS + "/"):
            raise Refusal(*_NOT_FOUND)
        parts = path[len(_TASKS) :].strip("/").split("/")
        if method == "GET" and len(parts) == 1:
            exchange.endpoint = "get" if parts[0] else "list"
        elif method == "POST" and len(parts) == 2 and parts[1] == "cancel":
            exchange.endpoint = "cancel"
        else:
            raise Refusal(*_NOT_FOUND)
        account = self._account(exchange)
        task = self._provider.find(parts[0], account) if parts[0] else None
        about = (task.order.prompt, task.order.model) if task else ("", "")
        if await strike(self._provider.faults.before(exchange.endpoint, *about), exchange):
            return
        if not self._provider.may_query(account):
            raise Refusal(*_THROTTLED)
        if exchange.endpoint == "list":
            await exchange.answer_json(200, list_tasks(self._provider, account, exchange.query))
        elif exchange.endpoint == "get":
            await self._get(exchange, parts[0], task)
        else:
            await self._cancel(exchange, task)

    async def _get(self, exchange: Exchange, task_id: str, task: Task | None) -> None:
        if task is not None:
            task.queries += 1
            fault = self._provider.faults.after("get", task.order.prompt, task.order.model)
            if fault is not None:
                task = None
        document: dict[str, Any] = {"request_id": new_id()}
        if task is None:
            document["output"] = {"task_id": task_id, "task_status": "UNKNOWN"}
        else:
            document["output"] = self._output(exchange.origin, task)
            if task.state is State.SUCCEEDED:
                document["usage"] = {"image_count": task.images_charged}
        await exchange.answer_json(200, document)

    async def _cancel(self, exchange: Exchange, task: Task | None) -> None:
        if task is None or not self._provider.cancel(task):
            raise Refusal(*_NOT_PENDING)
        if self._provider.faults.after("cancel", task.order.prompt, task.order.model) is not None:
            await exchange.hang_up()
            return
        await exchange.answer_json(200, {"request_id": new_id()})

    def _output(self, origin: str, task: Task) -> dict[str, Any]:
        output: dict[str, Any] = {
            "task_id": task.task_id,
            "task_status": task.state.value,
            "submit_time": beijing_text(task.submitted_s),
        }
        if task.started_s is not None:
            output["scheduled_time"] = beijing_text(task.started_s)
        if task.finished_s is not None:
            output["end_time"] = beijing_text(task.finished_s)
        if task.state is State.FAILED:
            failure = task.failures[0]
            output["code"], output["message"] = failure.code, failure.message
            return output
        done = task.state is State.SUCCEEDED
        if done:
            output["results"] = [self._result(origin, task, i) for i in range(task.order.n)]
        output["task_metrics"] = {
            "TOTAL": task.order.n,
            "SUCCEEDED": task.images_charged,
            "FAILED": len(task.failures) if done else 0,
        }
        return output

    def _result(self, origin: str, task: Task, index: int) -> dict[str, str]:
        echo = {"orig_prompt": task.order.prompt} if self._provider.settings.echo_prompt else {}
        failure = task.failures.get(index)
        if failure is not None:
            return {"code": failure.code, "message": failure.message, **echo}
        return {"url": self._provider.result_url(origin, task, index), **echo}

    def _account(self, exchange: Exchange) -> str:
        given = exchange.header(b"authorization")
        if not given:
            raise Refusal(401, "InvalidApiKey", "No API-key provided.")
        scheme, _, key = given.partition(" ")
        if scheme.lower() != "bearer" or not key.startswith("sk-"):
            raise Refusal(401, "InvalidApiKey", "Invalid API-key provided.")
        return self._provider.account(key)


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refusal(*_NO_BODY) from error
    if not isinstance(body, dict):
        raise Refusal(*_NO_BODY)
    if not body.get("model"):
        message = 'Required parameter "model" missing from request.'
        raise Refusal(400, "BadRequest.EmptyModel", message)
    if not isinstance(body.get("input"), dict):
        message = 'Required parameter "input" missing from request.'
        raise Refusal(400, "BadRequest.EmptyInput", message)
    return body


def _model(body: dict[str, Any]) -> str:
    model = body["model"]
    if not isinstance(model, str) or model not in MODELS:
        raise Refusal(*_NO_MODEL)
    return model
