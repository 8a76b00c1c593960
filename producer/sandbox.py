"""The sandbox templates run in: Jinja's own, made smaller, with guards against what never ends.

A template is somebody's file, and a prompt is a line of text. So nothing here reaches Python, no
value grows beyond `MOST_CHARACTERS`, and no loops go round more than `MOST_ROUNDS` times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, Undefined, pass_context
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from producer.problem import is_blank, shown
from schemas.parameter import nearest

MOST_CHARACTERS = 20_000
"""Of a rendered text, and of any value on the way to it; no model reads so many."""
MOST_ROUNDS = 1_000
"""Of all loops of one rendering together."""
GUARD_ITEMS = "(items)"
GUARD_JOINED = "(joined)"
GUARD_PLAIN = "(plain)"
"""Filters no template can name; template_tree.py puts them where they are needed."""
_MOST_NUMBER = 10**15
_MOST_DECIMALS = 6
_KEPT_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "first", "float", "int", "items", "join",
    "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace",
    "reverse", "round", "select", "selectattr", "sort", "striptags", "sum", "title", "trim",
    "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
"""Jinja's others make HTML, lay out pages, or roll dice: a prompt must come out the same again."""
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        {
            "capitalize", "casefold", "count", "endswith", "find", "isalpha", "isdigit", "isnumeric",
            "lower", "lstrip", "removeprefix", "removesuffix", "rsplit", "rstrip", "split",
            "splitlines", "startswith", "strip", "swapcase", "title", "upper",
        }
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
}  # fmt: skip


class UnknownName(UndefinedError):
    """A template looks up a name that is nothing's; the message is that name."""


class _Missing(StrictUndefined):
    """What is not there: to use it is an error that says what there is instead."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, UnknownName if hint is None and obj is missing else exc)

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint is not None:
            return self._undefined_hint
        name, there = str(self._undefined_name), self._undefined_obj
        if there is missing:
            return name
        if isinstance(there, Mapping):
            names = [str(key) for key in there]
            listed = ", ".join(map(shown, names)) or "nothing"
            return f"there is no {shown(name)} in it (it has: {listed}){nearest(name, names)}"
        return f"{kind_of(there)} has no {shown(name)}"


class Sandbox(SandboxedEnvironment):
    """Where one template is read and rendered; `begin` comes before each rendering."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def __init__(self) -> None:
        # A constant would be worked out while the template is read, before any guard is set.
        super().__init__(undefined=_Missing, optimized=False, trim_blocks=True, lstrip_blocks=True)
        kept: dict[str, Callable[..., Any]] = {name: FILTERS[name] for name in _KEPT_FILTERS}
        own = {
            "d": _default,
            "default": _default,
            "float": _float,
            "int": _int,
            "join": _join,
            "replace": _replace,
            "round": _round,
        }
        guards = {GUARD_ITEMS: self._items, GUARD_JOINED: _joined, GUARD_PLAIN: _plain}
        self.filters = {**kept, **own, **guards}
        self.globals = {"range": _range}
        self.finalize = _printed
        self._rounds_left = MOST_ROUNDS

    def begin(self) -> None:
        """Another rendering has all rounds before it."""
        self._rounds_left = MOST_ROUNDS

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether templates may use it: a few methods of texts, tables and lists, and `loop`'s."""
        allowed = isinstance(obj, LoopContext) or attr in _METHODS.get(type(obj), ())
        return allowed and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """A text's format method gets no wrapper, so that it is refused like others."""

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """What stands for a method that templates may not use."""
        said = f"a template may not use .{shown(attribute)} of {kind_of(obj)}"
        return self.undefined(said, name=attribute, obj=obj, exc=SecurityError)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Work out an expression, unless it would grow too large. Raises TemplateRuntimeError."""
        if operator == "%" and isinstance(left, str):
            raise TemplateRuntimeError("a text takes no %; print its parts one after the other")
        if operator != "%":
            _check_growth(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def _items(self, value: Any) -> list[Any]:
        """What a loop goes through. Raises TemplateRuntimeError."""
        if isinstance(value, str):
            raise TemplateRuntimeError(
                "a loop goes through a list, and this is a text; write for example"
                " colours.split('|')"
            )
        items = list(value)
        self._rounds_left -= len(items)
        if self._rounds_left < 0:
            raise TemplateRuntimeError(f"its loops go round more than {MOST_ROUNDS:,} times")
        return items


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    match value:
        case str():
            return "a text"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case Mapping():
            return "a table"
        case list() | tuple() | range():
            return "a list"
        case _:
            return "something that is no text"


def _text(value: Any) -> str:
    """A plain value as text. Raises UndefinedError, TemplateRuntimeError."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Undefined():
            return str(value)
        case list() | tuple():
            raise TemplateRuntimeError("this is a list; write {{ ...|join(', ') }}")
        case _:
            raise TemplateRuntimeError(f"this is {kind_of(value)}, which is no text")


@pass_context
def _printed(_context: Context, value: Any) -> str:
    # It takes the context so that Jinja does not print constants while it reads the template.
    return _text(value)


def _check_growth(operator: str, left: Any, right: Any) -> None:
    if operator == "+":
        both = isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple)
        _check_length(len(left) + len(right) if both else 0)
        return
    for some, times in ((left, right), (right, left)):
        if isinstance(some, str | list | tuple) and isinstance(times, int):
            _check_length(len(some) * times)
        if isinstance(some, int | float) and abs(some) > _MOST_NUMBER:
            raise TemplateRuntimeError("a number is too large to be multiplied")


def _check_length(length: int) -> None:
    if length > MOST_CHARACTERS:
        raise TemplateRuntimeError(f"a value grows beyond {MOST_CHARACTERS:,} characters")


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MOST_ROUNDS:
        raise TemplateRuntimeError(f"range has more than {MOST_ROUNDS:,} numbers")
    return found


def _plain(value: Any) -> Any:
    """A list or table written in the template; it holds no further ones, which could double."""
    for item in value.values() if isinstance(value, dict) else value:
        _text(item)
    return value


def _joined(parts: list[Any]) -> str:
    texts = [_text(part) for part in parts]
    _check_length(sum(map(len, texts)))
    return "".join(texts)


def _join(value: Any, mark: Any = "") -> str:
    if isinstance(value, str):
        raise TemplateRuntimeError("join takes a list, and this is a text")
    texts, between = [_text(item) for item in value], _text(mark)
    _check_length(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, before, after = _text(value), _text(old), _text(new)
    _check_length(len(text) + text.count(before) * len(after))
    return text.replace(before, after)


def _default(value: Any, instead: Any = "", also_false: bool = False) -> Any:
    # An empty cell says nothing, here as everywhere in a manifest.
    if isinstance(value, Undefined) or is_blank(value) or (also_false and not value):
        return instead
    return value


def _int(value: Any, instead: Any = None) -> Any:
    return _number(value, instead, int, "whole number")


def _float(value: Any, instead: Any = None) -> Any:
    return _number(value, instead, float, "number")


def _number(value: Any, instead: Any, kind: Callable[[str], Any], word: str) -> Any:
    text = _text(value).strip()
    try:
        return kind(text)
    except ValueError:
        if instead is not None:
            return instead
        raise TemplateRuntimeError(f'"{shown(text)}" is no {word}') from None


def _round(value: Any, decimals: int = 0) -> float | int:
    number = (
        value if isinstance(value, int | float) else float(_number(value, None, float, "number"))
    )
    if not 0 <= decimals <= _MOST_DECIMALS:
        raise TemplateRuntimeError(f"round takes 0 to {_MOST_DECIMALS} decimals")
    return round(number, decimals) if decimals else round(number)
