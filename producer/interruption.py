"""Ctrl-C while a command waits: heard at once, acted on between two looks."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruption(hurry: Callable[[], None] = lambda: None) -> Iterator[Callable[[], None]]:
    """A check that raises KeyboardInterrupt once Ctrl-C was pressed, for as long as the block runs.

    Python raises it wherever it is just then: between a command to the server and its reply, which the
    next command would take for its own; or in an object's last moment (`__del__`, which a look has for
    each of its pipelines), where it is lost. So it is only noted here. Whoever cannot wait for the next
    look presses it again: then it is raised at once. What was not checked for is raised at the end.
    `hurry` is called when it is pressed, so that the next look is not far.
    Where SIGINT is ignored, or somebody else's, it stays so; only the main thread may change it.
    """
    pressed = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        hurry()

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or threading.current_thread() is not threading.main_thread():
        yield check
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    check()
