"""Checks of single fields, in the words vendors refuse them with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[str, Any], None]
"""Raises BadParameter for a field's name and value."""

MISSING = "Required parameter(s) missing or invalid, please check the request parameters."


class BadParameter(ValueError):
    """A parameter the vendor answers with 400 InvalidParameter; the message is the vendor's."""


def whole(low: int, high: int, step: int = 1) -> Check:
    """An integer in a range, a multiple of `step`."""

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadParameter(f"{name} must be an integer in [{low}, {high}].")
        if value % step:
            raise BadParameter(f"{name} must be a multiple of {step}.")

    return check


def number(low: float, high: float) -> Check:
    """A number in a range."""

    def check(name: str, value: Any) -> None:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise BadParameter(f"{name} must be a number in [{low:g}, {high:g}].")

    return check


def one_of(*choices: str | int) -> Check:
    """One of a few values, of the very same type."""

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or value not in choices:
            raise BadParameter(f"The {name} is invalid.")

    return check


def matching(pattern: str) -> Check:
    """A text of a certain form."""
    form = re.compile(pattern)

    def check(name: str, value: Any) -> None:
        if not isinstance(value, str) or form.fullmatch(value) is None:
            raise BadParameter(f"The {name} is invalid.")

    return check


def text(longest: int | None = None) -> Check:
    """A text of at most so many characters."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, str):
            raise BadParameter(f"{name} must be a string.")
        if longest is not None and len(value) > longest:
            raise BadParameter(f"The length of {name} must not exceed {longest}.")

    return check


def flag(name: str, value: Any) -> None:
    """A boolean."""
    if not isinstance(value, bool):
        raise BadParameter(f"{name} must be a boolean.")


def only_one(_name: str, value: Any) -> None:
    """The number 1: the model draws a single picture."""
    if value != 1:
        raise BadParameter("num_images_per_prompt must be 1.")


def refused(name: str, _value: Any) -> None:
    """Nothing: the model's schema has no such field."""
    raise BadParameter(f"{name} is not supported by this model.")


def many(check: Check, least: int, most: int) -> Check:
    """A list of so many entries, each checked by itself."""

    def check_all(name: str, value: Any) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise BadParameter(f"{name} must be a list of {least} to {most} entries.")
        for entry in value:
            check(name, entry)

    return check_all


def fields(known: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """An object; fields nobody knows are ignored."""

    def check(name: str, value: Any) -> None:
        if not isinstance(value, dict) or any(value.get(field) is None for field in required):
            raise BadParameter(MISSING)
        for field, own in known.items():
            if value.get(field) is not None:
                own(f"{name}.{field}", value[field])

    return check


colours = many(many(whole(0, 255), 3, 3), 0, 64)
"""A list of [red, green, blue]."""
