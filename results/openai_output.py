"""A batch's results as OpenAI's Batch API hands them out: an output file, and one of errors.

Whatever reads a batch's files of OpenAI's reads these: a line for each row, joined by `custom_id`.
A row is in one of them: in the output file where a picture of it is stored.

Source: OpenAI: batches, output file and error file; images.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from results.words import explain, first_failure
from schemas.failure import Failure
from schemas.result import JobResult
from schemas.states import JobState

_CODES = {JobState.CANCELLED: "batch_cancelled", JobState.UNCERTAIN: "uncertain"}
"""What OpenAI calls a row that was not reached any more; and what it has no word for."""


class Written(NamedTuple):
    """What was written."""

    output: Path
    errors: Path | None
    """None: no row failed, and there is no such file."""
    succeeded: int
    failed: int


def write_openai(
    results: Iterable[JobResult], folder: Path, batch: str, address: Callable[[str], str]
) -> Written:
    """Write BATCH.output.jsonl and BATCH.errors.jsonl, one row at a time.

    `address` says where the picture with a key lies. Older files of these names are replaced when
    all is written. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        _Lines(folder / f"{batch}.output.jsonl") as output,
        _Lines(folder / f"{batch}.errors.jsonl") as errors,
    ):
        for result in results:
            if _has_outcome(result):
                output.add(_success(result, batch, address))
            else:
                errors.add(_error(result, batch))
    output.replace()
    if errors.count:
        errors.replace()
    else:
        errors.discard()
    return Written(output.path, errors.path if errors.count else None, output.count, errors.count)


class _Lines:
    """A file of JSON lines that takes its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._part = path.with_name(f".{path.name}.part")
        self._file: IO[str] = self._part.open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if kind is not None:
            self._part.unlink(missing_ok=True)

    def add(self, line: dict[str, Any]) -> None:
        """Write one line."""
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.count += 1

    def replace(self) -> None:
        """Take the place of an older file."""
        self._part.replace(self.path)

    def discard(self) -> None:
        """There is nothing to tell, and what an older file told no longer holds."""
        self._part.unlink()
        self.path.unlink(missing_ok=True)


def _has_outcome(result: JobResult) -> bool:
    return result.state is JobState.SUCCEEDED or bool(result.images)


def _success(result: JobResult, batch: str, address: Callable[[str], str]) -> dict[str, Any]:
    images = sorted(result.images, key=lambda image: image.index)
    revised = {"revised_prompt": result.actual_prompt} if result.actual_prompt else {}
    facts = dict(result.facts)
    body: dict[str, Any] = {
        "created": _epoch_s(result.finished_at),
        "data": [{"url": address(image.key), **revised} for image in images],
    }
    if isinstance(facts.get("usage"), dict):
        body["usage"] = facts.pop("usage")
    if facts:
        body["facts"] = facts
    if result.failures:
        body["errors"] = [_words(failure) for failure in result.failures]
    own = _own_id(result, batch)
    response = {"status_code": 200, "request_id": result.ticket or own, "body": body}
    return {
        "id": own,
        "custom_id": result.id,
        "response": response,
        "error": None,
    }


def _error(result: JobResult, batch: str) -> dict[str, Any]:
    """No HTTP status is left of a failure, so there is no response to show."""
    failure = first_failure(result)
    code = _CODES.get(result.state) or (failure.code if failure else "failed")
    message = failure.message if failure and result.state is JobState.FAILED else ""
    return {
        "id": _own_id(result, batch),
        "custom_id": result.id,
        "response": None,
        "error": {"code": code, "message": message or explain(result)},
    }


def _words(failure: Failure) -> dict[str, Any]:
    return {"index": failure.index, "code": failure.code, "message": failure.message}


def _own_id(result: JobResult, batch: str) -> str:
    """The same whenever the files are written."""
    return f"batch_req_{hashlib.sha256(f'{batch}/{result.id}'.encode()).hexdigest()[:24]}"


def _epoch_s(moment: str | None) -> int:
    """Seconds since 1970, as OpenAI writes `created`; 0 where nothing is known."""
    try:
        return int(datetime.fromisoformat(moment or "").timestamp())
    except ValueError:
        return 0
