"""DashScope (Alibaba Model Studio): an order is a task, created once and asked for by its id; some
models answer at once, and training a likeness is a job of its own kind.

Source: Model Studio: asynchronous tasks; API references of the models; error codes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import httpx2

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.providers.dashscope_answers import error_in, read_cancel, read_page, read_refusal
from worker.providers.dashscope_line import Line, Order
from worker.providers.dashscope_messages import as_messages
from worker.providers.dashscope_results import is_result, output_of, read_done, read_task
from worker.providers.dashscope_training import Trainer, is_ticket
from worker.providers.exchange import Answer, text
from worker.providers.order import body_of
from worker.providers.port import (
    Accepted,
    CancelAnswer,
    Done,
    NoTaskList,
    PollAnswer,
    Refused,
    SubmitAnswer,
    TaskListAnswer,
    Unanswered,
    always,
)

PICTURE_SUFFIXES = (".aliyuncs.com",)
"""Result pictures lie in many OSS buckets and regions (Model Studio: wanx-v1, allow-list)."""
PAGE_SIZE = 100

_UNLISTED = frozenset({"dashscope-facedetect", "dashscope-finetune"})
_BEIJING = timezone(timedelta(hours=8))


class DashScope:
    """DashScope through one account, shared by all threads of a process."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        http: httpx2.Client,
        workspace: str | None = None,
    ) -> None:
        """`base_url` ends in /api/v1; `http` is ours to close. Raises ValueError for a bad address."""
        self._line = Line(base_url, api_key, http, workspace)
        self._trainer = Trainer(self._line)

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Create a task, or have the pictures at once. Never raises for what the network or the
        provider does."""
        order = Order(job, model, {"model": model.sent_name, **body_of(job, model)}, may_send)
        match model.protocol:
            case "dashscope-task":
                return self._draw(order)
            case "dashscope-messages":
                return self._draw(order._replace(body=as_messages(order.body, model)))
            case "dashscope-facedetect":
                return self._look_for_faces(order)
            case "dashscope-finetune":
                return self._trainer.submit(order)
            case unknown:
                words = f"the catalogue orders it by {unknown!r}, which is no protocol of DashScope"
                return _refused(ErrorClass.MODEL_GONE, "UnknownProtocol", words)

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a task is. Never raises for what the network or the provider does."""
        if is_ticket(ticket):
            return self._trainer.poll(ticket)
        answer = self._line.ask("GET", _path(ticket))
        if not isinstance(answer, Answer):
            return answer
        output = output_of(answer.document)
        if not (answer.good and text(output, "task_status")):
            return read_refusal(answer, (self._line.key,))
        if text(output, "task_id") not in ("", ticket):
            return Unanswered("the answer is about another task")
        return read_task(answer.document, (self._line.key,))

    def list_tasks(
        self, model: Model, start_s: float, end_s: float, page: int, *, running_only: bool = False
    ) -> TaskListAnswer:
        """A page of the main account's tasks of a model. Never raises for what network or provider
        do.

        A span of more than 24 hours is refused (Model Studio: asynchronous tasks). What is answered
        at once is no task, and a training job is not among them.
        """
        if model.synchronous or model.protocol in _UNLISTED:
            return NoTaskList()
        asked = {
            "start_time": _beijing_text(math.floor(start_s)),
            "end_time": _beijing_text(math.ceil(end_s)),
            "model_name": model.sent_name,
            "page_no": page,
            "page_size": PAGE_SIZE,
            **({"status": "RUNNING"} if running_only else {}),
        }
        answer = self._line.ask("GET", f"tasks/?{urlencode(asked)}")
        if not isinstance(answer, Answer):
            return answer
        return read_page(answer, model.sent_name, page, (self._line.key,))

    def cancel(self, ticket: str) -> CancelAnswer:
        """Cancel a task that is still PENDING. Never raises for what network or provider do."""
        if is_ticket(ticket):
            return self._trainer.cancel(ticket)
        answer = self._line.ask("POST", f"{_path(ticket)}/cancel")
        if not isinstance(answer, Answer):
            return answer
        return read_cancel(answer, (self._line.key,))

    def close(self) -> None:
        """Give back connections."""
        self._line.close()

    def _draw(self, order: Order) -> SubmitAnswer:
        answer = self._line.place(order, asynchronous=not order.model.synchronous)
        if not isinstance(answer, Answer):
            return answer
        secrets = (*order.prompts, self._line.key)
        output = output_of(answer.document)
        ticket = text(output, "task_id") if answer.good else ""
        if answer.good and is_result(output) and not error_in(answer.document)[0]:
            done = read_done(answer.document, secrets, order.job.prompt)
            if done.pictures or not ticket:
                return done
        # A refusal may quote what it refuses.
        return Accepted(ticket) if ticket else read_refusal(answer, secrets)

    def _look_for_faces(self, order: Order) -> SubmitAnswer:
        """Free, so it may be asked again (Model Studio: prices): a lost answer is a failed try."""
        answer = self._line.place(order)
        if isinstance(answer, Answer):
            output = output_of(answer.document)
            if answer.good and isinstance(output.get("is_face"), list):
                names = ("is_face", "failed_reason")
                return Done((), facts={name: output[name] for name in names if output.get(name)})
            answer = read_refusal(answer, (*order.prompts, self._line.key))
        if isinstance(answer, Unanswered):
            return _refused(ErrorClass.TRANSIENT, "NoAnswer", answer.reason)
        return answer


def _refused(error_class: ErrorClass, code: str, message: str) -> Refused:
    return Refused(Failure(error_class=error_class, code=code, message=message))


def _path(ticket: str) -> str:
    return f"tasks/{quote(ticket, safe='')}"


def _beijing_text(moment_s: float) -> str:
    """YYYYMMDDhhmmss in UTC+8, as the list wants it (Model Studio: asynchronous tasks)."""
    return f"{datetime.fromtimestamp(moment_s, UTC).astimezone(_BEIJING):%Y%m%d%H%M%S}"
