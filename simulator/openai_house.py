"""What a house that speaks OpenAI's images API says of its own: fields, refusals and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.checks import BadParameter
from simulator.refusal import Refusal
from simulator.tasks import Task


@dataclass(frozen=True, slots=True)
class Asked:
    """An order's checked fields with the defaults filled in."""

    prompt: str
    n: int = 1
    seed: int | None = None
    size: tuple[int, int] = (1024, 1024)
    style: str = ""
    format: str = "png"
    """File name extension of the pictures."""
    inline: bool = False
    """Whether the pictures come in the answer, rather than by address."""
    words: str = ""
    """What moderation reads beside the prompt."""
    parameters: dict[str, Any] = field(default_factory=dict)
    pictures: tuple[str, ...] = ()
    """Addresses of pictures that go in."""


class House(Protocol):
    """One vendor, or one kind of server."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What a good key begins with; none: it takes orders without a key."""

    @property
    def fails_singly(self) -> bool:
        """Whether a picture that moderation withholds leaves the others of its order alone."""

    def knows(self, model: str) -> bool:
        """Whether the model is still to be had here."""

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        """An error in the house's form."""

    def unknown(self, model: str) -> Refusal:
        """For a model it does not have."""

    def no_key(self) -> Refusal:
        """For a missing or wrong key."""

    def too_fast(self, rate: float) -> Refusal:
        """For more than `rate` orders a second."""

    def busy(self) -> Refusal:
        """For too many orders at once."""

    def unsafe(self, model: str, stage: str) -> Refusal:
        """For content; the stage is input or output."""

    def failed(self, code: str, message: str) -> Refusal:
        """For an order of which no picture could be made."""

    def read(self, model: str, body: dict[str, Any]) -> Asked:
        """Check an order.

        Raises:
            Refusal: The house would refuse it.
            BadParameter: Likewise, as a mistake of the client's.
        """

    def bad(self, message: str) -> Refusal:
        """For a mistake of the client's."""

    def answer(self, task: Task, asked: Asked, pictures: Sequence[dict[str, Any]]) -> Answer:
        """The whole answer; `pictures` has an url, a b64_json or an error of each."""


class Blocked(Refusal):
    """A refusal for content, with what OpenAI tells of it beside the message."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(status, code, message)
        self.details = details


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer."""

    document: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()


def drawn(pictures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that were made, where the house has no errors of single pictures."""
    return [picture for picture in pictures if "error" not in picture]


def duration(seconds: float) -> str:
    """A time as OpenAI's headers write it: 250ms, 1.5s, 2m0s."""
    if seconds < 1:
        return f"{int(seconds * 1000)}ms"
    if seconds < 60:
        return f"{seconds:g}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s"


def not_streamed(_name: str, value: Any) -> None:
    """A check: the answer is wanted in one piece."""
    if value is not False:
        raise BadParameter("stream: answers in pieces are not simulated.")
