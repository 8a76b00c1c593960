"""A trial of a place: what `imagemill doctor` reports."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from storage.errors import StorageError
from storage.port import ConditionalPut, Storage, StorageProbe

_CONTENT = b"imagemill was here\n"


def run_probe(storage: Storage, try_conditional: Callable[[str], ConditionalPut]) -> StorageProbe:
    """Try out `storage`; `try_conditional` writes a key twice, each time only if it is absent."""
    name = f".probe/{uuid4().hex}"
    write_ok = read_ok = False
    conditional: ConditionalPut = "unknown"
    problem = None
    try:
        # A server that makes missing buckets on the first write must not get that far.
        storage.check()
        storage.put(name, _CONTENT, "text/plain")
        write_ok = True
        read_ok = storage.get(name) == _CONTENT
        if not read_ok:
            problem = f"{storage.location(name)} was read back otherwise than it was written."
        conditional = try_conditional(f"{name}-new")
    except StorageError as error:
        problem = str(error)
    if write_ok:
        problem = _cleaned_up(storage, name) or problem
    return StorageProbe(write_ok, read_ok, conditional, problem)


def _cleaned_up(storage: Storage, name: str) -> str | None:
    try:
        storage.delete(name)
        storage.delete(f"{name}-new")
    except StorageError as error:
        return str(error)
    return None
