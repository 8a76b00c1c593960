"""Training a person's likeness: pictures become a file, the file becomes a job, the job a resource.

Source: Model Studio: FaceChain portrait training, file management service, fine-tuning jobs.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from schemas.failure import ErrorClass
from worker.providers.dashscope_answers import failure_in, read_refusal
from worker.providers.dashscope_likeness import Likeness, picture_names, read_likeness
from worker.providers.dashscope_line import Line, Order
from worker.providers.dashscope_results import read_unfinished, took_s
from worker.providers.exchange import Answer, part, text
from worker.providers.order import body_of
from worker.providers.port import (
    Accepted,
    CancelAnswer,
    Done,
    NotSent,
    PollAnswer,
    Refused,
    StillRunning,
    SubmitAnswer,
    TaskUnknown,
    TooLate,
    Unanswered,
    Withdrawn,
)

KNOWN_FILES = 100
"""As many as an account may have at all (Model Studio: file management service)."""

_TICKETS = "fine-tunes/"
_TIMES = ("create_time", "end_time")
_UNKNOWN = "NotFound"
_OVER = "UnsupportedOperation"


def is_ticket(ticket: str) -> bool:
    """Whether a ticket is a training job's."""
    return ticket.startswith(_TICKETS)


class Trainer:
    """Training jobs through one account; shared by threads."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._secrets = (line.key,)
        self._file_ids: dict[str, str] = {}

    def submit(self, order: Order) -> SubmitAnswer:
        """Hand the pictures over where they are not to be fetched, and create a job."""
        likeness = read_likeness(order.job, order.model)
        if isinstance(likeness, Refused):
            return likeness
        file_id = self._file_id(likeness, order) if likeness.archive else ""
        if not isinstance(file_id, str):
            return file_id
        files = [*likeness.addresses, *filter(None, [file_id])]
        answer = self._line.place(order._replace(body=_body(order, files)))
        if not isinstance(answer, Answer):
            return answer
        job_id = text(part(answer.document, "output"), "job_id")
        if answer.good and job_id:
            return Accepted(f"{_TICKETS}{job_id}")
        refused = read_refusal(answer, self._secrets)
        if isinstance(refused, Refused) and refused.failure.error_class is ErrorClass.INVALID:
            self._file_ids.pop(likeness.name, None)  # it may be the file that is gone
        return refused

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a job is; what comes of it is the name of the trained resource."""
        answer = self._line.ask("GET", _path(ticket))
        if not isinstance(answer, Answer):
            return answer
        if text(answer.document, "code") == _UNKNOWN:
            return TaskUnknown()
        output = part(answer.document, "output")
        state = text(output, "status").upper()
        if not (answer.good and state):
            return read_refusal(answer, self._secrets)
        if text(output, "job_id") not in ("", ticket.removeprefix(_TICKETS)):
            return Unanswered("the answer is about another job")
        return _ended(output) if state == "SUCCEEDED" else read_unfinished(output, state)

    def cancel(self, ticket: str) -> CancelAnswer:
        """Cancel a job that still waits.

        One that runs could be cancelled too; whether it is billed then is not stated by the vendor,
        so it is left to end.
        """
        match self.poll(ticket):
            case StillRunning(queued=True):
                pass
            case Refused() | NotSent() | Unanswered() as unheard:
                return unheard
            case _:
                return TooLate()
        answer = self._line.ask("POST", f"{_path(ticket)}/cancel")
        if not isinstance(answer, Answer):
            return answer
        if text(answer.document, "code") in (_OVER, _UNKNOWN):
            return TooLate()
        if answer.good and text(part(answer.document, "output"), "status").lower() == "success":
            return Withdrawn()
        return read_refusal(answer, self._secrets)

    def _file_id(self, likeness: Likeness, order: Order) -> str | Refused | NotSent:
        """Hand the file over, once: an order that is throttled comes back with the same pictures.

        Nothing is ordered by that: whatever goes wrong, nothing was sent.
        """
        known = self._file_ids.get(likeness.name)
        if known:
            return known
        if not order.may_send():
            return NotSent("held up too long before the training file would have left")
        answer = self._line.hand_over(likeness.name, likeness.archive)
        found = _read_file_id(answer, self._secrets) if isinstance(answer, Answer) else answer
        if isinstance(found, Unanswered):
            return NotSent(f"the training file may not have arrived: {found.reason}")
        if isinstance(found, str):
            if len(self._file_ids) >= KNOWN_FILES:
                self._file_ids.clear()
            self._file_ids[likeness.name] = found
        return found


def _body(order: Order, files: list[str]) -> dict[str, Any]:
    """The files are addresses or ids, wherever the catalogue has the pictures."""
    pictures = picture_names(order.model)
    rest = {name: value for name, value in order.job.parameters.items() if name not in pictures}
    body = body_of(order.job.model_copy(update={"parameters": rest}), order.model)
    return {"model": order.body["model"], "training_file_ids": files, **body}


def _path(ticket: str) -> str:
    return f"{_TICKETS}{quote(ticket.removeprefix(_TICKETS), safe='')}"


def _ended(output: dict[str, Any]) -> Done:
    resource = text(output, "finetuned_output")
    if not resource:
        words = "the training succeeded without naming its resource"
        return Done((), (failure_in(output, "NoResource", words),))
    return Done((), facts={"finetuned_output": resource}, took_s=took_s(output, _TIMES))


def _read_file_id(answer: Answer, secrets: tuple[str, ...]) -> str | Refused | Unanswered:
    data = part(answer.document, "data")
    file_id = text(_first(data, "uploaded_files"), "file_id")
    if answer.good and file_id:
        return file_id
    failed = _first(data, "failed_uploads")
    if failed:
        words = "the provider did not take the training file"
        return Refused(failure_in(failed, "NotUploaded", words, secrets=secrets))
    return read_refusal(answer, secrets)


def _first(source: dict[str, Any], name: str) -> dict[str, Any]:
    found = source.get(name)
    entry = found[0] if isinstance(found, list) and found else None
    return entry if isinstance(entry, dict) else {}
