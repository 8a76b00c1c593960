"""DashScope's dialect: everything under /api/v1/; orders, tasks, files and fine-tune jobs."""

from __future__ import annotations

from typing import Any

from simulator.dashscope_answers import task_output, usage
from simulator.dashscope_models import MODELS
from simulator.dashscope_orders import SERVICES, Orders
from simulator.dashscope_refusals import NOT_FOUND, NOT_PENDING, THROTTLED, document_of
from simulator.dashscope_training import Training
from simulator.exchange import Exchange
from simulator.listing import list_tasks
from simulator.mishaps import strike
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import State, Task, new_id

_TASKS = "/api/v1/tasks"


class DashScope:
    """Translates between DashScope's wire protocol and the provider."""

    prefixes: tuple[str, ...] = ("/api/v1/",)

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._orders = Orders(provider)
        self._training = Training(provider)

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; every refusal is flat: code, message and request_id."""
        try:
            if exchange.path.startswith(SERVICES):
                await self._create(exchange)
            elif exchange.path.startswith(Training.prefixes):
                await self._training.serve(exchange, self._account(exchange))
            else:
                await self._task_endpoint(exchange)
        except Refusal as refusal:
            await exchange.answer_json(refusal.status, document_of(refusal))

    async def _create(self, exchange: Exchange) -> None:
        exchange.endpoint = "create"
        raw = await exchange.body()
        account = self._account(exchange)
        if exchange.method != "POST":
            raise Refusal(*NOT_FOUND)
        await self._orders.create(exchange, account, raw)

    async def _task_endpoint(self, exchange: Exchange) -> None:
        """All task endpoints share one limit of queries a second (DashScope task API)."""
        path, method = exchange.path, exchange.method
        if path != _TASKS and not path.startswith(_TASKS + "/"):
            raise Refusal(*NOT_FOUND)
        parts = path[len(_TASKS) :].strip("/").split("/")
        if method == "GET" and len(parts) == 1:
            exchange.endpoint = "get" if parts[0] else "list"
        elif method == "POST" and len(parts) == 2 and parts[1] == "cancel":
            exchange.endpoint = "cancel"
        else:
            raise Refusal(*NOT_FOUND)
        account = self._account(exchange)
        task = self._provider.find(parts[0], account) if parts[0] else None
        about = (task.order.prompt, task.order.model) if task else ("", "")
        if await strike(self._provider.faults.before(exchange.endpoint, *about), exchange):
            return
        if not self._provider.may_query(account):
            raise Refusal(*THROTTLED)
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
            document["output"] = task_output(self._provider, exchange.origin, task)
            if task.finished_s is not None and task.told_s is None:
                self._provider.told(task)
            if task.state is State.SUCCEEDED:
                model = MODELS[task.order.model]
                document["usage"] = usage(task, model, model.shape)
        await exchange.answer_json(200, document)

    async def _cancel(self, exchange: Exchange, task: Task | None) -> None:
        if task is None or not self._provider.cancel(task):
            raise Refusal(*NOT_PENDING)
        if self._provider.faults.after("cancel", task.order.prompt, task.order.model) is not None:
            await exchange.hang_up()
            return
        await exchange.answer_json(200, {"request_id": new_id()})

    def _account(self, exchange: Exchange) -> str:
        given = exchange.header(b"authorization")
        if not given:
            raise Refusal(401, "InvalidApiKey", "No API-key provided.")
        scheme, _, key = given.partition(" ")
        if scheme.lower() != "bearer" or not key.startswith("sk-"):
            raise Refusal(401, "InvalidApiKey", "Invalid API-key provided.")
        return self._provider.account(key)
