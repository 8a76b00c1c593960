"""Every row of every vendor's errors, as a client reads it from what the simulator really sends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from schemas.account import SIMULATOR_ACCOUNT
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.settings import Settings
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from tests.worker.test_classification import ROWS as DASHSCOPE_ROWS
from tests.worker.test_classification_vendors import (
    OPENAI_ROWS,
    QIANFAN_ROWS,
    QIANFAN_V2_ROWS,
    STABILITY_ROWS,
)
from worker.providers.port import Provider, Refused, SubmitAnswer, Unanswered
from worker.providers.registry import open_provider

Row = tuple[str, str, int, str, str, ErrorClass]


def _rows() -> Iterator[Row]:
    """Provider, model, status, code, message, class."""
    for status, code, message, meaning in DASHSCOPE_ROWS:
        yield "dashscope", "wanx-v1", status, code, message, meaning
    for code, message, meaning in QIANFAN_ROWS:
        yield "qianfan", "sd_xl", 200, code, message, meaning
    for status, code, meaning in QIANFAN_V2_ROWS:
        yield "qianfan-v2", "irag-1.0", status, code, "words", meaning
    for status, name, message, meaning in STABILITY_ROWS:
        for model in ("stable-diffusion-v1-6", "stable-image-core"):
            yield "stability", model, status, name, message, meaning
    for status, code, _, message, meaning in OPENAI_ROWS:
        yield "openai", "gpt-image-2", status, code, message, meaning


def _answers_an_order(row: Row) -> bool:
    """What a good answer says of single pictures, and what has no code, refuses no order; with 110
    and 111 a fresh token is fetched first, and never_heard_of is told by its type."""
    provider, _, status, code, *_ = row
    told = bool(code) and code not in ("110", "111", "never_heard_of")
    return told and (status >= 400 or provider == "qianfan")


ROWS = list(filter(_answers_an_order, _rows()))


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    options = ("--rate", "1000", "--seed", "5", "--generation-s", "0.02", "--images", "small")
    started = RunningSimulator(*options)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def clients(simulator: RunningSimulator) -> Iterator[dict[str, Provider]]:
    settings = Settings(simulator_url=simulator.url)
    opened = {
        provider: open_provider(
            provider, settings.account(SIMULATOR_ACCOUNT, provider), 2, ProcessToken()
        )
        for provider in {row[0] for row in ROWS}
    }
    yield opened
    for client in opened.values():
        client.close()


@cache
def order(provider: str, model: str) -> Job:
    lane = f"{provider}:{model}@simulator"
    return Job(id="SKU-1", line=2, lane=lane, prompt="a lighthouse", name="SKU-1")


def submit(clients: dict[str, Provider], provider: str, model: str) -> SubmitAnswer:
    known = catalogue().find(model, provider)
    return clients[provider].submit(order(provider, model), known)


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row[0]}:{row[1]} {row[2]} {row[3]} {row[4]}".strip()
)
def test_row(simulator: RunningSimulator, clients: dict[str, Provider], row: Row) -> None:
    provider, model, status, code, message, meaning = row
    error = {"kind": "error", "status": status, "code": code, "message": message or "words"}
    simulator.script({"on": "create", "do": error})
    answer = submit(clients, provider, model)
    if code in ("RequestTimeOut", "InternalError.Timeout"):
        # Not awaited is not the same as not done.
        assert isinstance(answer, Unanswered)
        return
    assert isinstance(answer, Refused)
    assert (answer.failure.error_class, answer.failure.code) == (meaning, code)


@pytest.mark.parametrize(
    ("provider", "model"), sorted({(row[0], row[1]) for row in ROWS}), ids=lambda part: part
)
def test_an_answer_lost_on_its_way_is_never_taken_for_a_refusal(
    simulator: RunningSimulator, clients: dict[str, Provider], provider: str, model: str
) -> None:
    for kind in ("drop-after", "drop", "garbage"):
        simulator.script({"on": "create", "do": {"kind": kind}})
        assert isinstance(submit(clients, provider, model), Unanswered), kind
