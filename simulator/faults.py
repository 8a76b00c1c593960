"""Scripted faults: what is to go wrong, with which requests, how often. Plain data and counting."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ENDPOINTS = ("create", "get", "list", "cancel", "upload", "token", "download")

BEFORE = ("error", "slow", "drop", "garbage")
"""Kinds that strike before the request is acted on, at any endpoint."""

_AFTER: dict[str, tuple[str, ...]] = {
    "create": ("drop-after", "fail", "partial"),
    "get": ("unknown",),
    "list": (),
    "cancel": ("drop-after",),
    "upload": ("drop-after",),
    "token": (),
    "download": ("truncate", "wrong-type", "corrupt", "expired"),
}
"""Kinds that strike once a request has been let in."""

_DETAILS: dict[str, dict[str, tuple[type, ...]]] = {
    "error": {"status": (int,), "code": (str,), "message": (str,), "headers": (dict,)},
    "slow": {"seconds": (int, float)},
    "fail": {"code": (str,), "message": (str,)},
    "partial": {"images": (int,), "code": (str,), "message": (str,)},
    "wrong-type": {"content": (str,)},
}
_OPTIONS: dict[str, tuple[type, ...]] = {
    "on": (str,),
    "match": (str,),
    "times": (int,),
    "after": (int,),
    "probability": (int, float),
    "do": (dict,),
}


class BadFault(ValueError):
    """A fault that makes no sense; the message says what is wrong with it."""


@dataclass(slots=True)
class Fault:
    """One thing to go wrong."""

    on: str
    kind: str
    details: dict[str, Any]
    match: str = ""
    """Part of the prompt, or the model's name; empty matches every request."""
    times: int = 1
    """How often it still strikes; -1 for ever."""
    after: int = 0
    """How many matching requests it still lets pass first."""
    probability: float = 1.0
    fired: int = 0

    def shown(self) -> dict[str, Any]:
        """The fault as a JSON document, with how often it struck."""
        return {
            "on": self.on,
            "match": self.match,
            "times": self.times,
            "after": self.after,
            "probability": self.probability,
            "do": {"kind": self.kind, **self.details},
            "fired": self.fired,
        }


class FaultBook:
    """The faults in force, in the order they were scripted."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._faults: list[Fault] = []

    def add(self, faults: Sequence[Fault]) -> None:
        """Put further faults in force."""
        self._faults.extend(faults)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    def shown(self) -> list[dict[str, Any]]:
        """All faults as JSON documents."""
        return [fault.shown() for fault in self._faults]

    def before(self, on: str, prompt: str = "", model: str = "") -> Fault | None:
        """The fault that strikes this request before it is acted on."""
        return self._strike(on, BEFORE, (prompt, model)) if self._faults else None

    def after(self, on: str, prompt: str = "", model: str = "") -> Fault | None:
        """The fault that strikes this request once it has been let in."""
        return self._strike(on, _AFTER[on], (prompt, model)) if self._faults else None

    def _strike(self, on: str, kinds: Sequence[str], subject: tuple[str, str]) -> Fault | None:
        prompt, model = subject
        for fault in self._faults:
            if fault.on != on or fault.kind not in kinds or fault.times == 0:
                continue
            if fault.match and fault.match not in prompt and fault.match != model:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.probability < 1.0 and self._dice.random() >= fault.probability:
                continue
            fault.times -= 1 if fault.times > 0 else 0
            fault.fired += 1
            return fault
        return None


def read_faults(document: object) -> list[Fault]:
    """Read the JSON list a client scripted.

    Raises:
        BadFault: An entry is malformed; none of them is taken then.
    """
    if not isinstance(document, list):
        raise BadFault("send a JSON list of faults")
    return [_read_fault(entry) for entry in document]


def _read_fault(entry: object) -> Fault:
    if not isinstance(entry, dict):
        raise BadFault("each fault is a JSON object")
    options = dict(entry)
    _check_types("fault", options, _OPTIONS)
    on = options.pop("on", None)
    if on not in ENDPOINTS:
        raise BadFault(f"on must be one of {', '.join(ENDPOINTS)}")
    details = dict(options.pop("do", {}))
    kind = details.pop("kind", None)
    if kind not in BEFORE + _AFTER[on]:
        raise BadFault(f"on {on}, do.kind must be one of {', '.join(BEFORE + _AFTER[on])}")
    _check_types(kind, details, _DETAILS.get(kind, {}))
    if kind == "error" and not 200 <= details.get("status", 0) <= 599:
        raise BadFault("do.status must be an HTTP status from 200 to 599")
    return Fault(on, kind, details, **options)


def _check_types(what: str, given: dict[str, Any], known: dict[str, tuple[type, ...]]) -> None:
    for name, value in given.items():
        if name not in known:
            raise BadFault(f"a {what} has no {name!r}; it has {', '.join(known) or 'no options'}")
        if isinstance(value, bool) or not isinstance(value, known[name]):
            raise BadFault(f"{name} has the wrong type")
