"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
import redis

from ledger.errors import TRANSLATION, LedgerBroken, LedgerError, LedgerUnreachable, translated
from schemas.states import ENDED_STATES, LEGAL_MOVES, OPEN_STATES, JobState, mermaid
from tests.house.packages import PACKAGES, ROOT, name_of, python_files

MOST_LINES = 300
MOST_FUNCTION_LINES = 40
MOST_PARAMETERS = 6
ALLOWED_LONG_FILES: dict[str, str] = {}
"""File -> why it may be longer."""
ALLOWED_FUNCTIONS: dict[str, str] = {}
"""file:function -> why it may be longer, or take more."""
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager"}

FILES = list(python_files())
files = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_the_packages_are_there() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PACKAGES)


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    found = [
        name_of(path)
        for package in (*PACKAGES, "tests", "bench")
        for path in (ROOT / package).rglob("*")
        if SAYS_NOTHING & set(re.split(r"[_.-]", path.name.lower()))
    ]
    assert found == []


@files
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES or name_of(path) in ALLOWED_LONG_FILES, lines


@files
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, lines, count = f"{name_of(path)}:{node.name}", _lines(node), _parameters(node)
            fits = lines <= MOST_FUNCTION_LINES and count <= MOST_PARAMETERS
            if not fits and name not in ALLOWED_FUNCTIONS:
                found.append(f"{node.name}: {lines} lines, {count} parameters")
    assert found == []


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    assert node.end_lineno is not None
    lines = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([argument for argument in every if argument.arg not in ("self", "cls")])


def test_redis_keys_are_named_in_one_file() -> None:
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and str(node.value).startswith("mill:"):
                found.append(name_of(path))
    assert set(found) <= {"ledger/keys.py"}


def test_every_job_state_is_reached_and_every_move_leads_somewhere() -> None:
    assert set(LEGAL_MOVES) == set(JobState)
    reached, todo = {JobState.PENDING}, [JobState.PENDING]
    while todo:
        for after in LEGAL_MOVES[todo.pop()] - reached:
            reached.add(after)
            todo.append(after)
    assert reached == set(JobState)
    assert all(not LEGAL_MOVES[state] for state in ENDED_STATES)
    assert all(LEGAL_MOVES[state] & set(ENDED_STATES) for state in OPEN_STATES)


def test_the_diagram_in_the_docs_is_the_table() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert re.findall(r"```mermaid\n(stateDiagram.*?)\n```", page, re.DOTALL) == [mermaid()]


ERROR_MODULES = [path for path in FILES if path.name == "errors.py"]
_BRANCH = re.compile(r"(?P<indent>[ │]*)[├└]──\s*(?P<name>\w+)")


@pytest.mark.parametrize("path", ERROR_MODULES, ids=name_of)
def test_the_tree_of_errors_in_the_docstring_is_the_classes(path: Path) -> None:
    module = importlib.import_module(name_of(path).removesuffix(".py").replace("/", "."))
    assert module.__doc__ is not None
    printed = _printed_tree(module.__doc__)
    if not printed:
        return
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == module.__name__
    ]
    (root,) = [c.__name__ for c in classes if c.__bases__ == (Exception,)]
    own = {c.__name__ for c in classes}
    actual = {
        c.__name__: next((b.__name__ for b in c.__bases__ if b.__name__ in own), None)
        for c in classes
    }
    assert actual == {root: None, **printed}
    assert all(c.__doc__ for c in classes), "an error's docstring is the operator's sentence"


def _printed_tree(text: str) -> dict[str, str]:
    """Class -> parent, read from the lines of a tree."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        branch = _BRANCH.match(line)
        if branch is None:
            above = [(-1, line.strip())]
            continue
        depth = len(branch["indent"])
        while above[-1][0] >= depth:
            above.pop()
        parents[branch["name"]] = above[-1][1]
        above.append((depth, branch["name"]))
    return parents


SHOULD_NOT_HAPPEN = {
    "AskError": "we do not speak to a cluster",
    "ClusterCrossSlotError": "likewise",
    "ClusterError": "likewise",
    "MovedError": "likewise",
    "DataError": "an argument of a wrong type is our bug",
    "ExecAbortError": "we use no transactions",
    "WatchError": "likewise",
    "InvalidResponse": "the server speaks another protocol",
    "LockError": "we use no locks",
    "LockNotOwnedError": "likewise",
    "ModuleError": "we use no modules",
    "NoSuchFieldsetError": "likewise",
    "NoScriptError": "loaded again by scripts.py; twice missing is a fault of the server",
    "PubSubError": "we use no channels",
    "RedisError": "whatever else there may be",
    "ResponseError": "a script failed",
}
"""redis-py's errors that mean a bug, ours or the server's, and why."""


def _theirs() -> list[type[redis.RedisError]]:
    found: list[type[redis.RedisError]] = [redis.RedisError]
    for kind in found:
        found += [sub for sub in kind.__subclasses__() if sub not in found]
    return [kind for kind in found if kind.__module__ == "redis.exceptions"]


@pytest.mark.parametrize("theirs", _theirs(), ids=lambda kind: kind.__name__)
def test_every_error_of_redis_py_is_told_apart(theirs: type[redis.RedisError]) -> None:
    error = theirs.__new__(theirs)
    with pytest.raises(LedgerError) as caught, translated():
        raise error
    assert (type(caught.value) is LedgerBroken) == (theirs.__name__ in SHOULD_NOT_HAPPEN)
    if issubclass(theirs, redis.TimeoutError):
        assert type(caught.value) is LedgerUnreachable


def test_the_most_specific_errors_come_first() -> None:
    kinds = [theirs for theirs, _ in TRANSLATION]
    for index, kind in enumerate(kinds):
        shadowing = [earlier for earlier in kinds[:index] if issubclass(kind, earlier)]
        assert not shadowing, f"{kind.__name__} is never reached"
