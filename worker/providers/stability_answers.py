"""What Stability AI says: pictures in base64 with the reason each was finished, or a named error.

The first API writes finishReason and `message`, the second finish_reason and a list of `errors`.

Source: Stability: v1 generation; v2beta stable image, generate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.failure import ErrorClass, Failure
from worker.policy.classification import STABILITY, classify
from worker.policy.errors_stability import PAUSE_S
from worker.providers.exchange import Answer, clean, parse, retry_after_s, text
from worker.providers.inline import decoded
from worker.providers.port import Done, InlinePicture, Refused, Unanswered

_SUCCESS = "SUCCESS"
_FILTERED = "CONTENT_FILTERED"
_ERROR = "ERROR"
_WORDS = {
    _FILTERED: "the provider's filter blurred the picture: it is billed, and not stored",
    _ERROR: "the provider could not finish the picture",
}


class _Artifact(NamedTuple):
    """One picture of an answer, or what became of it."""

    data: bytes | None
    reason: str
    seed: int | None
    billed: bool


def read_artifacts(answer: Answer, secrets: tuple[str, ...]) -> Done | Refused | Unanswered:
    """What became of an order at the first API: a list of artifacts, in an object or bare."""
    document = answer.document
    if answer.body.lstrip()[:1] == b"[":
        document = parse(b'{"artifacts":%b}' % answer.body)
    found = document.get("artifacts")
    if answer.good and isinstance(found, list):
        entries = [entry if isinstance(entry, dict) else {} for entry in found]
        return _done([_artifact(entry, "base64", "finishReason") for entry in entries])
    return _picture_itself(answer) or _refusal(answer, secrets)


def read_image(answer: Answer, secrets: tuple[str, ...]) -> Done | Refused | Unanswered:
    """What became of an order at the second API: one picture."""
    document = answer.document
    if answer.good and ("image" in document or "finish_reason" in document):
        return _done([_artifact(document, "image", "finish_reason")])
    return _picture_itself(answer) or _refusal(answer, secrets)


def _artifact(source: dict[str, Any], picture: str, reason: str) -> _Artifact:
    seed, data = source.get("seed"), decoded(source.get(picture))
    told = text(source, reason).upper() or (_SUCCESS if data else "")
    return _Artifact(
        data=data if told == _SUCCESS else None,
        reason=told,
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        # A blurred picture is billed, a failed one is not; what was drawn and came damaged is.
        billed=told == _FILTERED or (told != _ERROR and bool(text(source, picture))),
    )


def _picture_itself(answer: Answer) -> Done | None:
    """The bytes of a picture, which is what the second API sends to those who ask for no JSON."""
    if not (answer.good and answer.headers.get("content-type", "").startswith("image/")):
        return None
    reason = answer.headers.get("finish-reason", "").upper() or _SUCCESS
    seed = answer.headers.get("seed", "")
    data = answer.body if reason == _SUCCESS else None
    number = int(seed) if seed.isascii() and seed.isdigit() else None
    return _done([_Artifact(data, reason, number, billed=reason != _ERROR)])


def _done(artifacts: Sequence[_Artifact]) -> Done:
    """Pictures by their place; one that was filtered is billed, and no success."""
    pictures: list[InlinePicture] = []
    failures: list[Failure] = []
    for index, artifact in enumerate(artifacts, start=1):
        if artifact.data:
            pictures.append(InlinePicture(index, artifact.data))
        else:
            failures.append(_failure(artifact.reason, index))
    if not artifacts:
        failures.append(_failure("", None))
    seeds = [artifact.seed for artifact in artifacts]
    billed = sum(artifact.billed for artifact in artifacts)
    return Done(
        tuple(pictures),
        tuple(failures),
        # Where the row names no seed, nothing else could draw the picture again.
        facts={"seeds": seeds} if any(seed is not None for seed in seeds) else {},
        charged=billed if billed != len(pictures) else None,
    )


def _failure(reason: str, index: int | None) -> Failure:
    """Why a picture is none; a reason nobody knows is no verdict on the row."""
    code = "NoPicture" if reason in ("", _SUCCESS) else reason
    words = _WORDS.get(reason, "no picture that could be decoded, and no reason we know")
    found = classify(STABILITY, 200, code, "")
    return Failure(error_class=found, code=code, message=words, index=index)


def _refusal(answer: Answer, secrets: tuple[str, ...]) -> Refused | Unanswered:
    document, status = answer.document, answer.status
    name = text(document, "name")
    if status == 504 or (not name and (answer.good or status >= 500)):
        # Something between us and the provider speaks, or the provider does not make sense.
        return Unanswered(f"HTTP {status} without pictures and without the provider's words")
    words = _words(document)
    found = classify(STABILITY, status, name, words)
    failure = Failure(
        error_class=found,
        code=name or f"HTTP {status}",
        message=clean(words, secrets) or f"HTTP {status}",
    )
    wait_s = retry_after_s(answer.headers)
    if wait_s is None and found is ErrorClass.THROTTLED:
        wait_s = PAUSE_S
    return Refused(failure, wait_s)


def _words(document: dict[str, Any]) -> str:
    listed = document.get("errors")
    words = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    return "; ".join([*filter(None, [text(document, "message")]), *words])
