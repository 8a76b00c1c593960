"""Takes DashScope's orders in: at its own endpoint each, asynchronous or on the open connection."""

from __future__ import annotations

import re
from typing import Any

from simulator.calls import Calls
from simulator.checks import BadParameter
from simulator.dashscope_answers import made, usage
from simulator.dashscope_inputs import Looked, check_addresses, look
from simulator.dashscope_model import Model, Shape
from simulator.dashscope_models import MODELS, TRAINING
from simulator.dashscope_reading import Reading, prompt_of, read_body, read_input, read_order
from simulator.dashscope_refusals import NO_MODEL, THROTTLED, WRONG_URL, status_of
from simulator.dashscope_training import check_resources
from simulator.exchange import Exchange
from simulator.mishaps import strike
from simulator.moderation import infringes, refuses_prompt
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.tasks import Failure, Order, State

SERVICES = "/api/v1/services/"
_TOO_MANY = (429, "Throttling", "Too many requests in progress, please try again later.")
_NOT_WAITING = (403, "AccessDenied", "current user api does not support synchronous calls")
_ONLY_WAITING = (403, "AccessDenied", "current user api does not support asynchronous calls")
_INAPPROPRIATE = (400, "DataInspectionFailed", "Input data may contain inappropriate content.")
_INFRINGING = Failure(
    "IPInfringementSuspect",
    "Input data is suspected of being involved in IP infringement.",
)
EXAMPLE_AUXILIARY = "aux.example"
"""What manifests for rehearsals may say: a real one is known only when a poster has been drawn."""
_AUXILIARY = re.compile(r"aux\.([0-9a-f-]{36})\.\d")


class Orders:
    """Answers every create below /api/v1/services/."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._calls = Calls(provider)

    async def create(self, exchange: Exchange, account: str, raw: bytes) -> None:
        """Take one order in, and for a synchronous one answer with its pictures.

        Raises:
            Refusal: It is turned away.
        """
        provider = self._provider
        body = read_body(raw)
        name: str = body["model"]
        model = self._model(name)
        waiting = exchange.header(b"x-dashscope-async") != "enable"
        shape = _shape(model, exchange.path[len(SERVICES) :], waiting)
        inputs = read_input(model, shape, body)
        prompt = prompt_of(model, inputs)
        if await strike(provider.faults.before("create", prompt, name), exchange):
            return
        if not provider.may_submit(account, name):
            raise Refusal(*THROTTLED)
        try:
            reading = read_order(model, inputs, body)
            flaw, looked = await self._judge(exchange, model, reading)
        except BadParameter as error:
            raise Refusal(400, "InvalidParameter", str(error)) from error
        self._check_references(account, name, body, reading)
        order = self._order(account, name, reading, looked)
        if waiting:
            if flaw is not None:
                raise Refusal(status_of(flaw.code), flaw.code, flaw.message)
            await self._answer_now(exchange, order, shape)
            return
        fault = provider.faults.after("create", prompt, name)
        task = provider.accept(order, fault, flaw)
        if fault is not None and fault.kind == "drop-after":
            await exchange.hang_up()
            return
        output = {"task_status": "PENDING", "task_id": task.task_id}
        await exchange.answer_json(200, {"output": output, "request_id": task.request_id})

    async def _answer_now(self, exchange: Exchange, order: Order, shape: Shape) -> None:
        task = await self._calls.make(exchange, order, Refusal(*_TOO_MANY))
        if task is None:
            return
        if task.state is State.FAILED:
            failure = task.failures[0]
            raise Refusal(status_of(failure.code), failure.code, failure.message)
        model = MODELS[order.model]
        document = {
            "output": made(self._provider, exchange.origin, task, model, shape),
            "usage": usage(task, model, shape),
            "request_id": task.request_id,
        }
        await exchange.answer_json(200, document)

    def _model(self, name: object) -> Model:
        if name == TRAINING:
            raise Refusal(*WRONG_URL)
        model = MODELS.get(name) if isinstance(name, str) else None
        retired = self._provider.settings.retired
        if model is None or (retired and name in retired.split(",")):
            raise Refusal(*NO_MODEL)
        return model

    async def _judge(
        self, exchange: Exchange, model: Model, reading: Reading
    ) -> tuple[Failure | None, Looked | None]:
        """What is wrong with the order's texts and pictures, and what its pictures are."""
        if refuses_prompt(reading.words):
            raise Refusal(*_INAPPROPRIATE)
        flaw = _INFRINGING if reading.rewritten and infringes(reading.words) else None
        if not reading.pictures:
            return flaw, None
        resolves = exchange.header(b"x-dashscope-ossresourceresolve") == "enable"
        flaw = check_addresses(model, reading.pictures, resolves) or flaw
        looked = await look(model, reading.pictures, self._provider.gallery)
        return flaw or looked.flaw, looked

    def _check_references(
        self, account: str, name: str, body: dict[str, Any], reading: Reading
    ) -> None:
        """An order may build on what the account got before: a trained face, a poster's draft."""
        if name == "facechain-generation":
            check_resources(self._provider, account, body, reading.parameters)
        auxiliary = reading.inputs.get("auxiliary_parameters")
        if name == "wanx-poster-generation-v1" and auxiliary not in (None, "", EXAMPLE_AUXILIARY):
            found = _AUXILIARY.fullmatch(auxiliary)
            if found is None or self._provider.find(found[1], account) is None:
                raise Refusal(400, "InvalidParameter", "The auxiliary_parameters is invalid.")

    def _order(self, account: str, name: str, reading: Reading, looked: Looked | None) -> Order:
        model = MODELS[name]
        base = None if looked is None else looked.base
        size = reading.size
        if model.measure is not None:
            size = model.measure(reading.inputs, reading.parameters, base)
        return Order(
            account=account,
            model=name,
            prompt=reading.prompt,
            n=reading.n,
            seed=self._provider.draw_seed() if reading.seed is None else reading.seed,
            size=size,
            style=reading.style,
            parameters=reading.parameters,
            format=model.format,
            inputs={} if looked is None else looked.labels,
            facts=_facts(name, model, reading, looked),
            free=model.free,
        )


def _shape(model: Model, path: str, waiting: bool) -> Shape:
    shape = model.shape_at(path, waiting)
    if shape is not None:
        return shape
    if model.shape_at(path, not waiting) is not None:
        raise Refusal(*(_NOT_WAITING if waiting else _ONLY_WAITING))
    raise Refusal(*WRONG_URL)


def _facts(name: str, model: Model, reading: Reading, looked: Looked | None) -> dict[str, Any]:
    if name == "z-image-turbo":
        return {"text": reading.rewritten or reading.prompt}
    if name == "wanx-style-repaint-v1":
        return {"style_index": reading.inputs["style_index"]}
    if name == "image-instance-segmentation":
        return {"instances": 2}
    if name == "wanx-poster-generation-v1":
        return {"generates": reading.inputs["generate_mode"] == "generate"}
    if model.waiting_shape == "faces" and looked is not None:
        labels = looked.labels["images"]
        return {"is_face": [label not in looked.plain for label in labels]}
    return {"actual_prompt": reading.rewritten} if model.echoes and reading.rewritten else {}
