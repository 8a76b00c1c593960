"""Log lines as JSON, one event a line, for programs and people alike."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

HIDDEN = "[hidden]"
_SHORTEST_SECRET = 6
"""Shorter ones would be found in words that have nothing to do with them."""
_PASSWORD = re.compile(r"(://)[^/\s\"@\\]*@")
_CONTROLS = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_QUERY = re.compile(r"(https?://[^\s\"?\\]+)\?[^\s\"\\]+")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event, and what the caller added.

    Our own lines hold no secret. A library's line or traceback might, so that what is known to be
    secret is taken out of each, and so are passwords and queries (signatures) of addresses.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        spelled = {
            form
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
            for form in (secret, quote(secret, safe="", errors="replace"), _as_json(secret)[1:-1])
        }
        longest_first = sorted(spelled, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if spelled else None

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # What a terminal would act on; JSON leaves only these as they are.
        return _CONTROLS.sub(
            lambda found: f"\\u{ord(found[0]):04x}", _as_json(self._harmless(line))
        )

    def _harmless(self, value: object) -> object:
        """Before it is JSON: a secret of digits must not take half an escaped sign with it."""
        if isinstance(value, Mapping):
            return {key: self._harmless(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._harmless(part) for part in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        text = str(value)
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        if "://" in text:
            text = _QUERY.sub(rf"\1?{HIDDEN}", _PASSWORD.sub(rf"\1{HIDDEN}@", text))
        return text


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def keep_logbook(level: str, secrets: Iterable[str] = ()) -> None:
    """Write this process's log to stderr, without any of `secrets`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in (
        "httpx2",
        "httpcore2",
        "httpx",
        "httpcore",
        "botocore",
        "boto3",
        "urllib3",
        "kombu",
        "amqp",
        "s3transfer",
        "PIL",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for per_task in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(per_task).setLevel(logging.WARNING)
