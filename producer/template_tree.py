"""A template's tree: what of Jinja's language it may use, and where the guards go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from producer.sandbox import GUARD_ITEMS, GUARD_JOINED, GUARD_PLAIN
from schemas.parameter import nearest

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.AssignBlock: "{% endset %}",
    nodes.Block: "{% block %}",
    nodes.CallBlock: "{% call %}",
    nodes.Extends: "{% extends %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.FromImport: "{% from %}",
    nodes.Import: "{% import %}",
    nodes.Include: "{% include %}",
    nodes.Macro: "{% macro %}",
    nodes.Pow: "**",
    nodes.ScopedEvalContextModifier: "{% autoescape %}",
}
"""What a prompt does not need: other files, other ways to print, and ways to go on for ever."""


class Misuse(Exception):
    """Something a template may not have; the line, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def check_language(tree: nodes.Template, filters: Collection[str], tests: Collection[str]) -> None:
    """Raises Misuse for what templates have no use for, and for filters and tests there are not."""
    for kind, written in _REFUSED.items():
        for node in tree.find_all(kind):
            raise Misuse(
                node.lineno, f"a template has no {written}; it has {{{{ }}}}, if, for and set"
            )
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            raise Misuse(loop.lineno, "a loop may not be recursive")
    for node in tree.find_all(nodes.Filter):
        _check_known(node.lineno, "filter", node.name, filters)
    for node in tree.find_all(nodes.Test):
        _check_known(node.lineno, "test", node.name, tests)


def names_looked_up(tree: nodes.Template) -> dict[str, int]:
    """Every name the template takes from a row, and the line where it does so first."""
    names = find_undeclared_variables(tree)
    lines: dict[str, int] = {}
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name in names:
            lines[node.name] = min(node.lineno, lines.get(node.name, node.lineno))
    return lines


def names_that_may_lack(tree: nodes.Template) -> set[str]:
    """The names of which the template itself asks whether they are there."""
    found = set()
    for node in _asking(tree):
        if isinstance(node, nodes.Name):
            found.add(node.name)
    return found


def guarded(node: Any) -> Any:
    """The tree with a guard around whatever could grow or go on without end."""
    if not isinstance(node, nodes.Node):
        return node
    for field, value in list(node.iter_fields()):
        if isinstance(value, list):
            setattr(node, field, [guarded(each) for each in value])
        else:
            setattr(node, field, guarded(value))
    match node:
        case nodes.For():
            node.iter = _through(GUARD_ITEMS, node.iter)
        case nodes.Concat():
            return _through(GUARD_JOINED, nodes.List(node.nodes, **_place(node)))
        case nodes.List() | nodes.Dict():
            return _through(GUARD_PLAIN, node)
        case nodes.Tuple() if node.ctx == "load":
            return _through(GUARD_PLAIN, node)
    return node


def _asking(tree: nodes.Template) -> Iterator[nodes.Expr | None]:
    for test in tree.find_all(nodes.Test):
        if test.name in ("defined", "undefined"):
            yield test.node
    for filter_ in tree.find_all(nodes.Filter):
        if filter_.name in ("default", "d"):
            yield filter_.node


def _check_known(line: int, what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise Misuse(line, f"there is no {what} {name}{nearest(name, list(known))}")


def _through(guard: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, guard, [], [], None, None, **_place(node))


def _place(node: nodes.Node) -> dict[str, Any]:
    return {"lineno": node.lineno, "environment": node.environment}
