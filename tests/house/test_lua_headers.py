"""Every Lua script has a header that is true, and one caller that keeps to it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.packages import ROOT, name_of, python_files

SCRIPTS = sorted((ROOT / "ledger").rglob("*.lua"))
_HEADER = re.compile(
    r"--\[\[\n"
    r"  (?P<purpose>[A-Z][^\n]*\.)\n\n"
    r"(?P<slots>(?:  (?:KEYS|ARGV)\[\d+\] \w+ +\S[^\n]*\n)+)\n"
    r"  (?P<returns>Returns [^\]]*\.)\n"
    r"\]\]\n"
    r"(?P<body>.*)",
    re.DOTALL,
)
_SLOT = re.compile(r"  (?P<table>KEYS|ARGV)\[(?P<index>\d+)\] (?P<name>\w+) +(?P<text>.+)")
_LOCAL = re.compile(r"local (?P<names>[\w, ]+) = (?P<values>.+)")
_VARIADIC = re.compile(r"all further arguments$|, \w+ \.\.\.")
_FORBIDDEN = {
    r"\bos\.|\bio\.": "the server's TIME is the only clock",
    r"""call\(\s*['"](?:KEYS|SCAN|[HSZ]SCAN)['"]""": "scripts touch the keys they are given",
    r"\bload(?:string)?\s*\(|\bdofile\b|\brequire\b": "no script builds another",
    r"\bEVAL(?:SHA)?\b": "no script runs another",
    r"""['"]mill:""": "keys are named in ledger/keys.py",
}


@dataclass(frozen=True)
class Slot:
    table: str
    index: int
    name: str
    variadic: bool


@dataclass(frozen=True)
class Script:
    name: str
    slots: list[Slot]
    body: str

    def count(self, table: str) -> int:
        return sum(slot.table == table for slot in self.slots)

    @property
    def variadic(self) -> bool:
        return any(slot.variadic for slot in self.slots)


def _read(path: Path) -> Script:
    match = _HEADER.fullmatch(path.read_text(encoding="utf-8"))
    assert match, f"{name_of(path)}: purpose sentence, KEYS rows, ARGV rows, Returns"
    slots = []
    for line in match["slots"].splitlines():
        row = _SLOT.fullmatch(line)
        assert row, line
        slots.append(
            Slot(row["table"], int(row["index"]), row["name"], bool(_VARIADIC.search(row["text"])))
        )
    return Script(path.stem, slots, match["body"])


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def script(path: Path) -> Script:
    return _read(path)


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) >= 15


def test_a_script_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 75


def test_slots_are_numbered_in_order_and_only_the_last_takes_many(script: Script) -> None:
    tables = [slot.table for slot in script.slots]
    assert tables == sorted(tables, reverse=True), "KEYS before ARGV"
    for table in ("KEYS", "ARGV"):
        indexes = [slot.index for slot in script.slots if slot.table == table]
        assert indexes == list(range(1, len(indexes) + 1))
    assert script.count("KEYS") >= 1
    names = [slot.name for slot in script.slots]
    assert len(set(names)) == len(names)
    assert not any(slot.variadic for slot in script.slots[:-1])
    assert not (script.variadic and script.slots[-1].table == "KEYS")


def test_the_body_begins_by_naming_every_slot_as_the_header_does(script: Script) -> None:
    named: list[tuple[str, str]] = []
    for line in script.body.splitlines():
        match = _LOCAL.fullmatch(line)
        if match is None:
            break
        names, values = match["names"].split(", "), match["values"].split(", ")
        assert len(names) == len(values), line
        named += zip(names, values, strict=True)
    for slot, (name, value) in zip(script.slots, named, strict=False):
        plain = f"{slot.table}[{slot.index}]"
        allowed = (str(slot.index),) if slot.variadic else (plain, f"tonumber({plain})")
        assert (name, value in allowed) == (slot.name, True), f"{name} = {value}"
    assert len(named) >= len(script.slots), "slots without a name"


def test_no_slot_is_used_that_the_header_does_not_have(script: Script) -> None:
    for table in ("KEYS", "ARGV"):
        indexes = re.findall(rf"\b{table}\[([^\]]+)\]", script.body)
        fixed = [int(index) for index in indexes if index.isdigit()]
        computed = [index for index in indexes if not index.isdigit()]
        known = script.count(table)
        assert max(fixed, default=0) <= known
        if table == "KEYS" or not script.variadic:
            assert not computed
            assert f"#{table}" not in script.body


@pytest.mark.parametrize("pattern", _FORBIDDEN, ids=_FORBIDDEN.values())
def test_a_script_keeps_to_its_keys_and_the_servers_clock(script: Script, pattern: str) -> None:
    assert not re.search(pattern, script.body), _FORBIDDEN[pattern]


def test_no_script_is_told_the_time(script: Script) -> None:
    assert not {slot.name for slot in script.slots} & {"now", "now_ms", "now_us", "time", "today"}


@dataclass(frozen=True)
class CallSite:
    """One `Call(script, keys, args)`; `args` is None where it could not be counted."""

    script: str
    place: str
    keys: int
    args: int | None
    takes_more: bool


def _call_sites() -> list[CallSite]:
    sites = []
    for path in python_files("ledger"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                sites += _calls_in(function, name_of(path))
    return sites


def _calls_in(function: ast.FunctionDef, place: str) -> list[CallSite]:
    lists: dict[str, ast.expr | None] = {}
    grown = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            lists[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            lists[node.target.id] = node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            grown.add(node.target.id)
    found = []
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id != "Call":
            continue
        script, keys, args = node.args
        where = f"{place}:{node.lineno}"
        assert isinstance(script, ast.Constant), f"{where}: the script's name is written out"
        key_list = _list(keys, lists)
        assert key_list is not None, f"{where}: the keys are a list written out"
        arg_list = _list(args, lists)
        assert arg_list is not None, f"{where}: the arguments are a list written out"
        starred = [isinstance(item, ast.Starred) for item in arg_list]
        more = any(starred) or (isinstance(args, ast.Name) and args.id in grown)
        found.append(CallSite(str(script.value), where, len(key_list), starred.count(False), more))
    return found


def _list(node: ast.expr, lists: dict[str, ast.expr | None]) -> list[ast.expr] | None:
    if isinstance(node, ast.Name):
        node = lists.get(node.id) or node
    return node.elts if isinstance(node, ast.List) else None


def test_every_script_has_one_caller_and_every_call_a_script() -> None:
    callers = sorted((site.script, site.place) for site in _call_sites())
    names = [script for script, _ in callers]
    assert names == sorted(path.stem for path in SCRIPTS), callers


def test_the_caller_gives_the_keys_and_arguments_of_the_header(script: Script) -> None:
    for site in _call_sites():
        if site.script == script.name:
            assert site.keys == script.count("KEYS"), site
            assert site.args == script.count("ARGV") - script.variadic, site
            assert site.takes_more == script.variadic, site


def test_only_one_file_hands_scripts_to_the_server() -> None:
    word = re.compile(r"\bevalsha|\bregister_script|\bscript_load|\.eval\(", re.IGNORECASE)
    files = [name_of(p) for p in python_files() if word.search(p.read_text(encoding="utf-8"))]
    assert files == ["ledger/scripts.py"]
