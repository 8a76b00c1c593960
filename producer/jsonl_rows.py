"""Rows from JSON lines: one object a line, whatever its keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from producer.batch_line import flattened, is_batch_line
from producer.problem import Problem, printable, shown
from producer.row import Broken, Row
from producer.source import Text

# Half a pair cannot be written as UTF-8 again; only such an escape brings one in.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BEFORE = "\ufeff \t"
_SHAPES_KEPT = 1000


def jsonl_rows(text: Text, columns: dict[str, None]) -> Iterator[Row | Broken]:
    """The objects of the file; keys not met before are added to `columns`.

    A line of an OpenAI batch is a row too: of its envelope only the id is kept, its body's fields
    become columns.
    """
    shapes: dict[tuple[str, ...], tuple[str, ...]] = {}
    bodies: dict[tuple[str, ...], tuple[str, ...]] = {}
    with text.open(newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            record = line.rstrip(" \t\r\n")
            if record[:1] != "{" and not record.strip(_BEFORE):
                continue
            read = _read(number, record)
            if isinstance(read, Broken):
                yield read
                continue
            body = None
            if is_batch_line(read):
                flat = flattened(read)
                if isinstance(flat, str):
                    yield _broken(number, record, printable(flat))
                    continue
                read, body = flat.cells, _shared(flat.body, bodies)
            keys = tuple(read)
            shape = shapes.get(keys)
            if shape is None:
                columns.update(dict.fromkeys(keys))
                shape = _shared(keys, shapes)
            yield Row(number, shape, read, body)


def _shared(keys: tuple[str, ...], kept: dict[tuple[str, ...], tuple[str, ...]]) -> tuple[str, ...]:
    """One tuple for all rows of a shape; JSON lines could bring a new shape with every row."""
    if keys not in kept and len(kept) >= _SHAPES_KEPT:
        kept.clear()
    return kept.setdefault(keys, keys)


def _read(number: int, record: str) -> dict[str, Any] | Broken:
    try:
        value, end = _DECODER.raw_decode(record, len(record) - len(record.lstrip(_BEFORE)))
        if end != len(record):
            place = len(record) - len(record[end:].lstrip()) + 1
            return _broken(number, record, f"goes on after the object, at character {place}")
        if "\\u" in record and _SURROGATE.search(record):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return _broken(number, record, f"is not JSON: {error.msg} at character {error.colno}")
    except UnicodeEncodeError:
        return _broken(number, record, "holds half a surrogate pair, which is no character")
    except (ValueError, RecursionError) as error:
        return _broken(number, record, f"is not JSON: {error}")
    if not isinstance(value, dict):
        return _broken(number, record, 'is no object; write {"id": ..., "prompt": ...}')
    return value


def _broken(number: int, record: str, reason: str) -> Broken:
    # No value: the record may hold a prompt, and prompts are not for messages.
    return Broken(number, (record,), Problem(number, None, None, f"the line {reason}"))


def _refuse(constant: str) -> float:
    raise ValueError(f"{shown(constant)} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
