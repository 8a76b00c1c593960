"""The keys that may stand in a table of settings, and the right one for a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from schemas.parameter import nearest


def wrong_key(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """What to say of the last key of a path, which its table does not have."""
    known = keys_at(model, path[:-1])
    hint = nearest(str(path[-1]), known) or (f"; there is {', '.join(known)}" if known else "")
    return f"there is no such setting{hint}"


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys of the table that a path of keys leads to; none where any may stand."""
    found: Any = model
    for key in path:
        found = _inner(found, str(key))
    table = None if _is_collection(found) else table_of(found)
    return [] if table is None else list(table.model_fields)


def table_of(annotation: Any) -> type[BaseModel] | None:
    """The table that a setting of this type is, if it is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _inner(annotation: Any, key: str) -> Any:
    table = None if _is_collection(annotation) else table_of(annotation)
    if table is not None:
        field = table.model_fields.get(key)
        return None if field is None else field.annotation
    # The values of a dictionary, or the entries of a list: alike, whatever the key.
    parts = [part for part in get_args(annotation) if part not in (Ellipsis, type(None))]
    if not _is_collection(annotation) and parts:
        return _inner(parts[0], key)
    return parts[-1] if parts else None


def _is_collection(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, list, tuple)
