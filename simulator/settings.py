"""How a simulator behaves, and how it is changed while it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

LIMITERS = ("token-bucket", "sliding-window", "fixed-window")
IMAGE_KINDS = ("full", "small")
_NOT_NEGATIVE = (
    *("generation_s", "generation_sigma", "url_ttl_s", "retention_s", "image_bytes"),
    *("token_ttl_s", "token_era", "credits", "penalty_s"),
)


class BadSetting(ValueError):
    """A setting has an unknown name, a wrong type or a value out of range."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One simulator's behaviour; rates and limits are counted per account."""

    rate: float = 2.0
    """Accepted creates per second and model."""
    running: int = 1
    """Tasks running at once per model; further ones stay PENDING."""
    limiter: str = "token-bucket"
    """How `rate` and `query_rate` are counted: one of LIMITERS."""
    query_rate: float = 20.0
    """Task queries (get, list and cancel together) per second."""
    generation_s: float = 4.0
    """Median seconds a task runs."""
    generation_sigma: float = 0.4
    """Spread of the log-normal generation time; 0 makes every task take the median."""
    url_ttl_s: float = 86400.0
    """Seconds from a task's end until its result URLs expire."""
    retention_s: float = 86400.0
    """Seconds from a task's end until it is forgotten and asked for in vain."""
    images: str = "full"
    """One of IMAGE_KINDS: pictures in the size ordered, or small ones that cost nothing to make."""
    image_bytes: int = 2000
    """Approximate size of a small picture."""
    connections: int = 100
    """Synchronous calls held at once per model; one more is refused."""
    retired: str = ""
    """Names of models, separated by commas, that are gone: every order of them is refused."""
    token_ttl_s: float = 2592000.0
    """Seconds an access token of Baidu's works after it was handed out."""
    token_era: int = 1
    """Access tokens of another era are void: another number revokes all that are out."""
    credits: float = 1000000.0
    """Credits each account of Stability's has to begin with."""
    burst: int = 150
    """Requests of one account Stability lets in in any ten seconds."""
    penalty_s: float = 60.0
    """Seconds for which Stability refuses everything of an account that sent one more."""
    echo_prompt: bool = False
    """Whether each result repeats the prompt as orig_prompt, as the wan models do after wanx-v1."""

    def __post_init__(self) -> None:
        if self.limiter not in LIMITERS:
            raise BadSetting(f"limiter must be one of {', '.join(LIMITERS)}")
        if self.images not in IMAGE_KINDS:
            raise BadSetting(f"images must be one of {', '.join(IMAGE_KINDS)}")
        for name in ("rate", "query_rate", "running", "connections", "burst"):
            if getattr(self, name) <= 0:
                raise BadSetting(f"{name} must be greater than 0")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise BadSetting(f"{name} must not be negative")

    def changed(self, changes: Mapping[str, object]) -> Settings:
        """These settings with `changes` made.

        Raises:
            BadSetting: A name is unknown, or a value has the wrong type or is out of range.
        """
        defaults = {field.name: field.default for field in fields(self)}
        checked: dict[str, object] = {}
        for name, value in changes.items():
            if name not in defaults:
                raise BadSetting(f"no setting is called {name!r}; there are {', '.join(defaults)}")
            checked[name] = _converted(name, value, type(defaults[name]))
        return replace(self, **checked)  # type: ignore[arg-type]  # _converted gave each its type


def _converted(name: str, value: object, wanted: type) -> object:
    if wanted is bool and isinstance(value, bool):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadSetting(f"{name} must be of type {wanted.__name__}")
    if wanted is float and isinstance(value, int | float):
        if not math.isfinite(value):
            raise BadSetting(f"{name} must be a finite number")
        return float(value)
    if not isinstance(value, wanted):
        raise BadSetting(f"{name} must be of type {wanted.__name__}")
    return value
