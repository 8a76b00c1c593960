"""DashScope's files and fine-tune jobs, as the training of faces (facechain-finetune) uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from simulator.dashscope_files import Files
from simulator.dashscope_inputs import check_addresses, look
from simulator.dashscope_model import Model, Picture
from simulator.dashscope_models import TRAINING
from simulator.dashscope_reading import read_body
from simulator.dashscope_refusals import NO_MODEL, NOT_FOUND, NOT_PENDING, THROTTLED
from simulator.exchange import Exchange
from simulator.mishaps import strike
from simulator.moments import beijing_text
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import Failure, Kind, Order, State, Task, new_id

_FILES = "/api/v1/files"
_JOBS = "/api/v1/fine-tunes"
_NO_PICTURES = Failure("InvalidFile.Format", "The training file holds no pictures.")
_NO_RESOURCE = (403, "Resource.AccessDenied", "Access to the resource is denied.")
_IDS = "training_file_ids"
_PORTRAITS = Model(path="", pictures={_IDS: Picture(most=10)})
"""One to ten pictures of a person (Model Studio: FaceChain portrait training)."""


class Training:
    """Answers /api/v1/files and /api/v1/fine-tunes."""

    prefixes = (_FILES, _JOBS)

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._files = Files(provider)

    async def serve(self, exchange: Exchange, account: str) -> None:
        """Answer one request.

        Raises:
            Refusal: It is turned away.
        """
        root = _FILES if exchange.path.startswith(_FILES) else _JOBS
        name, _, action = exchange.path[len(root) :].strip("/").partition("/")
        match (root, exchange.method, bool(name), action):
            case ("/api/v1/files", "POST", False, ""):
                await self._files.upload(exchange, account)
            case ("/api/v1/files", "GET" | "DELETE", _, ""):
                await self._files.show(exchange, account, name)
            case ("/api/v1/fine-tunes", "POST", False, ""):
                await self._create(exchange, account)
            case ("/api/v1/fine-tunes", "GET", False, ""):
                await self._list(exchange, account)
            case ("/api/v1/fine-tunes", "GET", True, ""):
                await self._get(exchange, account, name)
            case ("/api/v1/fine-tunes", "POST", True, "cancel"):
                await self._cancel(exchange, account, name)
            case _:
                raise Refusal(*NOT_FOUND)

    async def _create(self, exchange: Exchange, account: str) -> None:
        exchange.endpoint = "create"
        provider = self._provider
        body = read_body(await exchange.body())
        if await strike(provider.faults.before("create", model=TRAINING), exchange):
            return
        if body["model"] != TRAINING or TRAINING in provider.settings.retired.split(","):
            raise Refusal(*NO_MODEL)
        if not provider.may_submit(account, TRAINING):
            raise Refusal(*THROTTLED)
        ids = _ids(body.get(_IDS))
        flaw = await self._flaw(account, ids)
        order = Order(
            account=account,
            model=TRAINING,
            prompt="",
            n=1,
            seed=0,
            size=(1, 1),
            style="",
            parameters=body.get("hyper_parameters") or {},
            kind=Kind.TRAINING,
            inputs={_IDS: ids},
        )
        fault = provider.faults.after("create", model=TRAINING)
        task = provider.accept(order, fault, flaw)
        if fault is not None and fault.kind == "drop-after":
            await exchange.hang_up()
            return
        await exchange.answer_json(200, {"request_id": task.request_id, "output": _job(task)})

    async def _flaw(self, account: str, ids: list[str]) -> Failure | None:
        """Why nobody can be learned from these: ids of the account's files, or addresses.

        Raises:
            Refusal: One of them is neither.
        """
        addresses = [(_IDS, one) for one in ids if one.startswith(("http://", "https://"))]
        files = [self._files.find(account, one) for one in ids if (_IDS, one) not in addresses]
        flaw = check_addresses(_PORTRAITS, addresses, resolves_oss=False)
        looked = await look(_PORTRAITS, addresses, self._provider.gallery)
        if flaw or looked.flaw:
            return flaw or looked.flaw
        return None if all(file.pictures for file in files) else _NO_PICTURES

    async def _get(self, exchange: Exchange, account: str, job_id: str) -> None:
        exchange.endpoint = "get"
        if await strike(self._provider.faults.before("get", model=TRAINING), exchange):
            return
        if not self._provider.may_query(account):
            raise Refusal(*THROTTLED)
        task = self._provider.find(job_id, account, Kind.TRAINING)
        if task is None:
            raise Refusal(*NOT_FOUND)
        task.queries += 1
        await exchange.answer_json(200, {"request_id": new_id(), "output": _job(task)})

    async def _list(self, exchange: Exchange, account: str) -> None:
        exchange.endpoint = "list"
        if not self._provider.may_query(account):
            raise Refusal(*THROTTLED)
        asked = dict(parse_qsl(exchange.query.decode("latin-1")))
        jobs = [_job(task) for task in self._provider.tasks_of(account, Kind.TRAINING)]
        jobs.reverse()
        page, size = _page(asked, "page_no", 1), _page(asked, "page_size", 10)
        output = {
            "page_no": page,
            "page_size": size,
            "total": len(jobs),
            "jobs": jobs[(page - 1) * size : page * size],
        }
        await exchange.answer_json(200, {"request_id": new_id(), "output": output})

    async def _cancel(self, exchange: Exchange, account: str, job_id: str) -> None:
        exchange.endpoint = "cancel"
        task = self._provider.find(job_id, account, Kind.TRAINING)
        if task is None or not self._provider.cancel(task):
            raise Refusal(*NOT_PENDING)
        await exchange.answer_json(200, {"request_id": new_id(), "output": {"status": "success"}})


def _ids(given: object) -> list[str]:
    good = isinstance(given, list) and 1 <= len(given) <= 10
    if not isinstance(given, list) or not good or not all(isinstance(one, str) for one in given):
        message = f'Required parameter "{_IDS}" missing or invalid.'
        raise Refusal(400, "InvalidParameter", message)
    return given


def check_resources(
    provider: Provider, account: str, body: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    """Refuse a portrait whose face was not trained in this account (facechain-generation).

    Raises:
        Refusal: A resource is missing, malformed or not the account's.
    """
    if parameters.get("style") == "train_free_portrait_url_template":
        return
    resources = body.get("resources")
    if not isinstance(resources, list) or not resources:
        raise Refusal(400, "InvalidParameter", 'Required parameter "resources" missing.')
    for resource in resources:
        if not isinstance(resource, dict) or resource.get("resource_type") != "facelora":
            raise Refusal(400, "InvalidParameter", "The resource_type must be facelora.")
        name = str(resource.get("resource_id"))
        task = provider.find(name.removeprefix(f"{TRAINING}-"), account, Kind.TRAINING)
        if task is None or task.state is not State.SUCCEEDED or name != _output_name(task):
            raise Refusal(*_NO_RESOURCE)


def _output_name(task: Task) -> str:
    return f"{TRAINING}-{task.task_id}"


def _job(task: Task) -> dict[str, Any]:
    output: dict[str, Any] = {
        "job_id": task.task_id,
        "job_name": task.task_id,
        "status": task.state.value,
        "model": TRAINING,
        "base_model": TRAINING,
        "finetuned_output": _output_name(task),
        _IDS: task.order.inputs[_IDS],
        "validation_file_ids": [],
        "hyper_parameters": task.order.parameters,
        "training_type": "sft",
        "create_time": beijing_text(task.submitted_s)[:-4],
        "group": "facechain",
        "model_name": task.task_id,
        "max_output_cnt": 1,
    }
    if task.finished_s is not None:
        output["end_time"] = beijing_text(task.finished_s)[:-4]
    if task.state is State.FAILED:
        failure = task.failures[0]
        output["code"], output["message"] = failure.code, failure.message
    return output


def _page(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() else default
