"""The log: one JSON object a line, whatever is logged."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest

from worker.logbook import JsonLines, keep_logbook


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield root
    root.handlers = handlers
    root.setLevel(level)


def test_events_are_json_with_what_the_caller_added(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_logbook("INFO")
    logging.getLogger("worker.tasks").info("step.ended", extra={"job": "猫-1", "elapsed_s": 0.5})
    line = json.loads(capsys.readouterr().err)
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {"level": "info", "event": "step.ended", "job": "猫-1", "elapsed_s": 0.5}


def test_a_line_stays_a_line(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    keep_logbook("INFO")
    log = logging.getLogger("worker")
    try:
        int("two\nlines")
    except ValueError:
        log.exception("step.broke", extra={"why": "a\r\nb", "odd": object(), "set": {1}})
    log.info("%s %d", "words", 3)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    first, second = map(json.loads, lines)
    assert "ValueError: invalid literal" in first["traceback"]
    assert "\n" in first["traceback"]
    assert (first["why"], first["set"]) == ("a\r\nb", "{1}")
    assert second["event"] == "words 3"


def test_the_level_holds_and_libraries_are_quiet(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_logbook("INFO")
    logging.getLogger("worker").debug("step.stale")
    for chatty in ("httpx2", "botocore", "urllib3", "PIL", "kombu", "celery.app.trace"):
        logging.getLogger(chatty).info("GET https://host/?Signature=secret")
    assert capsys.readouterr().err == ""


def test_keeping_it_twice_logs_once(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_logbook("INFO")
    keep_logbook("INFO")
    logging.getLogger("worker").info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_records_without_extras_have_time_level_and_event() -> None:
    record = logging.makeLogRecord({"msg": "hello", "levelname": "WARNING"})
    assert set(json.loads(JsonLines().format(record))) == {"time", "level", "event"}
